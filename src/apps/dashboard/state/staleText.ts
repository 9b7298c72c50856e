/** Whether what is shown is of now. */
import { timeText } from '../format/time';

/** Everything that is watched is asked for every 5 s at least. */
const OLD_MS = 15_000;

export interface Answered {
  /** When the answer came, ms since 1970; undefined: there is none. */
  readonly asOf: number | undefined;
  /** Why there is none newer, in one line. */
  readonly problem: string | undefined;
}

/** Pure: `as of 09:30:01`; undefined: it is of now, or there is nothing. */
export const staleText = ({ asOf, problem }: Answered, now: number): string | undefined =>
  asOf !== undefined && (problem !== undefined || now - asOf > OLD_MS) ? `as of ${timeText(asOf).slice(0, 8)} UTC` : undefined;
