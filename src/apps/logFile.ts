/**
 * An append-only JSONL file that can be resumed. The lines of one run are a function of its log: who starts again offers all of them from the
 * beginning, those that are in the file already are passed over, and a torn last line is cut off.
 */
import { hash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from './failure';
import { linesOf, unreadable } from './files';

const FLUSH_BYTES = 1 << 18;
/** Of our own lines, which may hold a whole portfolio. */
const LONGEST_LINE = 1 << 28;
const LINE_FEED = 10;

export class LogFile {
  private passed = 0;
  private pending: string[] = [];
  /** Committed lines that are not written yet. */
  private buffer = Buffer.allocUnsafe(FLUSH_BYTES);
  private filled = 0;
  /** How much of the buffer is in the file: a write that failed half way is gone on with, not begun again. */
  private written = 0;

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    /** Digests of the run's lines that the file holds. */
    private readonly existing: readonly string[],
  ) {}

  /**
   * `isOurs` tells the lines of the run from those of others. `overwrite`: what the file holds is given up. A last line that a program of ours
   * did not finish is cut off; a file that holds anything but JSON lines is refused, and left as it is.
   */
  static async open(file: string, overwrite: boolean, isOurs: (line: Record<string, unknown>) => boolean): Promise<LogFile> {
    let descriptor: number;
    let regular: boolean;
    try {
      mkdirSync(dirname(file), { recursive: true });
      descriptor = openSync(file, 'a+');
      // A pipe or a device has nothing to go on from, and may have no end.
      regular = fstatSync(descriptor).isFile();
      if (regular && overwrite) ftruncateSync(descriptor, 0);
    } catch (error) {
      throw unreadable(file, error);
    }
    try {
      return new LogFile(file, descriptor, regular ? await existingLines(file, descriptor, isOurs) : []);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Adds a line, to be written once `commit` says so. Throws a Failure where the file has another line in its place. */
  add(line: string): void {
    if (this.passed === this.existing.length) {
      this.pending.push(line);
      return;
    }
    if (digestOf(line) !== this.existing[this.passed]) {
      throw new Failure(
        `${this.file}: line ${this.passed + 1} of this run is not what its log gives: it was altered, or belongs to another data directory; ` +
          'move the file away, or start afresh with --overwrite',
      );
    }
    this.passed += 1;
  }

  /** What was added has really happened. */
  commit(): void {
    for (const line of this.pending) this.append(line);
    this.pending.length = 0;
  }

  /** Closes the file, with what was committed in it if it takes that; whoever must know calls `flush` first. */
  close(): void {
    try {
      this.flush();
    } catch {
      // Told by the `flush` of the way out that ends well, or overtaken by what ends the run.
    }
    closeSync(this.descriptor);
  }

  /** Writes out what was committed. Throws a Failure where the file takes no more. */
  flush(): void {
    try {
      while (this.written < this.filled) {
        this.written += writeSync(this.descriptor, this.buffer, this.written, this.filled - this.written);
      }
    } catch (error) {
      throw unreadable(this.file, error);
    }
    this.filled = 0;
    this.written = 0;
  }

  /** Our JSON is ASCII, so that a line has as many bytes as characters, and is copied rather than encoded. */
  private append(line: string): void {
    if (this.filled + line.length >= this.buffer.length) {
      this.flush();
      if (line.length >= this.buffer.length) this.buffer = Buffer.allocUnsafe(line.length * 2);
    }
    this.filled += this.buffer.write(line, this.filled, 'latin1');
    this.buffer[this.filled] = LINE_FEED;
    this.filled += 1;
  }
}

/** Digests of the run's lines that are in the file; its last line is mended once all others were found to be JSON. */
const existingLines = async (
  file: string,
  descriptor: number,
  isOurs: (line: Record<string, unknown>) => boolean,
): Promise<readonly string[]> => {
  const existing: string[] = [];
  const { size } = fstatSync(descriptor);
  let end = 0;
  for await (const { number, bytes, raw } of linesOf(file, LONGEST_LINE)) {
    const isLast = end + raw > size;
    const text = bytes.toString('latin1');
    const line = parsed(text);
    if (line === undefined) {
      // Only our own writing can have been cut short; anything else is somebody's file.
      if (isLast && text.startsWith('{')) {
        ftruncateSync(descriptor, end);
        break;
      }
      throw new Failure(
        `${file}:${number}: not JSON, so nothing is appended to it; move the file away, or start afresh with --overwrite`,
      );
    }
    if (line !== null && typeof line === 'object' && isOurs(line as Record<string, unknown>)) existing.push(digestOf(text));
    if (isLast) writeSync(descriptor, '\n');
    end += raw;
  }
  return existing;
};

/** Undefined: not JSON. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const WALL_CLOCK = /"(?:eval_ms|line_sha256|recorded_at|ts)":(?:"[^"]*"|[0-9.e+-]+|null)/g;

/** Of a line but for its wall-clock figures, which a run in memory measures anew, and the digest of the line, which has them in it. */
const digestOf = (line: string): string => hash('sha256', line.replace(WALL_CLOCK, ''), 'buffer').toString('latin1', 0, 16);
