/** The lines of a stream that is no file: standard input. As `linesOf` of src/apps/files.ts, which reads files. */
import type { FileLine } from '../files';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A line that is too long is handed on cut, one byte too long, so that it is refused. */
export async function* streamLines(stream: AsyncIterable<Buffer>, longest: number): AsyncGenerator<FileLine> {
  let number = 0;
  let kept: Buffer[] = [];
  let size = 0;
  const keep = (part: Buffer): void => {
    if (size <= longest) kept.push(part.subarray(0, longest + 1 - size));
    size += part.length;
  };
  const take = (): FileLine => {
    const line = Buffer.concat(kept);
    const taken = { number: ++number, bytes: line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line, raw: size + 1 };
    kept = [];
    size = 0;
    return taken;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      keep(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  }
  if (size > 0) yield take();
}
