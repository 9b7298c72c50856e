import { inputOfLetter, isDealing } from '../../contracts/deadLetter';
import type { BusRecord } from '../../processor/bus';
import type { DeadLetter } from './live';

/** The letter that a record of `dead-letters` is: none where it is a word on a letter before it, or names no input. */
export const deadLettersOf = ({ partition, offset, headers }: BusRecord): readonly DeadLetter[] => {
  const input = isDealing(headers) ? undefined : inputOfLetter(headers);
  return input === undefined ? [] : [{ partition, offset, input, reason: headers.reason ?? 'no reason was given' }];
};
