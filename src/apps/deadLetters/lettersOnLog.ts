/** The dead letters of a shard, each with what was said and done about it since. Values are not kept: they may be large, and many. */
import { inputOfLetter, isDealing, letterPlaceText, readDealtWith } from '../../contracts/deadLetter';
import type { DealtWith, InputPlace, LetterPlace } from '../../contracts/deadLetter';
import { DEAD_LETTERS } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';

/** A word on a letter, and where it stands in `dead-letters`. */
export interface Word extends DealtWith {
  readonly place: LetterPlace;
}

export interface LoggedLetter {
  readonly place: LetterPlace;
  /** The record without its value. */
  readonly head: BusRecord;
  /** Undefined: its headers do not say; no processor wrote it. */
  readonly input: InputPlace | undefined;
  readonly reason: string;
  /** In their order; the last one holds. */
  readonly words: readonly Word[];
}

export interface ShardLetters {
  /** By offset, in their order. */
  readonly letters: ReadonlyMap<number, LoggedLetter>;
  /** By the input, as `inputText` names it. */
  readonly byInput: ReadonlyMap<string, LetterPlace>;
  /** The letter that each offset with a word is about. */
  readonly words: ReadonlyMap<number, LetterPlace>;
  /** One line for each word that cannot be read, or is about no letter. */
  readonly faults: readonly string[];
}

export const lettersOf = async (bus: Bus, partition: number): Promise<ShardLetters> => {
  const letters = new Map<number, LoggedLetter & { readonly words: Word[] }>();
  const byInput = new Map<string, LetterPlace>();
  const words = new Map<number, LetterPlace>();
  const faults: string[] = [];
  for await (const record of recordsTo(bus, { topic: DEAD_LETTERS, partition, offset: 0 })) {
    const place = { partition, offset: record.offset };
    if (!isDealing(record.headers)) {
      const letter = letterOf(place, record);
      letters.set(record.offset, letter);
      if (letter.input !== undefined) byInput.set(inputText(letter.input), place);
      continue;
    }
    const word = readDealtWith(record.headers);
    const letter = word.ok && word.value.letter.partition === partition ? letters.get(word.value.letter.offset) : undefined;
    if (word.ok && letter !== undefined) {
      words.set(record.offset, letter.place);
      letter.words.push({ ...word.value, place });
    } else {
      const what = word.ok ? 'it is about no letter before it' : word.error;
      faults.push(`${letterPlaceText(place)}: a word on a dead letter counts for nothing: ${what}`);
    }
  }
  return { letters, byInput, words, faults };
};

const letterOf = (place: LetterPlace, record: BusRecord): LoggedLetter & { readonly words: Word[] } => ({
  place,
  head: { ...record, value: null },
  input: inputOfLetter(record.headers),
  reason: record.headers.reason ?? 'no reason was given',
  words: [],
});

export const inputText = ({ topic, partition, offset }: InputPlace): string => `${topic}/${partition}@${offset}`;
