/** All that is committed on the topics, in memory: what the checks look at. */
import type { Topic } from '../../src/contracts/topics';
import { TOPICS } from '../../src/contracts/topics';
import type { Bus, BusReader, BusRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';

export interface RawLog {
  readonly shards: number;
  /** By offset; offsets have gaps. */
  records(topic: Topic, partition: number): readonly BusRecord[];
  end(topic: Topic, partition: number): number;
}

export class CollectedLog implements RawLog {
  private readonly slots = new Map<string, BusRecord[]>();
  private readonly ends = new Map<string, number>();

  constructor(readonly shards: number) {}

  add(record: BusRecord): void {
    const slot = `${record.topic}/${record.partition}`;
    const records = this.slots.get(slot);
    if (records === undefined) this.slots.set(slot, [record]);
    else records.push(record);
  }

  setEnd(topic: Topic, partition: number, end: number): void {
    this.ends.set(`${topic}/${partition}`, end);
  }

  records(topic: Topic, partition: number): readonly BusRecord[] {
    return this.slots.get(`${topic}/${partition}`) ?? [];
  }

  end(topic: Topic, partition: number): number {
    return this.ends.get(`${topic}/${partition}`) ?? 0;
  }
}

/** The record at an offset, if there is one. */
export const recordAt = <T extends { readonly offset: number }>(records: readonly T[], offset: number): T | undefined => {
  const record = records[firstFrom(records, offset)];
  return record?.offset === offset ? record : undefined;
};

/** Where the first record stands that has this offset or a higher one. */
export const firstFrom = (records: readonly { readonly offset: number }[], offset: number): number => {
  let from = 0;
  let to = records.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((records[middle]?.offset ?? Infinity) < offset) from = middle + 1;
    else to = middle;
  }
  return from;
};

export const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && Buffer.compare(a, b) === 0);

/** The log as our own readers show it. */
export const logOf = async (bus: Bus): Promise<RawLog> => {
  const log = new CollectedLog(bus.shards);
  for (const topic of TOPICS) {
    for (let partition = 0; partition < bus.shards; partition++) {
      const end = await bus.endOffset(topic, partition);
      log.setEnd(topic, partition, end);
      for await (const record of recordsTo(bus, { topic, partition, offset: 0 }, end)) log.add(record);
    }
  }
  return log;
};

/** The log as a bus that nobody writes to, with the offsets and times that it has: what is folded again is read from it. */
export const asBus = (log: RawLog): Bus => ({
  shards: log.shards,
  writer: () => Promise.reject(new Error('nobody writes to a recorded log')),
  reader: (from) => {
    const sources = from.map(({ topic, partition, offset }) => {
      const records = log.records(topic, partition);
      return { topic, partition, records, at: firstFrom(records, offset) };
    });
    const reader: BusReader = {
      poll: ({ maxRecords }) => {
        const taken: BusRecord[] = [];
        for (const source of sources) {
          const some = source.records.slice(source.at, source.at + maxRecords - taken.length);
          source.at += some.length;
          taken.push(...some);
        }
        return Promise.resolve(taken);
      },
      position: (topic, partition) => {
        const source = sources.find((one) => one.topic === topic && one.partition === partition);
        return source?.records[source.at]?.offset ?? log.end(topic, partition);
      },
      close: () => Promise.resolve(),
    };
    return Promise.resolve(reader);
  },
  endOffset: (topic, partition) => Promise.resolve(log.end(topic, partition)),
  offsetAt: () => Promise.resolve(0),
  close: () => Promise.resolve(),
});
