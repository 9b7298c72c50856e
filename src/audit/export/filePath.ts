/** Which file of an export a record belongs to: one for each topic, run and day. */
import { createHash } from 'node:crypto';
import type { Topic } from '../../contracts/topics';

export interface FileOf {
  readonly topic: Topic;
  readonly run_id: string | null;
  readonly day: string | null;
}

/** Records of no run, and of no day. */
const NONE = '_';
/** File systems take names of 255 bytes. */
const LONGEST_NAME = 150;
const DIGEST_CHARACTERS = 16;

/**
 * `<topic>/<run>/<day>.<format>`, the run percent-encoded. `isTaken` is asked whether the folder `<topic>/<run>` is another run's, by `folderKey`: then a
 * digest of the run's id is part of its name. `part`: from one; later ones are `<day>.<part>.<format>`.
 */
export const filePath = (
  { topic, run_id, day }: FileOf,
  part: number,
  format: string,
  isTaken: (folderKey: string) => boolean,
): string => {
  const file = `${day ?? NONE}${part === 1 ? '' : `.${part}`}.${format}`;
  const run = run_id === null ? NONE : encoded(run_id);
  const path = `${topic}/${run}/${file}`;
  return run_id !== null && isTaken(folderKey(path)) ? `${topic}/${withDigest(run, run_id)}/${file}` : path;
};

/** Which folder a file is in: one key for those that differ in case alone, since there are file systems on which they are one. */
export const folderKey = (path: string): string => path.slice(0, path.lastIndexOf('/')).toLowerCase();

const encoded = (runId: string): string => {
  let name = '';
  for (const byte of Buffer.from(runId)) {
    const character = String.fromCharCode(byte);
    name += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  // `.` and `..`, and names that end in a dot, mean something else; `_` is for no run at all.
  if (name === NONE) return '%5F';
  if (name === '') return '%';
  name = name.replace(/^\.|\.$/g, '%2E');
  return name.length > LONGEST_NAME ? withDigest(name.slice(0, LONGEST_NAME), runId) : name;
};
const PLAIN = /[A-Za-z0-9._-]/;

const withDigest = (name: string, runId: string): string =>
  `${name}~${createHash('sha256').update(runId).digest('hex').slice(0, DIGEST_CHARACTERS)}`;

const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const DATE_CHARACTERS = 10;

/** The UTC day of a time in ms since 1970; null: a year that no date is written with. */
export const dayOf = (timestamp: number): string | null =>
  timestamp >= FIRST_MS && timestamp <= LAST_MS ? new Date(timestamp).toISOString().slice(0, DATE_CHARACTERS) : null;
