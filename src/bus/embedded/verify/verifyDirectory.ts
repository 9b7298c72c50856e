/**
 * Looks through a data directory before LevelDB opens it, and changes nothing. LevelDB itself drops damaged parts of a write-ahead log without
 * a word, makes a new store where CURRENT is missing, and takes a MANIFEST whose last length is wrong for a shorter one.
 *
 * Checked, each time, in a second or two at most (plus two small reads for each table):
 * - CURRENT names a MANIFEST; its records are intact, and the log it names is there.
 * - Each live table is there, has its length, and its footer and index are intact; of the newest 512 MiB of tables, every block. (Records
 *   carry a checksum of their own besides, which is checked whenever they are read.)
 * - Each record of the write-ahead logs is intact, and their sequence numbers, and the numbers of the commits in them, follow one another. Only
 *   the last log may end in a torn record: that one was never acknowledged, and LevelDB cuts it off.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HEAD_KEY, numbersOf } from '../rows';
import { DamagedFile, readLog } from './logFile';
import { readManifest, type Manifest } from './manifest';
import { verifyTable } from './tableFile';

export interface DirectoryContents {
  /** Whether there is a store to open; else one is to be made. */
  readonly exists: boolean;
  /** Number of the last commit in the write-ahead logs; null when they hold none. */
  readonly lastCommit: number | null;
}

const NOTHING: DirectoryContents = { exists: false, lastCommit: null };
const WHOLE_TABLE_BYTES = 512 * 1024 ** 2;
const WHOLE_RECORD = Infinity;
/** Of a batch in a log: sequence number (8 bytes), count (4), and its first row, the head. */
const BATCH_HEADER_BYTES = 12;
const BATCH_START_BYTES = 64;

/** Throws DamagedFile, naming the file and the place. `wholeBytes`: of so many bytes of tables every block is checked. */
export const verifyDirectory = async (directory: string, wholeBytes = WHOLE_TABLE_BYTES): Promise<DirectoryContents> => {
  const names = new Set(await namesIn(directory));
  if (!names.has('CURRENT')) {
    const rest = [...names].find((name) => /^[0-9]+\.(ldb|sst|log)$/.test(name));
    if (rest !== undefined) throw new DamagedFile(`CURRENT is missing, but ${rest} is there`);
    return NOTHING;
  }
  const current = await readFile(join(directory, 'CURRENT'), 'latin1');
  const manifestName = current.trim();
  if (!/^MANIFEST-[0-9]+\n$/.test(current)) throw new DamagedFile('CURRENT does not name a MANIFEST');
  if (!names.has(manifestName)) throw new DamagedFile(`${manifestName} is missing`);

  const edits = readLog(manifestName, await readFile(join(directory, manifestName)), WHOLE_RECORD);
  const manifest = readManifest(manifestName, edits.records);
  await verifyTables(directory, names, manifest, wholeBytes);

  const logs = numbered(names, /^([0-9]+)\.log$/).filter(({ number }) => number >= manifest.logNumber);
  // A new log is made before the MANIFEST names it, and removed only after the next one is named.
  if (manifest.logNumber > 0 && logs[0]?.number !== manifest.logNumber)
    throw new DamagedFile(`${fileName(manifest.logNumber)}.log is missing`);
  return { exists: true, lastCommit: await verifyLogs(directory, logs, manifest.lastSequence) };
};

/** The newest tables wholly, as far as the bytes go; of the others footer and index. */
const verifyTables = async (
  directory: string,
  names: ReadonlySet<string>,
  { tables }: Manifest,
  wholeBytes: number,
): Promise<void> => {
  let left = wholeBytes;
  for (const [number, bytes] of [...tables].sort(([a], [b]) => b - a)) {
    const name = `${fileName(number)}.ldb`;
    if (!names.has(name)) throw new DamagedFile(`${name} is missing`);
    left -= bytes;
    await verifyTable(join(directory, name), name, bytes, left >= 0);
  }
};

const verifyLogs = async (
  directory: string,
  logs: readonly { readonly name: string }[],
  lastSequence: number,
): Promise<number | null> => {
  let nextSequence: number | null = null;
  let lastCommit: number | null = null;
  let torn: string | null = null;
  for (const { name } of logs) {
    const contents = readLog(name, await readFile(join(directory, name)), BATCH_START_BYTES);
    if (torn !== null && contents.records.length > 0) throw new DamagedFile(`${torn} is cut off, but ${name} goes on`);
    if (contents.torn) torn = name;
    for (const batch of contents.records) {
      const { sequence, count, commit } = startOfBatch(name, batch);
      if (nextSequence === null ? sequence > lastSequence + 1 : sequence !== nextSequence)
        throw new DamagedFile(`writes before commit ${commit} in ${name} are missing`);
      if (lastCommit !== null && commit !== lastCommit + 1)
        throw new DamagedFile(`commit ${commit} in ${name} follows commit ${lastCommit}`);
      nextSequence = sequence + count;
      lastCommit = commit;
    }
  }
  return lastCommit;
};

const startOfBatch = (name: string, batch: Buffer): { sequence: number; count: number; commit: number } => {
  // Then comes the first row: type 1 (put), the key's length and bytes, the value's length and bytes.
  const keyAt = BATCH_HEADER_BYTES + 2;
  const valueAt = keyAt + HEAD_KEY.length + 1;
  const isHead = batch[BATCH_HEADER_BYTES] === 1 && batch.subarray(keyAt, valueAt - 1).equals(HEAD_KEY);
  const head = isHead ? numbersOf(HEAD_KEY, batch.subarray(valueAt, valueAt + (batch[valueAt - 1] ?? 0)), 2) : null;
  if (head === null) throw new DamagedFile(`${name} holds a write that is not a commit`);
  return { sequence: Number(batch.readBigUInt64LE(0)), count: batch.readUInt32LE(8), commit: head[0] ?? 0 };
};

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

const numbered = (names: ReadonlySet<string>, pattern: RegExp): { name: string; number: number }[] =>
  [...names]
    .flatMap((name) => {
      const match = pattern.exec(name);
      return match === null ? [] : [{ name, number: Number(match[1]) }];
    })
    .sort((a, b) => a.number - b.number);

const fileName = (number: number): string => String(number).padStart(6, '0');
