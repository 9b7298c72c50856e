/** What the page is about to draw, with every hidden character in it made visible. */
import { visible } from '../format/visible';

/** A node as Preact has it: of a text, `props` is the text. */
export interface Drawn {
  readonly type: unknown;
  props: unknown;
}

const TEXTS = ['title', 'aria-label', 'aria-valuetext', 'placeholder'];

/** Changes the text or the tooltips of a node that was just made. What components are given they draw as such nodes themselves. */
export const makeVisible = (node: Drawn): void => {
  if (typeof node.props === 'string') node.props = visible(node.props);
  if (typeof node.type !== 'string') return;
  const props = node.props as Record<string, unknown>;
  for (const name of TEXTS) {
    const text = props[name];
    if (typeof text === 'string') props[name] = visible(text);
  }
};
