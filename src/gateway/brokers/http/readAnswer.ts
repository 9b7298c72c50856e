/**
 * Reads what a broker answered: strict JSON whose numbers keep their digits, then the fields we need; others may be there. HTML, an empty or
 * cut body and JSON of another shape are refused in one line, never thrown.
 */
import type { z } from 'zod';
import { describeError } from '../../../contracts/contractError';
import { readBySchema } from '../../../contracts/documents/readDocument';
import { failed, succeeded, type Result } from '../../../contracts/result';

/** What openBrokerHttp reads at most is what is parsed at most. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The error is what to tell people: pass it through `forPeople`. Its code is BAD_ANSWER. */
export const readAnswer = <T>(schema: z.ZodType<T>, body: string): Result<T, string> => {
  const read = readBySchema(() => schema, body, MOST_BYTES);
  return read.ok ? succeeded(read.value) : failed(`the broker's answer could not be read: ${describeError(read.error)}`);
};
