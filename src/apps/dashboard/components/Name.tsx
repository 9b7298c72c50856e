/** A name that somebody else has chosen, which may be as long as he likes: cut off by the styles, whole in the tooltip. */
export const Name = ({ children }: { readonly children: string }) => (
  <bdi class="name" title={children}>
    {children}
  </bdi>
);
