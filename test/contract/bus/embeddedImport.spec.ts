/** A data directory that was made of another bus's log: with offsets that no record has, it is a bus like any other. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openEmbeddedBus } from '../../../src/bus/embedded/embeddedBus';
import { openEmbeddedImport } from '../../../src/bus/embedded/import/openImport';
import { DECISIONS, POLICY_STATE, TOPICS } from '../../../src/contracts/topics';
import type { Topic } from '../../../src/contracts/topics';
import type { Bus, BusRecord, TopicPosition } from '../../../src/processor/bus';
import { recordsTo } from '../../../src/processor/readTo';
import { busContract, CONTRACT_SHARDS } from './busContract';
import { newDirectory } from './directories';
import { isBusError, record } from './records';

const at = (topic: Topic, partition: number, offset: number, key = `k${offset % 7}`): BusRecord => ({
  ...record(topic, partition, key, `v${offset}`),
  offset,
  headers: {},
});

/** Makes a directory of the records, which may come in any order. */
const imported = async (
  records: readonly BusRecord[],
  ends: readonly TopicPosition[],
  shards = CONTRACT_SHARDS,
): Promise<string> => {
  const directory = newDirectory();
  const target = await openEmbeddedImport({ directory, shards });
  await target.putSchema(7, '"string"');
  for (const one of records) await target.put(one);
  await target.finish(ends);
  await target.close();
  return directory;
};

/** Every topic and partition begins with a gap, has some, and ends with one. */
const gappy = (): Promise<string> => {
  const partitions = TOPICS.flatMap((topic) => Array.from({ length: CONTRACT_SHARDS }, (_, partition) => ({ topic, partition })));
  return imported(
    partitions.flatMap(({ topic, partition }) => [3, 4, 9, 1_000, 1_002].map((offset) => at(topic, partition, offset))),
    partitions.map((one) => ({ ...one, offset: 1_005 })),
  );
};

busContract('imported, with gaps', async () => openEmbeddedBus({ directory: await gappy() }));

const offsetsOf = async (bus: Bus, topic: Topic, partition: number, offset = 0): Promise<readonly number[]> => {
  const offsets: number[] = [];
  for await (const one of recordsTo(bus, { topic, partition, offset })) offsets.push(one.offset);
  return offsets;
};

describe('an imported directory', () => {
  it(
    'has every record at its offset and every end where it was, from wherever it is read, however it is polled',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom<Topic>(DECISIONS, POLICY_STATE),
          fc.uniqueArray(fc.nat(5_000), { maxLength: 40 }),
          fc.nat(50),
          fc.nat(5_100),
          fc.integer({ min: 1, max: 50 }),
          async (topic, offsets, tail, from, most) => {
            const end = Math.max(-1, ...offsets) + 1 + tail;
            const directory = await imported(
              offsets.map((offset) => at(topic, 0, offset)),
              [{ topic, partition: 0, offset: end }],
              1,
            );
            const sorted = [...offsets].sort((a, b) => a - b);
            const bus = await openEmbeddedBus({ directory });
            try {
              expect(await bus.endOffset(topic, 0)).toBe(end);
              expect(await offsetsOf(bus, topic, 0)).toEqual(sorted);
              const start = Math.min(from, end);
              const reader = await bus.reader([{ topic, partition: 0, offset: start }]);
              const read: number[] = [];
              // A reader that never waits reaches the end too: what has no records is passed over.
              for (let polls = 0; reader.position(topic, 0) < end; polls++) {
                read.push(...(await reader.poll({ maxRecords: most, maxWaitMs: 0 })).map(({ offset }) => offset));
                expect(polls).toBeLessThan(100);
              }
              expect(read).toEqual(sorted.filter((offset) => offset >= start));
              await reader.close();
            } finally {
              await bus.close();
            }
          },
        ),
        { numRuns: 15 },
      ),
    60_000,
  );

  it('goes on from its ends, and is opened again', async () => {
    const directory = await gappy();
    for (const expected of [1_005, 1_006]) {
      const bus = await openEmbeddedBus({ directory });
      const writer = await bus.writer('w');
      expect(await writer.commit([record(DECISIONS, 1, 'k', 'v')])).toEqual([expected]);
      expect(await offsetsOf(bus, DECISIONS, 1, 1_000)).toEqual(
        [1_000, 1_002, 1_005, 1_006].filter((offset) => offset <= expected),
      );
      expect(await bus.schemas.all()).toEqual(new Map([[7, '"string"']]));
      await bus.close();
    }
  });

  it('keeps its end when it is compacted, and what is newest of each key', async () => {
    const offsets = Array.from({ length: 12_000 }, (_, number) => number * 2);
    const directory = await imported(
      offsets.map((offset) => at(POLICY_STATE, 0, offset)),
      [{ topic: POLICY_STATE, partition: 0, offset: 30_000 }],
      1,
    );
    let left: readonly number[] = [];
    for (let attempt = 0; attempt < 50 && left.length !== 7; attempt++) {
      const bus = await openEmbeddedBus({ directory });
      await new Promise((resolve) => setTimeout(resolve, 200));
      left = await offsetsOf(bus, POLICY_STATE, 0);
      expect(await bus.endOffset(POLICY_STATE, 0)).toBe(30_000);
      await bus.close();
    }
    expect(left).toEqual(offsets.slice(-7));
  }, 60_000);

  it('is not taken for whole when a record is missing', async () => {
    const target = await openEmbeddedImport({ directory: newDirectory(), shards: 1 });
    for (const offset of [1, 2, 2]) await target.put(at(DECISIONS, 0, offset));
    await expect(target.finish([{ topic: DECISIONS, partition: 0, offset: 5 }])).rejects.toThrow('some offset came twice');
    await target.close();
    const beyond = await openEmbeddedImport({ directory: newDirectory(), shards: 1 });
    await beyond.put(at(DECISIONS, 0, 5));
    await expect(beyond.finish([{ topic: DECISIONS, partition: 0, offset: 5 }])).rejects.toThrow('the partition ends at 5');
    await beyond.close();
  });

  it('cannot be opened before it is finished, and is begun anew', async () => {
    const directory = newDirectory();
    const first = await openEmbeddedImport({ directory, shards: 2 });
    await first.putSchema(1, '"string"');
    await first.put(at(DECISIONS, 1, 0));
    await expect(openEmbeddedBus({ directory })).rejects.toMatchObject(isBusError('BUS_LOCKED'));
    await first.finish([]).catch(() => undefined);
    await first.close();
    await expect(openEmbeddedBus({ directory })).rejects.toThrow('an import into it was not finished');
    const second = await openEmbeddedImport({ directory, shards: 1 });
    await second.put(at(DECISIONS, 0, 4));
    await second.finish([{ topic: DECISIONS, partition: 0, offset: 6 }]);
    await second.close();
    const bus = await openEmbeddedBus({ directory });
    expect([bus.shards, await offsetsOf(bus, DECISIONS, 0), await bus.schemas.all()]).toEqual([1, [4], new Map()]);
    await bus.close();
    await expect(openEmbeddedImport({ directory, shards: 1 })).rejects.toThrow('it holds a log');
    expect(readdirSync(directory)).not.toContain('staging');
  });

  it('is made in a new or empty directory alone', async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, 'notes'), { recursive: true });
    await expect(openEmbeddedImport({ directory, shards: 1 })).rejects.toThrow('it holds notes');
    rmSync(join(directory, 'notes'), { recursive: true });
    const target = await openEmbeddedImport({ directory, shards: 1 });
    await target.finish([]);
    await target.close();
  });
});
