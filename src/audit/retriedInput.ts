import type { DealtWith } from '../contracts/deadLetter';
import { isRetryOf } from '../contracts/deadLetter';
import type { Bus, BusRecord } from '../processor/bus';
import { recordsTo } from '../processor/readTo';
import { isSame } from './isSame';

/**
 * The input as which a letter was published again: the same key and value, and headers that name the letter and say what the word on it says. It stands at
 * `inputFrom` or soon after. Undefined: it is not on the log, or this is no word on a retry.
 */
export const retriedInput = async (bus: Bus, word: DealtWith, letter: BusRecord): Promise<BusRecord | undefined> => {
  const { topic, inputFrom } = word;
  if (inputFrom === undefined) return undefined;
  for await (const input of recordsTo(bus, { topic, partition: letter.partition, offset: inputFrom }))
    if (isRetryOf(input.headers, word) && isSame(input.key, letter.key) && isSame(input.value, letter.value)) return input;
  return undefined;
};
