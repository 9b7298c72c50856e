/** A file of lines that is written as they come, so that nothing grows with them; what it held is replaced. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { unreadable } from '../files';

const FLUSH_CHARACTERS = 1 << 16;

export class JsonLinesFile {
  private pending = '';

  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
  ) {}

  /** Throws a Failure that names the file; so do the others. */
  static open(file: string): JsonLinesFile {
    try {
      mkdirSync(dirname(file), { recursive: true });
      return new JsonLinesFile(file, openSync(file, 'w'));
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  add(line: string): void {
    this.pending += `${line}\n`;
    if (this.pending.length >= FLUSH_CHARACTERS) this.flush();
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.descriptor);
    }
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
