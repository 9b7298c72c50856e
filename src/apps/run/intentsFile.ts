import { describeError } from '../../contracts/contractError';
import { readDocument } from '../../contracts/documents/readDocument';
import type { OrderIntent } from '../../contracts/messages';
import { Failure } from '../failure';
import { isBlank, linesOf } from '../files';

/**
 * The intents of a JSONL file, one a line, blank lines passed over. All lines are read before the first is answered: a broken one stops the
 * run before anything of it is decided, unless `onInvalid` takes its error (with the line's number) and the run goes on without it.
 */
export const readIntents = async (
  file: string,
  onInvalid?: (error: string) => void,
  seen: (bytes: Buffer) => void = () => undefined,
): Promise<readonly OrderIntent[]> => {
  const intents: OrderIntent[] = [];
  for await (const { number, bytes } of linesOf(file, undefined, seen)) {
    if (isBlank(bytes)) continue;
    const read = readDocument('order_intent', bytes);
    if (read.ok) {
      intents.push(read.value);
      continue;
    }
    // The document's own position is within its line.
    const error = describeError({ ...read.error, source: file, line: number });
    if (onInvalid === undefined) throw new Failure(`${error} (nothing was decided; --skip-invalid goes on without such lines)`);
    onInvalid(error);
  }
  return intents;
};
