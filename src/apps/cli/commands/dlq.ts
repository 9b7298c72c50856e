import type { Command } from 'commander';
import { alternatives } from '../../../contracts/contractError';
import { letterPlaceText, parseLetterPlace } from '../../../contracts/deadLetter';
import type { LetterPlace } from '../../../contracts/deadLetter';
import { canonicalJson } from '../../../contracts/json/write';
import { didYouMean } from '../../../contracts/nearest';
import { INPUT_TOPICS } from '../../../contracts/topics';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { dropLetter, notThere, retryLetter } from '../../deadLetters/dealWith';
import type { DealingOutcome } from '../../deadLetters/dealWith';
import { inputText, lettersOf } from '../../deadLetters/lettersOnLog';
import type { LoggedLetter } from '../../deadLetters/lettersOnLog';
import {
  inputJson,
  LETTER_COLUMNS,
  letterCells,
  letterJson,
  shownJson,
  shownText,
  statusOf,
} from '../../deadLetters/letterTexts';
import { dealtOf } from '../../deadLetters/retries';
import { shownLetter } from '../../deadLetters/shownLetter';
import { Failure } from '../../failure';
import { signatureOf } from '../../publishing/controlCommand';
import { timeOption } from '../../publishing/recordTimes';
import { onExistingBus } from '../../records/onBus';
import type { Io } from '../io';
import { table } from '../table';

interface ListFlags extends BusFlags {
  readonly topic?: string;
  readonly reasonContains?: string;
  readonly since?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}
type ShowFlags = BusFlags & { readonly json?: boolean };
interface DropFlags extends BusFlags {
  readonly actor?: string;
  readonly reason?: string;
  readonly json?: boolean;
}
interface RetryFlags extends DropFlags {
  readonly at?: string;
  readonly again?: boolean;
  readonly force?: boolean;
}

const PLACE = 'partition and offset in dead-letters, such as 0/17';

/** `policygate dlq list|show|retry|drop`. */
export const dlqCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  const dlq = parent
    .command('dlq')
    .description(
      'Dead letters: what could not be judged and was set aside. Look at them, publish one again, or say that it will not be.',
    )
    .addHelpText(
      'after',
      `
Examples:
  policygate dlq list --data-dir ./data
  policygate dlq show 0/17 --bus kafka
  policygate dlq retry 0/17 --actor alice --reason "the run is started now" --bus kafka`,
    );
  withBusOptions(dlq.command('list'))
    .description('What was set aside and not dealt with yet, or all.')
    .option('--topic <topic>', `only inputs of this topic: ${INPUT_TOPICS.join(', ')}`)
    .option('--reason-contains <text>', 'only where the reason has this in it')
    .option('--since <time>', 'only inputs of this time or later (RFC 3339 in UTC)')
    .option('--all', 'those that were retried or dropped, too')
    .option('--json', 'for machines: one line of JSON for each letter')
    .addHelpText(
      'after',
      `
Examples:
  policygate dlq list --data-dir ./data
  policygate dlq list --topic order-intents --reason-contains UNKNOWN_SCHEMA_ID --bus kafka
  policygate dlq list --all --since 2026-02-24T09:30:00Z --json --bus kafka`,
    )
    .action((flags: ListFlags) => list(flags, io));
  withBusOptions(dlq.command('show'))
    .description(
      'One dead letter: key, headers and bytes, decoded as far as possible, what was done about it, and what would become of a retry.',
    )
    .argument('<letter>', PLACE)
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Exit codes: 0 shown, 1 there is no such letter, 2 could not run.

Examples:
  policygate dlq show 0/17 --data-dir ./data
  policygate dlq show 0/17 --json --bus kafka`,
    )
    .action(async (place: string, flags: ShowFlags) => exit(await show(place, flags, io)));
  withSignature(withBusOptions(dlq.command('retry')))
    .description('Publish a dead letter again: the same bytes, to the topic and partition that they came from, as a new input.')
    .argument('<letter>', PLACE)
    .option('--again', 'though it was retried or dropped before')
    .option('--force', 'though it would be set aside again, or is a price that another has replaced')
    .option('--at <time>', "time of the input (RFC 3339 in UTC), where the bus keeps its senders' times (default: now)")
    .addHelpText(
      'after',
      `
The input is judged as if it had been sent now: an order that was meant for this morning goes out, if the limits allow it. Ask the strategy first.

Exit codes: 0 published, 1 refused, 2 could not run.

Examples:
  policygate dlq retry 0/17 --actor alice --reason "the run is started now" --data-dir ./data
  policygate dlq retry 0/17 --again --actor alice --reason "incident 12" --bus kafka`,
    )
    .action(async (place: string, flags: RetryFlags) => exit(await retry(place, flags, io)));
  withSignature(withBusOptions(dlq.command('drop')))
    .description('Say that a dead letter will not be published again. It stays where it is.')
    .argument('<letter>', PLACE)
    .addHelpText(
      'after',
      `
Exit codes: 0 on record, 1 refused, 2 could not run.

Examples:
  policygate dlq drop 0/17 --actor alice --reason "a test of the strategy" --data-dir ./data
  policygate dlq drop 0/17 --actor alice --reason "incident 12: sent again by the strategy" --bus kafka`,
    )
    .action(async (place: string, flags: DropFlags) => exit(await drop(place, flags, io)));
};

const withSignature = (command: Command): Command =>
  command
    .option('--actor <actor>', 'who does it')
    .option('--reason <reason>', 'why')
    .option('--json', 'for machines: one line of JSON');

/** Rows that one table shows; `--json` has no such bound. */
const MOST_ROWS = 10_000;

const list = (flags: ListFlags, io: Io): Promise<void> => {
  const isWanted = filterOf(flags);
  return onExistingBus(flags, warn(io), async ({ bus, codec }) => {
    let rows: (readonly string[])[] = [];
    let left = 0;
    for (let partition = 0; partition < bus.shards; partition++) {
      const shard = await lettersOf(bus, partition);
      shard.faults.forEach(warn(io));
      for (const letter of shard.letters.values()) {
        if (!isWanted(letter)) continue;
        const dealt = await dealtOf(bus, shard, letter);
        if (flags.json === true) io.out(`${canonicalJson(letterJson(letter, dealt))}\n`);
        else if (rows.push(letterCells(codec, letter, dealt)) === 2 * MOST_ROWS) {
          rows = rows.slice(-MOST_ROWS);
          left += MOST_ROWS;
        }
      }
    }
    if (flags.json === true) return;
    left += Math.max(0, rows.length - MOST_ROWS);
    io.out(`${table(LETTER_COLUMNS, rows.slice(-MOST_ROWS))}\n`);
    if (left > 0) io.err(`Warning: ${left} more letters are not shown; --since shows the latest, --json all\n`);
  });
};

const filterOf = ({ topic, reasonContains, since, all }: ListFlags): ((letter: LoggedLetter) => boolean) => {
  if (topic !== undefined && !INPUT_TOPICS.some((name) => name === topic))
    throw new Failure(
      `--topic ${topic}: no topic of inputs${didYouMean(topic, INPUT_TOPICS)}; expected ${alternatives(INPUT_TOPICS)}`,
    );
  const from = timeOption(since, -Infinity, '--since');
  return (letter) =>
    (all === true || statusOf(letter) === 'open') &&
    (topic === undefined || letter.input?.topic === topic) &&
    (reasonContains === undefined || letter.reason.includes(reasonContains)) &&
    letter.head.timestamp >= from;
};

const show = (text: string, flags: ShowFlags, io: Io): Promise<number> => {
  const place = placeOf(text);
  return onExistingBus(flags, warn(io), async (session) => {
    const shard = place.partition < session.bus.shards ? await lettersOf(session.bus, place.partition) : undefined;
    const letter = shard?.letters.get(place.offset);
    if (shard === undefined || letter === undefined) {
      io.err(`${notThere(place, shard)}\n`);
      return 1;
    }
    const shown = await shownLetter(session, shard, letter);
    io.out(flags.json === true ? `${shownJson(shown)}\n` : shownText(shown));
    return 0;
  });
};

const retry = (text: string, flags: RetryFlags, io: Io): Promise<number> => {
  const place = placeOf(text);
  const { again = false, force = false } = flags;
  const request = { ...signatureOf(flags), again, force, at: timeOption(flags.at, Date.now()) };
  return onExistingBus(flags, warn(io), async (session) => report(place, await retryLetter(session, place, request), flags, io));
};

const drop = (text: string, flags: DropFlags, io: Io): Promise<number> => {
  const place = placeOf(text);
  const signature = signatureOf(flags);
  return onExistingBus(flags, warn(io), async (session) => report(place, await dropLetter(session, place, signature), flags, io));
};

const report = (place: LetterPlace, outcome: DealingOutcome, { json }: DropFlags, io: Io): number => {
  if ('refused' in outcome) {
    if (json === true) io.out(`${canonicalJson({ done: false, letter: letterPlaceText(place), refused: outcome.refused })}\n`);
    else io.err(`${outcome.refused}\n`);
    return 1;
  }
  const { input, word, says } = outcome;
  const letter = letterPlaceText(place);
  if (json === true)
    io.out(
      `${canonicalJson({ done: true, input: input === undefined ? null : inputJson(input), letter, word: letterPlaceText(word) })}\n`,
    );
  else if (input === undefined) io.out(`Dead letter ${letter} is dropped; that is on the log as ${letterPlaceText(word)}.\n`);
  else io.out(`Dead letter ${letter} is published again: ${inputText(input)}; as things stood, ${says ?? ''}.\n`);
  return 0;
};

const placeOf = (text: string): LetterPlace => {
  const place = parseLetterPlace(text);
  if (place === undefined) throw new Failure(`${text}: expected ${PLACE}; \`policygate dlq list\` shows them`);
  return place;
};

const warn =
  (io: Io) =>
  (warning: string): void =>
    io.err(`Warning: ${warning}\n`);
