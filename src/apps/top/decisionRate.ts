/** Decisions of each minute, by verdict, and the last few of them: what is kept of a journal that is read on and on, and back as far as is shown. */
import type { RowDocument, Verdicts } from './nowDocuments';

const MINUTES = 60;
const LAST = 50;
const MINUTE_MS = 60_000;

export interface MinuteCount {
  readonly ALLOW: number;
  readonly MODIFY: number;
  readonly DENY: number;
}

export class DecisionRate {
  /** The oldest record that is counted was at this time, and there are older ones (ms since 1970); undefined: there are none. */
  countedFrom: number | undefined;
  /** Records that are there and not counted yet, since they are newer than what was read. */
  behind = 0;
  private readonly minutes = new Map<number, Record<keyof Verdicts, number>>();
  private rows: RowDocument[] = [];

  /** Rows that were not added before: newer than those, or older. */
  add(rows: readonly RowDocument[]): void {
    const decisions = rows.filter(({ kind, decision }) => kind === 'DECISION' && decision !== undefined);
    for (const { clock_ms: clock, decision } of decisions) {
      const minute = Math.floor(clock / MINUTE_MS);
      const count = this.minutes.get(minute) ?? { ALLOW: 0, MODIFY: 0, DENY: 0 };
      if (decision !== undefined) count[decision] += 1;
      this.minutes.set(minute, count);
    }
    this.rows = [...this.rows, ...decisions.slice(-LAST)].sort((a, b) => a.seq - b.seq).slice(-LAST);
    const newest = Math.max(...this.minutes.keys());
    for (const minute of this.minutes.keys()) if (minute <= newest - 2 * MINUTES) this.minutes.delete(minute);
  }

  /** The last ones, the newest first. */
  get last(): readonly RowDocument[] {
    return [...this.rows].reverse();
  }

  /** Of the minutes that end with the one of `now` (ms since 1970), the oldest first. Undefined: not all of its records are counted. */
  perMinute(now: number): readonly (MinuteCount | undefined)[] {
    const current = Math.floor(now / MINUTE_MS);
    return Array.from({ length: MINUTES }, (_, at) => {
      const minute = current - MINUTES + 1 + at;
      if (this.countedFrom !== undefined && minute * MINUTE_MS <= this.countedFrom) return undefined;
      return this.minutes.get(minute) ?? { ALLOW: 0, MODIFY: 0, DENY: 0 };
    });
  }

  /** Whether older records can still be among those minutes. */
  wantsOlder(now: number): boolean {
    return this.countedFrom !== undefined && this.countedFrom >= (Math.floor(now / MINUTE_MS) - MINUTES + 1) * MINUTE_MS;
  }
}
