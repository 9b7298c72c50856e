/**
 * A file of lines that is written as they come, so that nothing grows with them. It is written beside, and takes its name when all is done: until then, and
 * if it never is, what stands there stays.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../failure';
import { unreadable } from '../files';

const FLUSH_CHARACTERS = 1 << 16;

/** Does `work` with the file, or without where none is named. Rejects with a Failure that names the file where it cannot be written. */
export const writingLines = async <T>(
  file: string | undefined,
  work: (lines: JsonLinesFile | undefined) => Promise<T>,
): Promise<T> => {
  if (file === undefined) return work(undefined);
  const lines = JsonLinesFile.open(file);
  let result: T;
  try {
    result = await work(lines);
  } catch (error) {
    lines.discard();
    throw error;
  }
  lines.finish();
  return result;
};

class JsonLinesFile {
  private pending = '';

  private constructor(
    private readonly file: string,
    private readonly part: string,
    private readonly descriptor: number,
  ) {}

  static open(file: string): JsonLinesFile {
    const part = join(dirname(file), `.${basename(file)}.${process.pid}.part`);
    try {
      mkdirSync(dirname(file), { recursive: true });
      return new JsonLinesFile(file, part, openSync(part, 'w'));
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  add(line: string): void {
    this.pending += `${line}\n`;
    if (this.pending.length >= FLUSH_CHARACTERS) this.flush();
  }

  finish(): void {
    try {
      this.flush();
      fsyncSync(this.descriptor);
      closeSync(this.descriptor);
      renameSync(this.part, this.file);
    } catch (error) {
      this.discard();
      throw error instanceof Failure ? error : unreadable(this.file, error);
    }
  }

  discard(): void {
    try {
      closeSync(this.descriptor);
    } catch {
      // It was closed before.
    }
    rmSync(this.part, { force: true });
  }

  private flush(): void {
    const bytes = Buffer.from(this.pending, 'utf8');
    this.pending = '';
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.descriptor, bytes, written);
    } catch (error) {
      throw unreadable(this.file, error);
    }
  }
}
