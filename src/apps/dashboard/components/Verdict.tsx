/** A verdict, told by its word and its colour. */
export const VerdictTag = ({ verdict }: { readonly verdict: string }) => (
  <span class={`verdict verdict-${verdict.toLowerCase()}`}>{verdict}</span>
);

/** How an order stands. */
export const OrderTag = ({ status }: { readonly status: string }) => (
  <span class={`order order-${status.toLowerCase().replaceAll('_', '-')}`}>{status.toLowerCase().replaceAll('_', ' ')}</span>
);
