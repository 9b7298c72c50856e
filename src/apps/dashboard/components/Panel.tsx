import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface PanelProps {
  readonly title: string;
  readonly class?: string;
  /** Beside the title: what can be done, or a short figure. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a view, with its name as a heading. */
export const Panel = ({ title, class: name = '', aside, children }: PanelProps) => {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
};

/** Why something is not shown, in one line. */
export const ProblemLine = ({ problem }: { readonly problem: string | undefined }) =>
  problem === undefined ? null : (
    <p class="problem" role="alert">
      {problem}
    </p>
  );
