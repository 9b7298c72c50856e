/** Single keys, for those who keep their hands on the keyboard. They can be switched off (WCAG 2.1.4), and do nothing while somebody types. */
import { useEffect, useRef } from 'preact/hooks';
import { Value } from './value';

const KEPT = 'policygate.keys';

export const singleKeys = new Value(localStorage.getItem(KEPT) !== 'off');

export const setSingleKeys = (on: boolean): void => {
  if (on) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, 'off');
  singleKeys.set(on);
};

/** By `KeyboardEvent.key`. */
export type Keys = Readonly<Record<string, () => void>>;

const NAMED = /^(Arrow|Page|Home|End|Enter|Escape)/;

export const useKeys = (keys: Keys): void => {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const act = current.current[event.key];
      if (act === undefined || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!NAMED.test(event.key) && !singleKeys.current) return;
      if (document.querySelector('dialog[open]') !== null || isTyping(event.target, event.key)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
};

/** Where a key means something already: fields take all, buttons and links take Enter. */
const isTyping = (target: EventTarget | null, key: string): boolean => {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=checkbox]), textarea, select')) return true;
  return key === 'Enter' && target.matches('button, a, summary, input');
};
