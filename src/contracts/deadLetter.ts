/**
 * What the headers of `dead-letters` say. A record there is a letter: an input that was set aside, byte for byte, with where it stood and why. Or it is a word on
 * a letter before it, told by the header `dealt_with`: that its input was published again, or that it will not be. Letters are never changed and never
 * dropped, so what was done about one is another record behind it. Source: docs/contracts.md, "Dead letters"; docs/adr/0011.
 */
import { failed, succeeded } from './result';
import type { Result } from './result';
import { parseRfc3339 } from './timestamp';
import { INPUT_TOPICS } from './topics';
import type { InputTopic } from './topics';

type Headers = Readonly<Record<string, string>>;

/** Where a letter stands, in `dead-letters`. */
export interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

/** Where an input stands. */
export interface InputPlace extends LetterPlace {
  readonly topic: InputTopic;
}

/** `retry`: published again, as the same bytes, in one transaction with this word. `drop`: it will not be. */
export type Dealing = 'retry' | 'drop';

/** A word on a letter. */
export interface DealtWith {
  readonly dealing: Dealing;
  readonly letter: LetterPlace;
  /** Of the letter's input. */
  readonly topic: InputTopic;
  readonly actor: string;
  readonly reason: string;
  /** Wall clock, RFC 3339. */
  readonly recordedAt: string;
  /**
   * Of a retry: the topic's end just before it. The input stands there or soon after: which offset a record gets is not known before its
   * transaction is over. Undefined for a drop.
   */
  readonly inputFrom: number | undefined;
}

/** Whether a record of `dead-letters` is a word on a letter, and no letter. */
export const isDealing = ({ dealt_with }: Headers): boolean => dealt_with !== undefined;

/** The input that a letter is of; undefined: its headers do not say. */
export const inputOfLetter = ({ topic, partition, offset }: Headers): InputPlace | undefined => {
  const input = INPUT_TOPICS.find((name) => name === topic);
  const place = parseLetterPlace(`${partition ?? ''}/${offset ?? ''}`);
  return input === undefined || place === undefined ? undefined : { topic: input, ...place };
};

/** There is no `partition` and no `offset` among them: who looks for the letter of an input must not take this for one. */
export const dealtWithHeaders = ({ dealing, letter, topic, actor, reason, recordedAt, inputFrom }: DealtWith): Headers => ({
  dealt_with: dealing,
  letter: letterPlaceText(letter),
  topic,
  actor,
  reason,
  recorded_at: recordedAt,
  ...(inputFrom === undefined ? {} : { input_from: String(inputFrom) }),
});

/** The word that the headers say, or why they say none. */
export const readDealtWith = (headers: Headers): Result<DealtWith, string> => {
  const { dealt_with: dealing = '', actor = '', reason = '', recorded_at: recordedAt = '' } = headers;
  const topic = INPUT_TOPICS.find((name) => name === headers.topic);
  const letter = parseLetterPlace(headers.letter ?? '');
  const inputFrom = wholeNumber(headers.input_from ?? '');
  if (dealing !== 'retry' && dealing !== 'drop') return failed('dealt_with: expected retry or drop');
  if (letter === undefined) return failed('letter: expected partition and offset such as 0/17');
  if (topic === undefined) return failed('topic: expected a topic of inputs');
  if (actor.trim() === '' || reason.trim() === '') return failed('actor and reason: expected who did it, and why');
  if (parseRfc3339(recordedAt) === undefined) return failed('recorded_at: expected a time, RFC 3339 in UTC');
  if ((inputFrom === undefined) !== (dealing === 'drop'))
    return failed('input_from: expected an offset with retry, and none with drop');
  return succeeded({ dealing, letter, topic, actor, reason, recordedAt, inputFrom });
};

/** What an input says that is a retry. Whoever writes inputs can say so: it counts only where a word on the letter says the same. */
export const retriedHeaders = ({ letter, actor, reason, recordedAt }: DealtWith): Headers => ({
  retried_from: letterPlaceText(letter),
  actor,
  reason,
  recorded_at: recordedAt,
});

/** Whether the headers of an input are those that this retry gave it. */
export const isRetryOf = (headers: Headers, word: DealtWith): boolean =>
  Object.entries(retriedHeaders(word)).every(([name, text]) => headers[name] === text);

export const letterPlaceText = ({ partition, offset }: LetterPlace): string => `${partition}/${offset}`;

/** `<partition>/<offset>`; undefined: something else. */
export const parseLetterPlace = (text: string): LetterPlace | undefined => {
  const [first, second, ...more] = text.split('/');
  const partition = wholeNumber(first ?? '');
  const offset = wholeNumber(second ?? '');
  return partition === undefined || offset === undefined || more.length > 0 ? undefined : { partition, offset };
};

const wholeNumber = (text: string): number | undefined => {
  const number = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : undefined;
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
};
