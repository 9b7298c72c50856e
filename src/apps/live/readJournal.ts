/** Reads single records of `audit-records`, known by their offsets, and all that one intent is the key of. */
import { setImmediate as immediate } from 'node:timers/promises';
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { journalRecord } from './journalRecord';
import type { JournalRecord } from './live';
import { LiveError } from './live';

export interface JournalPlace {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
}

/** What lies between two records is read along with them up to so many; beyond that a new reader is quicker. */
const MOST_BETWEEN = 1_000;
const RECORDS = 1_000;
const WAIT_MS = 1_000;

/** `offsets`: ascending. A record that cannot be read is left out. Rejects with a BusError. */
export const readAt = async (place: JournalPlace, offsets: readonly number[]): Promise<readonly JournalRecord[]> => {
  const records: JournalRecord[] = [];
  for (let first = 0; first < offsets.length;) {
    let next = first + 1;
    while (next < offsets.length && (offsets[next] ?? 0) - (offsets[next - 1] ?? 0) <= MOST_BETWEEN) next += 1;
    await readStretch(place, offsets.slice(first, next), records);
    first = next;
  }
  return records;
};

const readStretch = async (
  { bus, codec, partition }: JournalPlace,
  offsets: readonly number[],
  into: JournalRecord[],
): Promise<void> => {
  const [first = 0] = offsets;
  const last = offsets.at(-1) ?? first;
  const reader = await bus.reader([{ topic: AUDIT_RECORDS, partition, offset: first }]);
  try {
    let at = 0;
    while (reader.position(AUDIT_RECORDS, partition) <= last) {
      const left = last - reader.position(AUDIT_RECORDS, partition) + 1;
      for (const raw of await reader.poll({ maxRecords: Math.min(RECORDS, left), maxWaitMs: WAIT_MS })) {
        while (at < offsets.length && (offsets[at] ?? 0) < raw.offset) at += 1;
        if (offsets[at] !== raw.offset) continue;
        const record = journalRecord(codec, raw);
        if (!(record instanceof LiveError)) into.push(record);
      }
      await immediate();
    }
  } finally {
    await reader.close();
  }
};

/**
 * The records with this run and intent as their key, from one offset to another: looked for record by record, with the event loop free in between. Ends
 * early once `enough` says so.
 */
export const searchByKey = async (
  { bus, codec, partition }: JournalPlace,
  key: { readonly run_id: string; readonly intent_id: string },
  range: { readonly from: number; readonly end: number },
  enough: (found: readonly JournalRecord[]) => boolean,
): Promise<readonly JournalRecord[]> => {
  const wanted = codec.encodeKey(AUDIT_RECORDS, key);
  const found: JournalRecord[] = [];
  const reader = await bus.reader([{ topic: AUDIT_RECORDS, partition, offset: range.from }]);
  try {
    while (reader.position(AUDIT_RECORDS, partition) < range.end && !enough(found)) {
      for (const raw of await reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS })) {
        if (raw.offset >= range.end) break;
        if (raw.key === null || !wanted.equals(raw.key)) continue;
        const record = journalRecord(codec, raw);
        if (!(record instanceof LiveError)) found.push(record);
      }
      await immediate();
    }
    return found;
  } finally {
    await reader.close();
  }
};
