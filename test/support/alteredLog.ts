/** Logs that somebody has had their hands on. */
import type { Topic } from '../../src/contracts/topics';
import { TOPICS } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { CollectedLog } from '../checks/rawLog';
import type { RawLog } from '../checks/rawLog';

/** A copy in which the records of one topic (of shard 0) are what `change` makes of them. Offsets stay as they are. */
export const altered = (log: RawLog, topic: Topic, change: (records: readonly BusRecord[]) => readonly BusRecord[]): RawLog => {
  const copy = new CollectedLog(log.shards);
  for (const name of TOPICS) {
    for (let partition = 0; partition < log.shards; partition++) {
      const records = log.records(name, partition);
      const changed = name === topic && partition === 0 ? change(records) : records;
      changed.forEach((record) => copy.add(record));
      copy.setEnd(name, partition, Math.max(log.end(name, partition), (changed.at(-1)?.offset ?? -1) + 1));
    }
  }
  return copy;
};

export const without =
  (at: number) =>
  (records: readonly BusRecord[]): readonly BusRecord[] =>
    records.toSpliced(at, 1);

export const withChange =
  (at: number, change: (record: BusRecord) => Partial<BusRecord>) =>
  (records: readonly BusRecord[]): readonly BusRecord[] =>
    records.map((record, place) => (place === at ? { ...record, ...change(record) } : record));

/** One more at the end: as the last, under the next offset. */
export const withCopyAtEnd = (records: readonly BusRecord[]): readonly BusRecord[] => {
  const last = records.at(-1);
  return last === undefined ? records : [...records, { ...last, offset: last.offset + 1 }];
};

/** The bytes with one bit turned over. */
export const flipped = (bytes: Uint8Array | null, at: number): Buffer => {
  const copy = Buffer.from(bytes ?? []);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};
