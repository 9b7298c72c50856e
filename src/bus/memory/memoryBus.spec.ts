import type { BusRecord } from '../../processor/bus';
import { openMemoryBus } from './memoryBus';

const state = (key: string, value: string | null) => ({
  topic: 'policy-state' as const,
  partition: 0,
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  timestamp: 0,
});
const fromZero = [{ topic: 'policy-state', partition: 0, offset: 0 }] as const;

describe('a compacted topic in memory', () => {
  it('does not grow with the number of commits', async () => {
    const bus = openMemoryBus({ shards: 1 });
    const writer = await bus.writer('w');
    for (let n = 0; n < 50_000; n++) await writer.commit([state(`key ${n % 100}`, String(n))]);
    const reader = await bus.reader(fromZero);
    const records = await reader.poll({ maxRecords: 50_000, maxWaitMs: 0 });
    expect(records.length).toBeLessThan(2000);
    const newest = new Map(records.map(({ key, value }) => [Buffer.from(key!).toString(), Buffer.from(value!).toString()]));
    expect(newest.size).toBe(100);
    for (let n = 49_900; n < 50_000; n++) expect(newest.get(`key ${n % 100}`)).toBe(String(n));
  });

  it('shows each newest record, tombstones too, to a reader that reads while it is cleaned', async () => {
    const bus = openMemoryBus({ shards: 1 });
    const writer = await bus.writer('w');
    const reader = await bus.reader(fromZero);
    const seen: BusRecord[] = [];
    const model = new Map<string, string | null>();
    for (let n = 0; n < 20_000; n++) {
      const key = `key ${(n * 13) % 700}`;
      const value = n % 3 === 0 ? null : String(n);
      model.set(key, value);
      await writer.commit([state(key, value)]);
      if (n % 5 === 0) seen.push(...(await reader.poll({ maxRecords: 3, maxWaitMs: 0 })));
    }
    for (let more = [...seen]; more.length > 0; seen.push(...more))
      more = [...(await reader.poll({ maxRecords: 1000, maxWaitMs: 0 }))];
    const folded = new Map(
      seen.map(({ key, value }) => [Buffer.from(key!).toString(), value === null ? null : Buffer.from(value).toString()]),
    );
    expect(folded).toEqual(model);
  });
});

it('forgets, when it is told to, what every open reader has read', async () => {
  const bus = openMemoryBus({ shards: 1, forgetful: true });
  const writer = await bus.writer('w');
  const slow = await bus.reader(fromZero);
  const values: string[] = [];
  for (let n = 0; n < 20_000; n++) {
    await writer.commit([state('a', String(n)), { ...state('a', String(n)), topic: 'audit-records' as const }]);
    if (n % 2 === 0) values.push(...(await slow.poll({ maxRecords: 1, maxWaitMs: 0 })).map(({ value }) => String(value)));
  }
  for (let more = values; more.length > 0; values.push(...more))
    more = (await slow.poll({ maxRecords: 500, maxWaitMs: 0 })).map(({ value }) => String(value));
  expect(values).toEqual(Array.from({ length: 20_000 }, (_, n) => String(n)));
  const unread = await bus.reader([{ topic: 'audit-records', partition: 0, offset: 0 }]);
  expect((await unread.poll({ maxRecords: 50_000, maxWaitMs: 0 })).length).toBeLessThan(1_100);
});

it('refuses a partition that there is not, and writes nothing of the commit', async () => {
  const bus = openMemoryBus({ shards: 2 });
  const writer = await bus.writer('w');
  await expect(writer.commit([state('a', 'b'), { ...state('a', 'b'), partition: 2 }])).rejects.toThrow(/no partition 2/);
  expect(await bus.endOffset('policy-state', 0)).toBe(0);
});

it('keeps schemas', async () => {
  const bus = openMemoryBus({ shards: 1 });
  await bus.schemas.put(1, '"long"');
  expect(await bus.schemas.all()).toEqual(new Map([[1, '"long"']]));
});
