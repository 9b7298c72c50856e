/**
 * Opens the directory of an embedded bus, and reads what is needed of it before the first record: a few rows and the end of each partition.
 *
 * Before LevelDB may touch the directory, verifyDirectory looks for damage. Afterwards the rows must agree with one another: the head must be
 * no older than the last commit seen in the logs, and the offsets ever given (in the head) must be the sum of the next offsets of all
 * partitions (in the last block of each). So a lost row shows, whichever it is.
 */
import { ClassicLevel } from 'classic-level';
import { BusError } from '../../processor/bus';
import { checkedShards, isCompacted, partitionOfSlot, slotCount, topicNumberOf, topicOf } from '../slots';
import { openBlock } from './block';
import { busErrorOf } from './failures';
import { cleaningKey, FORMAT_VERSION, HEAD_KEY, IMPORT_KEY, IMPORTED_FORMAT_VERSION, PARTIAL_FORMAT_VERSION } from './rows';
import { isSealed, META_KEY, numbersOf, numbersRow, offsetOfKey, PARTIAL_KEY, recordKey, textOf } from './rows';
import { DamagedFile } from './verify/logFile';
import { verifyDirectory } from './verify/verifyDirectory';

export type Level = ClassicLevel<Buffer, Buffer>;
interface LevelBatchPut {
  readonly type: 'put';
  readonly key: Buffer;
  readonly value: Buffer;
}
export type LevelWrite = LevelBatchPut | { readonly type: 'del'; readonly key: Buffer };

/** How far a compacted partition is cleaned. */
export interface Cleaning {
  /** Records that were dropped since the beginning. */
  readonly dropped: number;
  /** No record below this offset was superseded by another one below it when the last pass ended. */
  readonly cleanedTo: number;
}
export const NOT_CLEANED: Cleaning = { dropped: 0, cleanedTo: 0 };

export interface OpenedLevel {
  readonly level: Level;
  readonly shards: number;
  /** Of which part of a log it is an import; undefined: there is no more of the log. */
  readonly partial: string | undefined;
  /** Number of the last commit. */
  readonly commits: number;
  /** Offsets ever given: one for each record, and those that an imported log lacks. */
  readonly records: number;
  /** Next offset, by slot. */
  readonly ends: number[];
  /** By slot; NOT_CLEANED where there is nothing to clean. */
  readonly cleanings: Cleaning[];
}

export const ENCODINGS = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
/** LevelDB holds so many bytes in memory before it writes a table: what there is at most to verify and to recover at a start, twice. */
export const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;

/** `shards`: what the directory must have, or is created with; undefined: what it has, else 1. Throws BusError. */
export const openLevel = async (directory: string, shards?: number): Promise<OpenedLevel> => {
  let level: Level | undefined;
  try {
    const { exists, lastCommit } = await verifyUnlocked(directory);
    level = new ClassicLevel<Buffer, Buffer>(directory, {
      ...ENCODINGS,
      createIfMissing: !exists,
      writeBufferSize: WRITE_BUFFER_BYTES,
    });
    await level.open();
    const opened = await readState(level, directory, shards);
    if (lastCommit !== null && opened.commits < lastCommit)
      throw new DamagedFile(`commit ${lastCommit} is in the log, but the last one recovered is ${opened.commits}`);
    return opened;
  } catch (error) {
    await level?.close();
    throw busErrorOf(error, `data directory ${directory}`, 'BUS_UNUSABLE');
  }
};

/** While another process writes, the files do not fit together: then it is the lock that matters, not what the verification found. */
export const verifyUnlocked = async (directory: string): ReturnType<typeof verifyDirectory> => {
  try {
    return await verifyDirectory(directory);
  } catch (error) {
    const locked = await lockErrorOf(directory);
    throw locked ?? error;
  }
};

/** Asks LevelDB for the lock and for nothing else: `errorIfExists` is checked after the lock and before anything is read or written. */
const lockErrorOf = async (directory: string): Promise<unknown> => {
  const probe = new ClassicLevel(directory, { createIfMissing: false, errorIfExists: true });
  try {
    await probe.open();
    await probe.close();
  } catch (error) {
    const { cause } = error as Error;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === 'LEVEL_LOCKED') return cause;
  }
  return null;
};

const FORMATS: readonly number[] = [FORMAT_VERSION, IMPORTED_FORMAT_VERSION, PARTIAL_FORMAT_VERSION];

const readState = async (level: Level, directory: string, shards: number | undefined): Promise<OpenedLevel> => {
  const meta = await rowOf(level, META_KEY, 2, 'the creation record');
  const head = await rowOf(level, HEAD_KEY, 2, 'the head');
  if (meta === null || head === null) {
    if (!(await isEmpty(level))) throw new DamagedFile(`${meta === null ? 'the creation record' : 'the head'} is missing`);
    return await create(level, shards ?? 1);
  }
  const [format = 0, stored = 0] = meta;
  const refuse = (why: string): BusError => new BusError('BUS_UNUSABLE', `data directory ${directory}`, new Error(why));
  if (!FORMATS.includes(format)) throw refuse(`it has format ${format}, this version reads formats ${FORMATS.join(', ')}`);
  if ((await rowOf(level, IMPORT_KEY, 1, 'the mark of an import')) !== null)
    throw refuse('an import into it was not finished; give the same `policygate import` again, or remove the directory');
  if (shards !== undefined && shards !== stored)
    throw refuse(`it was created with ${stored} shards, not ${shards}; open it with ${stored}, or choose another directory`);

  const partial = format === PARTIAL_FORMAT_VERSION ? await partOf(level) : undefined;
  const slots = Array.from({ length: slotCount(checkedShards(stored)) }, (_, slot) => slot);
  const ends = await Promise.all(slots.map((slot) => endOf(level, slot, stored)));
  const cleanings = await Promise.all(slots.map((slot) => cleaningOf(level, slot, stored)));
  const [commits = 0, records = 0] = head;
  const written = ends.reduce((sum, end) => sum + end, 0);
  if (written !== records) throw new DamagedFile(`${records} records were written, but the partitions end after ${written}`);
  return { level, shards: stored, partial, commits, records, ends, cleanings };
};

const create = async (level: Level, shards: number): Promise<OpenedLevel> => {
  const rows = [
    { type: 'put', key: HEAD_KEY, value: numbersRow(HEAD_KEY, 0, 0) },
    { type: 'put', key: META_KEY, value: numbersRow(META_KEY, FORMAT_VERSION, checkedShards(shards)) },
  ] as const;
  await level.batch([...rows], { sync: true });
  const slots = slotCount(shards);
  return {
    level,
    shards,
    partial: undefined,
    commits: 0,
    records: 0,
    ends: new Array<number>(slots).fill(0),
    cleanings: new Array<Cleaning>(slots).fill(NOT_CLEANED),
  };
};

const partOf = async (level: Level): Promise<string> => {
  for await (const [, value] of level.iterator({ gte: PARTIAL_KEY, lte: PARTIAL_KEY })) {
    const part = textOf(PARTIAL_KEY, value);
    if (part === null) throw new DamagedFile('which part of a log was imported does not match its checksum');
    return part;
  }
  throw new DamagedFile('which part of a log was imported is missing');
};

/** By iterator and not by `get`, here as everywhere: `get` believes a table's filter, which no checksum of ours covers. */
export const rowOf = async (level: Level, key: Buffer, count: number, what: string): Promise<readonly number[] | null> => {
  for await (const [, value] of level.iterator({ gte: key, lte: key })) {
    const numbers = numbersOf(key, value, count);
    if (numbers === null) throw new DamagedFile(`${what} does not match its checksum`);
    return numbers;
  }
  return null;
};

const isEmpty = async (level: Level): Promise<boolean> => (await level.keys({ limit: 1 }).all()).length === 0;

const endOf = async (level: Level, slot: number, shards: number): Promise<number> => {
  const topicNumber = topicNumberOf(slot, shards);
  const partition = partitionOfSlot(slot, shards);
  const range = {
    gte: recordKey(topicNumber, partition, 0),
    lt: recordKey(topicNumber, partition + 1, 0),
    reverse: true,
    limit: 1,
  };
  for await (const [key, value] of level.iterator(range)) {
    const first = offsetOfKey(key);
    const topic = topicOf(slot, shards);
    if (!isSealed(key, value)) throw new DamagedFile(`${topic}/${partition} from offset ${first} does not match its checksum`);
    return openBlock(value, first, topic, partition).end;
  }
  return 0;
};

const cleaningOf = async (level: Level, slot: number, shards: number): Promise<Cleaning> => {
  if (!isCompacted(slot, shards)) return NOT_CLEANED;
  const key = cleaningKey(topicNumberOf(slot, shards), partitionOfSlot(slot, shards));
  return cleaningOfRow(
    await rowOf(level, key, 2, `how far ${topicOf(slot, shards)}/${partitionOfSlot(slot, shards)} is cleaned`),
  );
};

export const cleaningOfRow = (row: readonly number[] | null): Cleaning => {
  const [dropped = 0, cleanedTo = 0] = row ?? [];
  return { dropped, cleanedTo };
};
