/**
 * Says on the log what is done about a dead letter, and does it, in one transaction. There is one writer for the letters of a shard: whoever opens it later
 * fences the earlier, and reads all words after that. So two people cannot both retry a letter without knowing of each other. Source: docs/adr/0011.
 */
import { dealtWithHeaders, letterPlaceText, retriedHeaders } from '../../contracts/deadLetter';
import type { DealtWith, Dealing, InputPlace, LetterPlace } from '../../contracts/deadLetter';
import { DEAD_LETTERS } from '../../contracts/topics';
import { BusError } from '../../processor/bus';
import type { BusRecord, OutgoingRecord } from '../../processor/bus';
import { Failure } from '../failure';
import { wallClock } from '../session';
import type { Session } from '../session';
import { lettersOf } from './lettersOnLog';
import type { LoggedLetter, ShardLetters } from './lettersOnLog';
import { memoryOf, outlookOf } from './outlook';
import { letterRecord } from './retries';

export interface Signature {
  readonly actor: string;
  readonly reason: string;
}

export interface RetryRequest extends Signature {
  /** Of the input, in ms since 1970, where the bus keeps its senders' times. */
  readonly at: number;
  /** Though it was dealt with before. */
  readonly again: boolean;
  /** Though something speaks against it. */
  readonly force: boolean;
}

/** `refused`: why, in one line; nothing was written. */
export type DealingOutcome =
  | { readonly refused: string }
  | { readonly word: LetterPlace; readonly input: InputPlace | undefined; readonly says: string | undefined };

/** Publishes the letter's bytes again, where they came from. */
export const retryLetter = (session: Session, place: LetterPlace, request: RetryRequest): Promise<DealingOutcome> =>
  dealWith(session, place, async (letter, input) => {
    const { bus, codec } = session;
    if (letter.words.length > 0 && !request.again)
      return { refused: `${whatWasDone(letter)}; --again publishes it all the same` };
    const record = await letterRecord(bus, letter);
    const outlook = outlookOf(codec, await memoryOf(bus, codec, place.partition), record, input, request.at);
    if (outlook.against !== undefined && !request.force)
      return { refused: `dead letter ${letterPlaceText(place)}: ${outlook.against}; --force publishes it all the same` };
    const word = wordOf('retry', place, input, request, await bus.endOffset(input.topic, input.partition));
    const { key, value } = record;
    const { topic, partition } = input;
    const again = { topic, partition, key, value, timestamp: request.at, headers: retriedHeaders(word) };
    return { records: [again, wordRecord(word, record)], says: outlook.says };
  });

/** Says that the letter will not be published again. */
export const dropLetter = (session: Session, place: LetterPlace, signature: Signature): Promise<DealingOutcome> =>
  dealWith(session, place, (letter, input) =>
    Promise.resolve(
      letter.words.length > 0
        ? { refused: whatWasDone(letter) }
        : { records: [wordRecord(wordOf('drop', place, input, signature, undefined), letter.head)], says: undefined },
    ),
  );

/** What to write, the word last; or why not. */
type Plan = { readonly refused: string } | { readonly records: readonly OutgoingRecord[]; readonly says: string | undefined };

const dealWith = async (
  { bus }: Session,
  place: LetterPlace,
  planOf: (letter: LoggedLetter, input: InputPlace) => Promise<Plan>,
): Promise<DealingOutcome> => {
  const { partition } = place;
  if (partition >= bus.shards) return { refused: notThere(place, undefined) };
  const writer = await bus.writer(`policygate-dlq-${partition}`);
  try {
    const shard = await lettersOf(bus, partition);
    const letter = shard.letters.get(place.offset);
    if (letter === undefined) return { refused: notThere(place, shard) };
    if (letter.input === undefined)
      return { refused: `dead letter ${letterPlaceText(place)} does not say which input it was: no processor wrote it` };
    const plan = await planOf(letter, letter.input);
    if ('refused' in plan) return plan;
    const offsets = await writer.commit(plan.records);
    const [first = -1] = offsets;
    const input = plan.records.length > 1 ? { ...letter.input, offset: first } : undefined;
    return { word: { partition, offset: offsets.at(-1) ?? -1 }, input, says: plan.says };
  } catch (error) {
    throw error instanceof BusError ? explained(error, place) : error;
  } finally {
    await writer.close().catch(() => undefined);
  }
};

const explained = (error: BusError, place: LetterPlace): Error => {
  if (error.code === 'BUS_FENCED')
    return new Failure(
      `somebody else deals with dead letters of shard ${place.partition} just now: nothing was written; look at it again`,
    );
  if (!error.retryable) return error;
  return new Failure(
    `${error.message}. Whether it is on the log is not known: \`policygate dlq show ${letterPlaceText(place)}\` says so, and the same command does not do it twice`,
  );
};

/** Why nothing can be done about what is, or is not, at this place. */
export const notThere = (place: LetterPlace, shard: ShardLetters | undefined): string => {
  const about = shard?.words.get(place.offset);
  return about === undefined
    ? `there is no dead letter ${letterPlaceText(place)}; \`policygate dlq list --all\` shows which there are`
    : `${letterPlaceText(place)} is no dead letter: it says what was done about ${letterPlaceText(about)}`;
};

const whatWasDone = ({ place, words }: LoggedLetter): string => {
  const last = words.at(-1);
  const what = last?.dealing === 'retry' ? 'was retried' : 'was dropped';
  return `dead letter ${letterPlaceText(place)} ${what} by ${last?.actor ?? ''} at ${last?.recordedAt ?? ''}`;
};

const wordOf = (
  dealing: Dealing,
  letter: LetterPlace,
  { topic }: InputPlace,
  { actor, reason }: Signature,
  inputFrom: number | undefined,
): DealtWith => ({ dealing, letter, topic, actor, reason, recordedAt: wallClock(), inputFrom });

/** A word has the key of its letter, so that it goes where records of the run go. */
const wordRecord = (word: DealtWith, { partition, key }: BusRecord): OutgoingRecord => ({
  topic: DEAD_LETTERS,
  partition,
  key,
  value: null,
  timestamp: Date.now(),
  headers: dealtWithHeaders(word),
});
