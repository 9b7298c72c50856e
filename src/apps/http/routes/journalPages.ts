/** Reads stretches of a run's journal, a few records at a time, so that nobody waits for whoever asks for many. */
import { setImmediate as immediate } from 'node:timers/promises';
import type { JournalRecord, Live } from '../../live/live';
import { runOf } from './routeParts';

const RECORDS = 100;
/** How long the event loop may be held, ms. */
const MOST_AT_ONCE = 5;

export interface JournalPage<T> {
  readonly items: readonly T[];
  /** Of the run's next record. */
  readonly nextSeq: number;
}

/** At most `limit` records with the seq `from` or a higher one, as `each` makes them. Throws a Problem where there is no such run. */
export const journalPage = async <T>(
  live: Live,
  runId: string,
  { from, limit }: { readonly from: number; readonly limit: number },
  each: (record: JournalRecord) => T,
): Promise<JournalPage<T>> => {
  const { nextSeq } = runOf(live, runId).ledger;
  const end = Math.min(from + limit, nextSeq);
  const items: T[] = [];
  for (let seq = from; seq < end; seq += RECORDS) {
    const records = await live.journal(runId, seq, Math.min(RECORDS, end - seq));
    // Reading them has taken its time, too.
    await immediate();
    let heldSince = performance.now();
    for (const record of records) {
      items.push(each(record));
      if (performance.now() - heldSince < MOST_AT_ONCE) continue;
      await immediate();
      heldSince = performance.now();
    }
  }
  return { items, nextSeq };
};
