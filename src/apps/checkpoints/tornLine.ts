/** What a crash leaves at the end of a file of checkpoints: the beginning of a line, which is told from text of somebody else's before it is cut off. */
import { fstatSync, readSync } from 'node:fs';

const LINE_FEED = 10;
/** Bytes. A line is its origin twice, a signature and a few numbers: some 700 with the longest of names. */
const LONGEST_LINE = 4_096;

/** The bytes behind the last line feed; undefined: more than a line of ours has. */
export const tailOf = (descriptor: number): Buffer | undefined => {
  const { size } = fstatSync(descriptor);
  const end = Buffer.alloc(Math.min(size, LONGEST_LINE));
  readSync(descriptor, end, 0, end.length, size - end.length);
  const tail = end.subarray(end.lastIndexOf(LINE_FEED) + 1);
  return tail.length === LONGEST_LINE ? undefined : tail;
};

const FIRST = '{"audit_offset":';
const NUMBER = /^[0-9]+/;
/** Of a string; an escape may be cut in its middle. */
const CHARACTERS = /^(?:[^"\\]|\\(?:.|$))+/;
/** A checkpoint's line as `checkpointText` writes it. */
const PARTS = [
  FIRST,
  NUMBER,
  ',"made_at":',
  NUMBER,
  ',"note":"',
  CHARACTERS,
  '","origin":"',
  CHARACTERS,
  '","root_hash":"',
  CHARACTERS,
  '","tree_size":',
  NUMBER,
  '}',
];

/** Whether it is how a line of ours begins. A few characters, which much else begins with, count only behind checkpoints. */
export const isBeginningOfLine = (tail: Buffer, isBehindCheckpoints: boolean): boolean => {
  let rest = tail.toString('utf8');
  if (rest.length < FIRST.length && !isBehindCheckpoints) return false;
  for (const part of PARTS) {
    if (rest === '') return true;
    const found = typeof part === 'string' ? (rest.startsWith(part) ? part : '') : (part.exec(rest)?.[0] ?? '');
    if (found === '') return typeof part === 'string' && part.startsWith(rest);
    rest = rest.slice(found.length);
  }
  return rest === '';
};
