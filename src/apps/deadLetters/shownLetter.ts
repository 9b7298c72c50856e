/** Everything about one dead letter. */
import type { Codec } from '../../contracts/avro/codec';
import type { InputPlace } from '../../contracts/deadLetter';
import { POSITION_FIELD } from '../../processor/inputs';
import type { ShardState } from '../../processor/ledger';
import type { BusRecord } from '../../processor/bus';
import { StateError } from '../../processor/restoreShard';
import type { Session } from '../session';
import { decodedLetter } from './letterTexts';
import type { ShownLetter } from './letterTexts';
import type { LoggedLetter, ShardLetters } from './lettersOnLog';
import { outcomeOf } from './outcome';
import { memoryOf, outlookOf } from './outlook';
import type { Outlook } from './outlook';
import { dealtOf, letterRecord } from './retries';
import type { Dealt } from './retries';

export const shownLetter = async (session: Session, shard: ShardLetters, letter: LoggedLetter): Promise<ShownLetter> => {
  const { bus, codec } = session;
  const record = await letterRecord(bus, letter);
  const dealt = await dealtOf(bus, shard, letter);
  const memory = await readableMemory(session, letter.place.partition);
  const outcomes: string[] = [];
  for (const one of dealt) outcomes.push(await becameOf(session, one, memory));
  const { says, against } = lookAhead(codec, memory, record, letter.input);
  return { letter, record, decoded: decodedLetter(codec, letter, record), dealt, outcomes, outlook: says, against };
};

/** A state that cannot be trusted stops processors; a letter can be looked at all the same. */
const readableMemory = async ({ bus, codec }: Session, partition: number): Promise<ShardState | StateError> => {
  try {
    return await memoryOf(bus, codec, partition);
  } catch (error) {
    if (error instanceof StateError) return error;
    throw error;
  }
};

const becameOf = async (
  { bus, codec }: Session,
  { word, input, again }: Dealt,
  memory: ShardState | StateError,
): Promise<string> => {
  if (word.dealing === 'drop') return 'nothing was published';
  if (input === undefined) return 'nothing is known of its input';
  if (again !== undefined) return 'it was set aside again';
  if (!(memory instanceof StateError) && memory.positions[POSITION_FIELD[input.topic]] <= input.offset)
    return 'no processor has read it yet';
  return (await outcomeOf(bus, codec, input)) ?? 'it is folded, and no audit record is about it alone';
};

const lookAhead = (codec: Codec, memory: ShardState | StateError, record: BusRecord, input: InputPlace | undefined): Outlook => {
  if (input === undefined) return { says: 'is not possible: its headers do not say where it came from', against: undefined };
  if (memory instanceof StateError) return { says: `cannot be foretold: ${memory.message}`, against: undefined };
  return outlookOf(codec, memory, record, input, Date.now());
};
