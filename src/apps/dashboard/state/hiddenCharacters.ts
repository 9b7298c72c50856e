/**
 * Makes hidden characters visible in whatever the page draws: every text and tooltip passes here, so that no view can forget it. What fields hold is
 * left as it is, since it is sent back.
 */
import { options } from 'preact';
import { makeVisible } from './visibleNode';

export const showHiddenCharacters = (): void => {
  const before = options.vnode?.bind(options);
  options.vnode = (node) => {
    makeVisible(node);
    before?.(node);
  };
};
