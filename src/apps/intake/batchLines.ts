/** The lines of a batch. */
import { isBlank } from '../files';
import { Problem } from '../http/problem';

/** Lines of a batch, blank ones aside. */
export const MOST_LINES = 10_000;

export interface BatchLine {
  /** From one; blank lines count. */
  readonly number: number;
  readonly bytes: Buffer;
}

const NEWLINE = 0x0a;

/** All lines that are not blank. Throws a Problem where there are too many. */
export const linesOf = (body: Buffer): readonly BatchLine[] => {
  const lines: BatchLine[] = [];
  for (let start = 0, number = 1; start < body.length; number++) {
    const newline = body.indexOf(NEWLINE, start);
    const end = newline < 0 ? body.length : newline;
    const bytes = body.subarray(start, end);
    start = end + 1;
    if (isBlank(bytes)) continue;
    if (lines.length === MOST_LINES) throw tooMany();
    lines.push({ number, bytes });
  }
  return lines;
};

const tooMany = (): Problem =>
  new Problem('payload_too_large', {
    detail: `expected at most ${MOST_LINES} lines, found more; nothing was written, send it in parts`,
    expected: `at most ${MOST_LINES} lines`,
  });
