/** What only the embedded bus has: a directory that outlives it, a lock, a fixed number of shards, a disk that fills up, a cleaner. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openEmbeddedBus, type EmbeddedBus } from '../../../src/bus/embedded/embeddedBus';
import type { BusRecord } from '../../../src/processor/bus';
import { newDirectory } from './directories';
import { commitNumbers, readAll, valuesOf } from './reading';
import { isBusError, record, shown, text } from './records';

const open: EmbeddedBus[] = [];
const opened = async (...args: Parameters<typeof openEmbeddedBus>): Promise<EmbeddedBus> => {
  const bus = await openEmbeddedBus(...args);
  open.push(bus);
  return bus;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close()));
});

describe('the directory of an embedded bus', () => {
  it('gives back everything after closing and opening, and goes on behind it', async () => {
    const directory = newDirectory();
    const records = [
      { ...record('decisions', 1, 'k', 'v'), headers: { why: 'because' } },
      { ...record('decisions', 1, 'k', null), key: null },
    ];
    const first = await opened({ directory, shards: 2 });
    const offsets = await (await first.writer('w')).commit(records);
    await first.schemas.put(7, '{"type":"long"}');
    await first.close();

    const second = await opened({ directory });
    expect(second.shards).toBe(2);
    expect((await readAll(second, 'decisions', 1)).map(shown)).toEqual(
      records.map((one, at) => shown({ ...one, offset: offsets[at]! })),
    );
    expect(await second.schemas.all()).toEqual(new Map([[7, '{"type":"long"}']]));
    expect(await (await second.writer('w')).commit([record('decisions', 1, 'k', 'v')])).toEqual([2]);
  });

  it('has one shard when nobody said how many', async () => expect((await opened({ directory: newDirectory() })).shards).toBe(1));

  it('refuses another number of shards, and names both', async () => {
    const directory = newDirectory();
    await (await opened({ directory, shards: 4 })).close();
    const opening = opened({ directory, shards: 3 });
    await expect(opening).rejects.toMatchObject(isBusError('BUS_UNUSABLE'));
    await expect(opening).rejects.toThrow(/4 shards.*not 3/);
    expect((await opened({ directory, shards: 4 })).shards).toBe(4);
  });

  it('refuses a number of shards that cannot be', async () => {
    await expect(opened({ directory: newDirectory(), shards: 0 })).rejects.toThrow(
      /0 shards: expected a whole number from 1 to 1024/,
    );
  });

  it('refuses a file in the place of the directory', async () => {
    const directory = newDirectory();
    writeFileSync(directory, 'a file');
    await expect(opened({ directory })).rejects.toMatchObject(isBusError('BUS_UNUSABLE'));
  });

  it('refuses a store that another program made', async () => {
    const { ClassicLevel } = await import('classic-level');
    const directory = newDirectory();
    mkdirSync(dirname(directory), { recursive: true });
    const other = new ClassicLevel(directory);
    await other.put('some', 'thing');
    await other.close();
    await expect(opened({ directory })).rejects.toMatchObject(isBusError('BUS_DAMAGED'));
  });

  it('is locked to one bus, in this process and in another', async () => {
    const directory = newDirectory();
    const bus = await opened({ directory });
    await expect(opened({ directory })).rejects.toMatchObject(isBusError('BUS_LOCKED'));
    await expect(opened({ directory })).rejects.toThrow(directory);
    await commitNumbers(bus, 1);
    await bus.close();

    const level = require.resolve('classic-level');
    const holder = spawn(process.execPath, [
      '-e',
      `new (require(${JSON.stringify(level)}).ClassicLevel)(${JSON.stringify(directory)}).open().then(() => console.log('open'));setInterval(() => 0, 1000)`,
    ]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    await expect(opened({ directory })).rejects.toMatchObject(isBusError('BUS_LOCKED'));
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await gone;
    expect(await valuesOf(await opened({ directory }), 'decisions')).toEqual(['0']);
  });

  it('says that it is locked even while the files of the other process do not fit together', async () => {
    const directory = newDirectory();
    await opened({ directory });
    writeFileSync(join(directory, '999999.log'), Buffer.alloc(100, 1));
    await expect(opened({ directory })).rejects.toMatchObject(isBusError('BUS_LOCKED'));
  });
});

describe('a write of the embedded bus that fails', () => {
  /** A bus on which the next write fails with `error`, at the given point. */
  const failing = async (point: string, error: Error) => {
    const directory = newDirectory();
    const plan = { armed: false };
    const faults = (at: string) => {
      if (!plan.armed || at !== point) return;
      plan.armed = false;
      throw error;
    };
    const bus = await opened({ directory, faults });
    await commitNumbers(bus, 3);
    return { bus, plan, directory };
  };
  const noSpace = Object.assign(new Error('IO error: 000005.log: No space left on device'), { code: 'LEVEL_IO_ERROR' });

  it('is BUS_FULL when the disk is full: nothing of it is there, nothing older is lost, and a new writer goes on', async () => {
    const { bus, plan, directory } = await failing('bus:before-commit', noSpace);
    const writer = await bus.writer('full');
    plan.armed = true;
    await expect(writer.commit([record('decisions', 0, 'k', 'lost')])).rejects.toMatchObject({
      ...isBusError('BUS_FULL'),
      retryable: true,
    });
    await expect(writer.commit([record('decisions', 0, 'k', 'late')])).rejects.toMatchObject({ name: 'BusError' });
    expect(await valuesOf(bus, 'decisions')).toEqual(['0', '1', '2']);
    await (await bus.writer('full')).commit([record('decisions', 0, 'k', '3')]);
    await bus.close();
    expect(await valuesOf(await opened({ directory }), 'decisions')).toEqual(['0', '1', '2', '3']);
  });

  it('is BUS_FAILED when its outcome is unknown, and is settled before the next writer is handed out', async () => {
    const { bus, plan } = await failing('bus:after-commit', new Error('the answer was lost'));
    const writer = await bus.writer('unknown');
    plan.armed = true;
    await expect(writer.commit([record('decisions', 0, 'k', '3')])).rejects.toMatchObject(isBusError('BUS_FAILED'));
    const next = await bus.writer('unknown');
    expect(await bus.endOffset('decisions', 0)).toBe(4);
    expect(await next.commit([record('decisions', 0, 'k', '4')])).toEqual([4]);
    expect(await valuesOf(bus, 'decisions')).toEqual(['0', '1', '2', '3', '4']);
  });

  it('does not disturb a reader, nor the writer of another id', async () => {
    const { bus, plan } = await failing('bus:before-commit', noSpace);
    const reader = await bus.reader([{ topic: 'decisions', partition: 0, offset: 0 }]);
    const other = await bus.writer('other');
    const writer = await bus.writer('failing');
    const first = await reader.poll({ maxRecords: 2, maxWaitMs: 0 });
    plan.armed = true;
    await expect(writer.commit([record('decisions', 0, 'k', 'lost')])).rejects.toMatchObject(isBusError('BUS_FULL'));
    await other.commit([record('decisions', 0, 'k', '3')]);
    const rest = [...first];
    while (rest.length < 4) rest.push(...(await reader.poll({ maxRecords: 10, maxWaitMs: 1000 })));
    expect(rest.map(({ value }) => text(value))).toEqual(['0', '1', '2', '3']);
  });
});

const foldOf = (records: readonly BusRecord[]): Map<string, string | null> =>
  new Map(records.map(({ key, value }) => [text(key), value === null ? null : text(value)]));

describe('the cleaner of the embedded bus', () => {
  const KEYS = 500;
  const ROUNDS = 60;

  it('drops superseded records while commits go on, and never the newest of a key', async () => {
    const directory = newDirectory();
    const bus = await opened({ directory });
    const writer = await bus.writer('w');
    const newest = new Map<string, string | null>();
    // It falls behind, so that the cleaner puts blocks together across the place where it is.
    const follower = await bus.reader([{ topic: 'policy-state', partition: 0, offset: 0 }]);
    const followed: BusRecord[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const records = Array.from({ length: KEYS }, (_, n) => {
        const value = round > 50 && n % 10 === 0 ? null : `${round}`;
        newest.set(`key ${n}`, value);
        return record('policy-state', 0, `key ${n}`, value);
      });
      await writer.commit(records);
      followed.push(...(await follower.poll({ maxRecords: 450, maxWaitMs: 0 })));
    }
    const fold = async (of: EmbeddedBus) => {
      const records = await readAll(of, 'policy-state');
      const offsets = records.map(({ offset }) => offset);
      expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      return {
        count: records.length,
        folded: foldOf(records),
      };
    };
    const deadline = Date.now() + 10_000;
    while ((await fold(bus)).count > KEYS * 45 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    const { count, folded } = await fold(bus);
    expect(count).toBeLessThanOrEqual(KEYS * 45);
    expect(folded).toEqual(newest);
    const end = await bus.endOffset('policy-state', 0);
    while (followed.at(-1)!.offset < end - 1) followed.push(...(await follower.poll({ maxRecords: 450, maxWaitMs: 0 })));
    expect(foldOf(followed)).toEqual(newest);
    await bus.close();
    expect((await fold(await opened({ directory }))).folded).toEqual(newest);
  }, 30_000);
});
