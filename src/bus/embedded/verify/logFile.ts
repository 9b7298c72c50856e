/**
 * Reads a LevelDB log (a write-ahead log or a MANIFEST) without LevelDB, to see what is wrong with it before LevelDB opens it: LevelDB drops
 * a damaged part of a write-ahead log silently, and what was acknowledged with it.
 *
 * Format: blocks of 32 KiB; in a block, fragments of a record: CRC-32C of type and payload (4 bytes, masked), length (2, little-endian), type
 * (1: whole, 2: first, 3: middle, 4: last), payload; under 7 bytes at a block's end are padding.
 * Source: LevelDB, doc/log_format.md.
 *
 * What a crash can leave behind is a record that stops at the end of the file, or a rest of zeros (space that was reserved and never
 * written). That is a torn tail: nothing of it was acknowledged. Everything else that does not fit is damage.
 */
import { endsWithChecksum, maskedCrc32c } from '../../crc32c';

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const WHOLE = 1;
const FIRST = 2;
const LAST = 4;

/** A file that is not as it was written; the message says which and where. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
}

export interface LogContents {
  /** The complete records, or their first `mostBytes`, in order. */
  readonly records: readonly Buffer[];
  /** Whether the file ends in a record that was not written completely. */
  readonly torn: boolean;
}

/** Throws DamagedFile, with the place. `mostBytes` of each record are kept. */
export const readLog = (name: string, file: Buffer, mostBytes: number): LogContents => {
  const records: Buffer[] = [];
  let begun: Buffer[] | null = null;
  let at = 0;
  while (at < file.length) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left;
      continue;
    }
    const length = fragmentLength(name, file, at, left);
    if (length === null) return { records, torn: true };

    const type = file[at + 6] ?? 0;
    const payload = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
    if ((type === WHOLE || type === FIRST) !== (begun === null) || type > LAST)
      throw damaged(name, at, at + HEADER_BYTES, 'are no part of a record');
    begun ??= [];
    begun.push(payload);
    if (type === WHOLE || type === LAST) {
      records.push(startOf(begun, mostBytes));
      begun = null;
    }
    at += HEADER_BYTES + length;
  }
  return { records, torn: begun !== null };
};

/** Length of the intact fragment at `at`; null when the file is torn there. `left`: bytes to the end of the block. */
const fragmentLength = (name: string, file: Buffer, at: number, left: number): number | null => {
  if (isZeroFrom(file, at)) return null;
  if (file.length - at < HEADER_BYTES) return null;
  const length = file.readUInt16LE(at + 4);
  const end = at + HEADER_BYTES + length;
  if (HEADER_BYTES + length > left) throw damaged(name, at, at + HEADER_BYTES, 'are no part of a record');
  const stored = file.readUInt32LE(at);
  if (end > file.length) {
    // With another length the record would be whole: then it is the length that was altered, and what follows was acknowledged.
    const ends = endsWithChecksum(file, at + 6, at + HEADER_BYTES, stored);
    if (ends.some((other) => isRecordOrEnd(file, other))) throw damaged(name, at, file.length, 'do not match their checksum');
    return null;
  }
  if (stored === maskedCrc32c(file, at + 6, end)) return length;
  if (isTornInside(file, at, end)) return null;
  throw damaged(name, at, end, 'do not match their checksum');
};

/** A fragment of full length, with nothing after it, whose last pages (512 bytes and up) were never written. */
const isTornInside = (file: Buffer, at: number, end: number): boolean => {
  const page = Math.max(Math.ceil((at + HEADER_BYTES) / 512), Math.floor((end - 1) / 512)) * 512;
  return page < file.length && page <= end && isZeroFrom(file, page);
};

/** Whether a record may begin here, or the file ends. */
const isRecordOrEnd = (file: Buffer, at: number): boolean => {
  const type = file[at + 6] ?? LAST;
  return at + HEADER_BYTES > file.length || BLOCK_BYTES - (at % BLOCK_BYTES) < HEADER_BYTES || (type >= WHOLE && type <= LAST);
};

const isZeroFrom = (file: Buffer, start: number): boolean => {
  for (let at = start; at < file.length; at++) if (file[at] !== 0) return false;
  return true;
};

const startOf = (fragments: readonly Buffer[], mostBytes: number): Buffer => {
  const [first = Buffer.alloc(0)] = fragments;
  return fragments.length === 1 || first.length >= mostBytes
    ? first.subarray(0, mostBytes)
    : Buffer.concat(fragments).subarray(0, mostBytes);
};

const damaged = (name: string, start: number, end: number, what: string): DamagedFile =>
  new DamagedFile(`bytes ${start} to ${end} of ${name} ${what}`);
