import { openMemoryBus } from '../../bus/memory/memoryBus';
import type { Bus, BusRecord } from '../../processor/bus';
import { tailRecords } from './tailRecords';
import type { TailRange } from './tailRecords';

const TOPIC = 'market-prices';
const ALL: TailRange = { partitions: [0, 1, 2], from: 'beginning', follow: false };

/** `counts`: records by partition; the n-th of each has the offset and the timestamp n. */
const filled = async (...counts: readonly number[]): Promise<Bus> => {
  const bus = openMemoryBus({ shards: counts.length });
  await write(bus, ...counts);
  return bus;
};
const write = async (bus: Bus, ...counts: readonly number[]): Promise<void> => {
  const writer = await bus.writer('test');
  for (const [partition, count] of counts.entries()) {
    const from = await bus.endOffset(TOPIC, partition);
    const records = Array.from({ length: count }, (_, at) => ({
      topic: TOPIC,
      partition,
      key: null,
      value: Buffer.from('x'),
      timestamp: from + at,
    }));
    await writer.commit(records as never);
  }
};
const read = async (bus: Bus, range: Partial<TailRange> = {}): Promise<BusRecord[]> => {
  const records: BusRecord[] = [];
  for await (const record of tailRecords(bus, TOPIC, { ...ALL, ...range }, new AbortController().signal)) records.push(record);
  return records;
};
const offsets = (records: readonly BusRecord[], partition: number): number[] =>
  records.filter((record) => record.partition === partition).map(({ offset }) => offset);
const upTo = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, at) => from + at);

it('reads every partition in its order, to the end', async () => {
  const records = await read(await filled(2_000, 0, 700));
  expect(records).toHaveLength(2_700);
  expect(offsets(records, 0)).toEqual(upTo(0, 2_000));
  expect(offsets(records, 2)).toEqual(upTo(0, 700));
});

it('takes partitions by turns', async () => {
  const records = await read(await filled(3_000, 300, 300));
  // Those of the short ones do not wait for the end of the long one.
  expect(records.slice(0, 1_500).filter(({ partition }) => partition !== 0)).toHaveLength(600);
});

it('begins where it is told', async () => {
  const bus = await filled(10, 10, 10);
  expect(offsets(await read(bus, { from: { offset: 7 }, partitions: [1] }), 1)).toEqual([7, 8, 9]);
  expect(await read(bus, { from: 'end' })).toEqual([]);
  expect(offsets(await read(bus, { from: { time: 8 } }), 2)).toEqual([8, 9]);
  await expect(read(bus, { from: { offset: 99 }, partitions: [1] })).rejects.toThrow(
    /ends at offset 10: expected --from 10 or less, found 99/,
  );
});

it('a start by time passes over nothing that comes after it, whatever its time', async () => {
  const bus = await filled(0);
  const writer = await bus.writer('test');
  const at = (timestamp: number) => ({ topic: TOPIC, partition: 0, key: null, value: Buffer.from('x'), timestamp }) as const;
  await writer.commit([at(1), at(5), at(3), at(9)]);
  expect((await read(bus, { partitions: [0], from: { time: 4 } })).map(({ timestamp }) => timestamp)).toEqual([5, 3, 9]);
});

it('stops at the end as it was at the start, even if somebody goes on writing', async () => {
  const bus = await filled(5, 5, 5);
  const seen: BusRecord[] = [];
  for await (const record of tailRecords(bus, TOPIC, ALL, new AbortController().signal)) {
    seen.push(record);
    await write(bus, 1, 1, 1);
  }
  expect(seen).toHaveLength(15);
});

it('follows what comes later, until it is stopped', async () => {
  const bus = await filled(1, 0, 0);
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { partition } of tailRecords(bus, TOPIC, { ...ALL, follow: true }, stop.signal)) {
    seen.push(partition);
    if (seen.length < 4) await write(bus, 0, seen.length === 1 ? 3 : 0, 0);
    else stop.abort();
  }
  expect(seen).toEqual([0, 1, 1, 1]);
});

it('ends soon when there is nothing to read and it is stopped', async () => {
  const stop = new AbortController();
  const records = tailRecords(await filled(0, 0, 0), TOPIC, { ...ALL, follow: true }, stop.signal);
  const next = records.next();
  setTimeout(() => stop.abort(), 20);
  expect(await next).toEqual({ done: true, value: undefined });
});
