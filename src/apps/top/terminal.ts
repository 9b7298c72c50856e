/** The alternate screen of a terminal, redrawn in place; what was there before is there again at the end, however that comes. */
import type { ReadStream, WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const CTRL_C = '\u0003';

export class Terminal {
  private readonly restore = (): void => {
    this.out.write(LEAVE);
  };
  private readonly heard = (key: Buffer): void => {
    const text = key.toString('latin1');
    if (text === 'q' || text === 'Q' || text === CTRL_C) this.onQuit();
  };
  private readonly resized = (): void => this.onResize();

  /** `input`: undefined where keys do not come from a terminal. */
  constructor(
    private readonly out: WriteStream,
    private readonly input: ReadStream | undefined,
    private readonly onQuit: () => void,
    private readonly onResize: () => void,
  ) {}

  get width(): number {
    return this.out.columns;
  }

  get height(): number {
    return this.out.rows;
  }

  enter(): void {
    this.out.write(ENTER);
    // An error that nobody caught must not leave the terminal as it is now.
    process.on('exit', this.restore);
    this.out.on('resize', this.resized);
    this.input?.setRawMode(true);
    this.input?.on('data', this.heard);
  }

  draw(lines: readonly string[]): void {
    const rows = Array.from({ length: Math.max(this.height, lines.length) }, (_, row) => lines[row] ?? '');
    // Cleared before they are written: behind a line that fills the width, a terminal would take away its last character.
    this.out.write(`\u001b[H${rows.map((row) => `\u001b[K${row}`).join('\r\n')}`);
  }

  leave(): void {
    process.off('exit', this.restore);
    this.out.off('resize', this.resized);
    this.input?.off('data', this.heard);
    this.input?.setRawMode(false);
    this.input?.pause();
    this.restore();
  }
}
