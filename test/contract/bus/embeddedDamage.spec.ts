/** Harms a data directory in every way that a disk can: what was acknowledged is there, or the bus says plainly that it is not. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { openEmbeddedBus } from '../../../src/bus/embedded/embeddedBus';
import { BusError } from '../../../src/processor/bus';
import { newDirectory } from './directories';
import { commitNumbers, readAll, valuesOf } from './reading';
import { isBusError } from './records';

const COMMITS = 300;
let made: string;

/** A directory with commits in tables and in the log: closed and opened again on the way, and left without a proper end. */
beforeAll(async () => {
  made = newDirectory();
  for (const [count, bytes] of [
    [COMMITS / 3, 30_000],
    [COMMITS / 3, 100_000],
    [COMMITS / 3, 3000],
  ] as const) {
    const bus = await openEmbeddedBus({ directory: made, shards: 2 });
    await commitNumbers(bus, count, bytes);
    await bus.close();
  }
}, 60_000);

const copyOf = (directory: string): string => {
  const copy = newDirectory();
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(directory)) copyFileSync(join(directory, name), join(copy, name));
  return copy;
};
/** LOG is LevelDB's diary and LOCK is empty: neither holds data. */
const filesOf = (directory: string, pattern = /./): string[] =>
  readdirSync(directory)
    .filter((name) => !name.startsWith('LO') && pattern.test(name))
    .sort();
const lastFile = (directory: string, pattern: RegExp): string => join(directory, filesOf(directory, pattern).at(-1)!);
const fingerprint = (directory: string): string[] =>
  filesOf(directory).map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex')}`,
  );
const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes[at]! ^= 0x40;
  writeFileSync(file, bytes);
};
/** Opens the directory and reads everything; what was committed must be there, or it rejects with a BusError. */
const numbersIn = async (directory: string): Promise<number> => {
  const bus = await openEmbeddedBus({ directory });
  try {
    const numbers = await valuesOf(bus, 'decisions');
    expect(numbers).toEqual(numbers.map((_, n) => String(n)));
    expect((await readAll(bus, 'audit-records')).length).toBe(numbers.length);
    return numbers.length;
  } finally {
    await bus.close();
  }
};
const expectRefusal = async (directory: string, ...what: readonly (string | RegExp)[]): Promise<void> => {
  const before = fingerprint(directory);
  const opening = openEmbeddedBus({ directory });
  await expect(opening).rejects.toMatchObject(isBusError('BUS_DAMAGED'));
  const { message } = await opening.then(
    () => new Error(),
    (error: unknown) => error as Error,
  );
  expect(message).not.toContain('\n');
  for (const part of [directory, ...what]) expect(message).toMatch(part);
  expect(fingerprint(directory)).toEqual(before);
};

describe('an embedded bus that was harmed', () => {
  it('is whole in the first place, with tables and a log', async () => {
    expect(filesOf(made, /ldb$/).length).toBeGreaterThan(2);
    expect(readFileSync(lastFile(made, /log$/)).length).toBeGreaterThan(100_000);
    expect(await numbersIn(copyOf(made))).toBe(COMMITS);
  });

  it('cuts a torn end of the log to the last complete commit', async () => {
    const { length } = readFileSync(lastFile(made, /log$/));
    for (const cut of [1, 7, 100, 3000, 3500, 40_000]) {
      const directory = copyOf(made);
      truncateSync(lastFile(directory, /log$/), length - cut);
      const left = await numbersIn(directory);
      expect(left).toBeLessThan(COMMITS);
      expect(left).toBeGreaterThanOrEqual(COMMITS - 1 - Math.ceil(cut / 3000));
    }
  });

  it('takes zeros at the end of the log for space that was never written', async () => {
    const directory = copyOf(made);
    const log = lastFile(directory, /log$/);
    writeFileSync(log, Buffer.concat([readFileSync(log), Buffer.alloc(5000)]));
    expect(await numbersIn(directory)).toBe(COMMITS);
  });

  it('refuses, and changes nothing, when a byte within the log is altered', async () => {
    const { length } = readFileSync(lastFile(made, /log$/));
    for (const at of [0, 5, 6, 20, 40_000, length - 3000, length - 1]) {
      const directory = copyOf(made);
      flip(lastFile(directory, /log$/), at);
      await expectRefusal(directory, /bytes [0-9]+ to [0-9]+ of [0-9]+\.log/);
    }
  });

  it('refuses when a piece within the log is missing', async () => {
    const directory = copyOf(made);
    const log = lastFile(directory, /log$/);
    const bytes = readFileSync(log);
    writeFileSync(log, Buffer.concat([bytes.subarray(0, 32_768), bytes.subarray(65_536)]));
    await expectRefusal(directory);
  });

  it('refuses when the first commit of the log is missing', async () => {
    const directory = copyOf(made);
    const log = lastFile(directory, /log$/);
    const bytes = readFileSync(log);
    // Cut within the first block, so that what is left lies where records may.
    writeFileSync(log, bytes.subarray(7 + bytes.readUInt16LE(4), 30_000));
    await expectRefusal(directory, /writes before commit [0-9]+ in [0-9]+\.log are missing/);
  });

  it.each([
    ['the log', /log$/],
    ['a table', /ldb$/],
    ['the MANIFEST', /^MANIFEST/],
    ['CURRENT', /^CURRENT$/],
  ])('refuses when %s is gone', async (_, pattern) => {
    const directory = copyOf(made);
    rmSync(lastFile(directory, pattern));
    await expectRefusal(directory, /missing/);
  });

  it('refuses when a table is cut, or its end or index is altered', async () => {
    for (const harm of [
      (file: string) => truncateSync(file, readFileSync(file).length - 1),
      (file: string) => flip(file, readFileSync(file).length - 1),
      (file: string) => flip(file, readFileSync(file).length - 48),
      (file: string) => flip(file, readFileSync(file).length - 70),
    ]) {
      const directory = copyOf(made);
      harm(lastFile(directory, /ldb$/));
      await expectRefusal(directory, /[0-9]+\.ldb/);
    }
  });

  it('refuses when a block of a table is altered, which LevelDB would not survive', async () => {
    const { length } = readFileSync(lastFile(made, /ldb$/));
    for (const part of [0, 0.3, 0.6, 0.9]) {
      const directory = copyOf(made);
      flip(lastFile(directory, /ldb$/), Math.floor(part * length));
      await expectRefusal(directory, /the block at [0-9]+ of [0-9]+\.ldb/);
    }
  });

  it('refuses when any byte of the MANIFEST is altered', async () => {
    const { length } = readFileSync(lastFile(made, /^MANIFEST/));
    for (let at = 0; at < length; at += 7) {
      const directory = copyOf(made);
      flip(lastFile(directory, /^MANIFEST/), at);
      await expectRefusal(directory);
    }
  });

  describe('in a row, behind the back of every checksum of LevelDB', () => {
    type Level = ClassicLevel<Buffer, Buffer>;
    /** Changes rows with LevelDB itself; opened once more, it has moved the change from its log into a table. */
    const changed = async (change: (level: Level, keys: Buffer[]) => Promise<void>): Promise<string> => {
      const directory = copyOf(made);
      for (const pass of [1, 2]) {
        const level: Level = new ClassicLevel(directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
        if (pass === 1) await change(level, await level.keys().all());
        else await level.open();
        await level.close();
      }
      return directory;
    };
    const blocksOf = (keys: readonly Buffer[], topic: number): Buffer[] =>
      keys.filter((key) => key[0] === 0x72 && key[1] === topic);
    const [decisions, policyState] = [4, 6];

    it('finds an altered record when it is read, and says where', async () => {
      const directory = await changed(async (level, keys) => {
        const key = blocksOf(keys, decisions)[123]!;
        const value = (await level.get(key))!;
        value[30]! ^= 1;
        await level.put(key, value);
      });
      await expect(numbersIn(directory)).rejects.toMatchObject(isBusError('BUS_DAMAGED'));
      await expect(numbersIn(directory)).rejects.toThrow(/decisions\/0 offset 123/);
    });

    it('finds that records are missing in the middle when they are read, and says where', async () => {
      const directory = await changed(async (level, keys) => level.del(blocksOf(keys, decisions)[77]!));
      await expect(numbersIn(directory)).rejects.toMatchObject(isBusError('BUS_DAMAGED'));
      await expect(numbersIn(directory)).rejects.toThrow(/decisions\/0 offset 77/);
    });

    it('finds that records of a compacted topic are missing when they are read from zero', async () => {
      const directory = await changed(async (level, keys) => level.del(blocksOf(keys, policyState)[5]!));
      const bus = await openEmbeddedBus({ directory });
      await expect(readAll(bus, 'policy-state')).rejects.toMatchObject(isBusError('BUS_DAMAGED'));
      await bus.close();
    });

    it.each([
      ['the last records of a topic are', (keys: Buffer[]) => blocksOf(keys, decisions).at(-1)!],
      ['the head is', () => Buffer.from('h')],
      ['the creation record is', () => Buffer.from('m')],
    ])('refuses to open when %s missing', async (_, which) => {
      const directory = await changed(async (level, keys) => level.del(which(keys)));
      await expect(openEmbeddedBus({ directory })).rejects.toMatchObject(isBusError('BUS_DAMAGED'));
    });
  });

  it('never gives less or other than what was committed without saying so, wherever a byte is altered', async () => {
    const files = filesOf(made).flatMap((name) => {
      const { length } = readFileSync(join(made, name));
      return Array.from({ length: 8 }, (_, n) => [name, Math.floor(((n + 0.37) * length) / 8)] as const);
    });
    let refused = 0;
    for (const [name, at] of files) {
      const directory = copyOf(made);
      flip(join(directory, name), at);
      try {
        expect([name, at, await numbersIn(directory)]).toEqual([name, at, COMMITS]);
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        refused++;
      } finally {
        rmSync(directory, { recursive: true });
      }
    }
    expect(refused).toBeGreaterThan(files.length / 4);
  }, 60_000);
});
