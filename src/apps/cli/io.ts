/** Where a command writes: results on `out`, everything that is meant for a person beside them on `err`. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person watches `err`: then there is progress. */
  readonly interactive: boolean;
}

export const processIo: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY,
};

/** A line that is overwritten in place, at most ten times a second, and only for a person. */
export class Progress {
  private shownAt = 0;
  private readonly startedAt = Date.now();

  constructor(
    private readonly io: Io,
    private readonly what: string,
  ) {}

  show(done: number, total: number): void {
    if (!this.io.interactive) return;
    const now = Date.now();
    if (now - this.shownAt < 100 || now - this.startedAt < 1_000) return;
    this.shownAt = now;
    const rate = done / ((now - this.startedAt) / 1_000);
    const left = rate > 0 && total > done ? `, ${Math.ceil((total - done) / rate)} s left` : '';
    this.io.err(`\r${done} of ${total} ${this.what}, ${Math.round(rate)}/s${left}\u001b[K `);
  }

  end(): void {
    if (this.shownAt > 0) this.io.err('\r\u001b[K');
  }
}
