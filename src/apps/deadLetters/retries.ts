/** What was said of a letter, with what came of it: as which input it was published again, and whether that one was set aside, too. */
import type { InputPlace, LetterPlace } from '../../contracts/deadLetter';
import { DEAD_LETTERS } from '../../contracts/topics';
import { retriedInput } from '../../audit/retriedInput';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordAt } from '../../processor/readTo';
import { inputText } from './lettersOnLog';
import type { LoggedLetter, ShardLetters, Word } from './lettersOnLog';

export interface Dealt {
  readonly word: Word;
  /** Of a retry; undefined: it is a drop, or the input is not on the log. */
  readonly input: InputPlace | undefined;
  /** The letter of that input. */
  readonly again: LetterPlace | undefined;
}

/** The letter with its bytes. */
export const letterRecord = async (bus: Bus, { head }: LoggedLetter): Promise<BusRecord> =>
  (await recordAt(bus, { topic: DEAD_LETTERS, partition: head.partition, offset: head.offset })) ?? head;

export const dealtOf = async (bus: Bus, shard: ShardLetters, letter: LoggedLetter): Promise<readonly Dealt[]> => {
  const dealt: Dealt[] = [];
  const record = letter.words.some(({ dealing }) => dealing === 'retry') ? await letterRecord(bus, letter) : letter.head;
  for (const word of letter.words) {
    const found = await retriedInput(bus, word, record);
    const input = found && { topic: word.topic, partition: found.partition, offset: found.offset };
    dealt.push({ word, input, again: input && shard.byInput.get(inputText(input)) });
  }
  return dealt;
};
