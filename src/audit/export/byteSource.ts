/** Takes bytes off a stream of chunks, in pieces of the size that is wanted, and knows where it is. What is asked for and not there is an ExportFault. */
import { ExportFault } from './exportFault';

export class ByteSource {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Buffer = Buffer.alloc(0);
  private taken = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.taken;
  }

  async atEnd(): Promise<boolean> {
    return this.chunk.length === 0 && !(await this.more());
  }

  /** The next `size` bytes. They may share memory with others. */
  async take(size: number, what: string): Promise<Buffer> {
    if (this.chunk.length < size) await this.gather(size, what);
    const bytes = this.chunk.subarray(0, size);
    this.chunk = this.chunk.subarray(size);
    this.taken += size;
    return bytes;
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  /** Puts together what is asked for; memory grows with what is there, not with what was said to be there. */
  private async gather(size: number, what: string): Promise<void> {
    const parts = [this.chunk];
    let length = this.chunk.length;
    while (length < size && (await this.more())) {
      parts.push(this.chunk);
      length += this.chunk.length;
    }
    if (length < size)
      throw new ExportFault(`at byte ${this.taken}: the file ends within ${what}: ${length} bytes are left of ${size}`);
    this.chunk = Buffer.concat(parts);
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const next = await this.chunks.next();
      if (next.done === true) return false;
      const { buffer, byteOffset, length } = next.value;
      this.chunk = Buffer.from(buffer, byteOffset, length);
      if (length > 0) return true;
    }
  }
}
