/** Whether a word on a dead letter (retried, dropped) is true as far as the log can say. No input brings it forth: a person said it. */
import { isDealing, letterPlaceText, readDealtWith } from '../../contracts/deadLetter';
import { DEAD_LETTERS } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordAt } from '../../processor/readTo';
import { isSame } from '../isSame';
import { retriedInput } from '../retriedInput';

/** What is wrong with it, in one line; undefined: it is about a letter before it, and the input of a retry is on the log, byte for byte. */
export const dealingFault = async (bus: Bus, record: BusRecord): Promise<string | undefined> => {
  const word = readDealtWith(record.headers);
  if (!word.ok) return `it is a word on a dead letter that cannot be read: ${word.error}`;
  const { dealing, letter: place, topic } = word.value;
  const text = letterPlaceText(place);
  const isBefore = place.partition === record.partition && place.offset < record.offset;
  const letter = isBefore ? await recordAt(bus, { topic: DEAD_LETTERS, ...place }) : undefined;
  if (letter === undefined || isDealing(letter.headers))
    return `it is a word on dead letter ${text}, and no letter is there before it`;
  if (letter.headers.topic !== topic || !isSame(letter.key, record.key))
    return `it is a word on dead letter ${text}, and not of its topic and key`;
  if (record.value !== null) return `it is a word on dead letter ${text}, and has a value`;
  if (dealing === 'drop' || (await retriedInput(bus, word.value, letter)) !== undefined) return undefined;
  return `it says that dead letter ${text} was published again, and ${topic} has no such input`;
};
