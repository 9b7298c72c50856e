/** The committed records of a topic from some point on, all partitions of it by turns, each in its order. */
import { Failure } from '../failure';
import type { Topic } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';

/** Where to begin in each partition. `time`: at its first record that is not older, in ms since 1970. */
export type TailStart = 'beginning' | 'end' | { readonly offset: number } | { readonly time: number };

export interface TailRange {
  readonly partitions: readonly number[];
  readonly from: TailStart;
  /** Go on with what is written later; else stop at the end as it is now. */
  readonly follow: boolean;
}

const RECORDS = 500;
/** Also how long an end (`stop`) may have to wait. */
const WAIT_MS = 200;

export async function* tailRecords(bus: Bus, topic: Topic, range: TailRange, stop: AbortSignal): AsyncGenerator<BusRecord> {
  const { partitions, from, follow } = range;
  const ends = new Map<number, number>();
  for (const partition of partitions) ends.set(partition, await bus.endOffset(topic, partition));
  const starts = new Map<number, number>();
  for (const partition of partitions) starts.set(partition, await startOf(bus, topic, partition, from, ends.get(partition) ?? 0));

  const since = typeof from === 'object' && 'time' in from ? from.time : undefined;
  const begun = new Set<number>();
  const reader = await bus.reader(partitions.map((partition) => ({ topic, partition, offset: starts.get(partition) ?? 0 })));
  const unread = (): boolean => partitions.some((partition) => reader.position(topic, partition) < (ends.get(partition) ?? 0));
  // A call, since it changes while others work.
  const isStopped = (): boolean => stop.aborted;
  try {
    while (!isStopped() && (follow || unread())) {
      for (const record of await reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS })) {
        const { partition, offset, timestamp } = record;
        if (!follow && offset >= (ends.get(partition) ?? 0)) continue;
        // Where the bus has no index of times, the records before the first that is not older are passed over here.
        if (since !== undefined && !begun.has(partition)) {
          if (timestamp < since) continue;
          begun.add(partition);
        }
        yield record;
        if (isStopped()) return;
      }
    }
  } finally {
    await reader.close();
  }
}

const startOf = async (bus: Bus, topic: Topic, partition: number, from: TailStart, end: number): Promise<number> => {
  if (from === 'beginning') return 0;
  if (from === 'end') return end;
  if ('time' in from) return bus.offsetAt(topic, partition, from.time);
  if (from.offset <= end) return from.offset;
  throw new Failure(`${topic}/${partition} ends at offset ${end}: expected --from ${end} or less, found ${from.offset}`);
};
