/**
 * An append-only JSONL file that can be resumed. The lines of one run are a function of its log: who starts again offers all of them from the
 * beginning, those that are in the file already are passed over, and a torn last line is cut off.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from './failure';
import { linesOf, unreadable } from './files';

const FLUSH_CHARACTERS = 1 << 16;
/** Of our own lines, which may hold a whole portfolio. */
const LONGEST_LINE = 1 << 28;
const LINE_FEED = 10;

export class LogFile {
  private passed = 0;
  private committed: string[] = [];
  private committedCharacters = 0;
  private pending: string[] = [];

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    private readonly existing: { readonly lines: number; readonly lastKey: string },
  ) {}

  /**
   * `keyOf` tells what identifies a line of ours that is in the file (undefined: another run's). `overwrite`: what the file holds is given up.
   * A line that no program wrote whole is cut off, but only at the end.
   */
  static async open(
    file: string,
    overwrite: boolean,
    keyOf: (line: Record<string, unknown>) => string | undefined,
  ): Promise<LogFile> {
    let descriptor: number;
    let regular: boolean;
    try {
      mkdirSync(dirname(file), { recursive: true });
      descriptor = openSync(file, 'a+');
      // A pipe or a device has nothing to go on from, and may have no end.
      regular = fstatSync(descriptor).isFile();
      if (regular && overwrite) ftruncateSync(descriptor, 0);
      else if (regular) endWithWholeLine(descriptor);
    } catch (error) {
      throw unreadable(file, error);
    }
    let lines = 0;
    let lastKey = '';
    for await (const { number, bytes } of regular ? linesOf(file, LONGEST_LINE) : []) {
      let parsed: unknown;
      try {
        parsed = JSON.parse(bytes.toString('utf8'));
      } catch {
        closeSync(descriptor);
        throw new Failure(
          `${file}:${number}: not JSON, so nothing is appended to it; move the file away, or start afresh with --overwrite`,
        );
      }
      const key = parsed !== null && typeof parsed === 'object' ? keyOf(parsed as Record<string, unknown>) : undefined;
      if (key === undefined) continue;
      lines += 1;
      lastKey = key;
    }
    return new LogFile(file, descriptor, { lines, lastKey });
  }

  /** Adds a line, to be written once `commit` says so. `key` identifies it among the run's lines. */
  add(key: string, line: () => string): void {
    if (this.passed < this.existing.lines) {
      this.passed += 1;
      if (this.passed === this.existing.lines && key !== this.existing.lastKey) {
        throw new Failure(
          `${this.file}: its last line of this run is another one than the log gives (${this.existing.lastKey}, not ${key}); ` +
            'it was altered, or belongs to another data directory: move it away, or start afresh with --overwrite',
        );
      }
      return;
    }
    this.pending.push(line());
  }

  /** What was added has really happened. */
  commit(): void {
    for (const line of this.pending) {
      this.committed.push(line);
      this.committedCharacters += line.length;
    }
    this.pending.length = 0;
    if (this.committedCharacters >= FLUSH_CHARACTERS) this.flush();
  }

  /** What was added since the last commit has not happened, or will be offered again. */
  discard(): void {
    this.pending.length = 0;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Writes out what was committed. Throws a Failure where the file takes no more. */
  flush(): void {
    if (this.committed.length === 0) return;
    // Our JSON is ASCII: so it is copied, not encoded.
    const bytes = Buffer.from(`${this.committed.join('\n')}\n`, 'latin1');
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.descriptor, bytes, written);
    } catch (error) {
      throw unreadable(this.file, error);
    }
    this.committed = [];
    this.committedCharacters = 0;
  }
}

/** A last line without its line end is given one if it is whole, and cut off if it is torn. */
const endWithWholeLine = (descriptor: number): void => {
  const { size } = fstatSync(descriptor);
  const chunk = Buffer.alloc(1 << 16);
  let begin = size;
  for (let end = size, found = -1; end > 0 && found === -1; end = begin) {
    const start = Math.max(0, end - chunk.length);
    found = chunk.subarray(0, readSync(descriptor, chunk, 0, end - start, start)).lastIndexOf(LINE_FEED);
    begin = start + found + 1;
  }
  if (begin === size) return;
  const tail = Buffer.alloc(size - begin);
  readSync(descriptor, tail, 0, tail.length, begin);
  if (isJson(tail)) writeSync(descriptor, '\n');
  else ftruncateSync(descriptor, begin);
};

const isJson = (bytes: Buffer): boolean => {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
};
