/** The wall clock, once a second: what is shown grows old also when nothing comes. */
import { Value } from './value';

/** ms since 1970, as this browser has it. */
export const clock = new Value(Date.now());

/** How much the server's clock is ahead of this browser's, ms: from the Date of its answers, so to the second. */
export const serverAhead = new Value(0);

export const startClock = (): void => {
  setInterval(() => clock.set(Date.now()), 1_000);
};

/** What an answer's `Date` says. A second or two are the way that it came. */
export const heardServerTime = (date: string | null): void => {
  const ahead = Date.parse(date ?? '') - Date.now();
  if (Number.isFinite(ahead)) serverAhead.set(Math.abs(ahead) < 2_000 ? 0 : ahead);
};
