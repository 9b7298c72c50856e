import { Option } from 'commander';
import type { Command } from 'commander';
import { alternatives } from '../../../contracts/contractError';
import { RULE_IDS } from '../../../contracts/messages';
import type { Verdict } from '../../../contracts/messages';
import { didYouMean } from '../../../contracts/nearest';
import { parseRfc3339 } from '../../../contracts/timestamp';
import { TOPICS } from '../../../contracts/topics';
import type { Topic } from '../../../contracts/topics';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { onExistingBus } from '../../records/onBus';
import type { OpenBus } from '../../records/onBus';
import { FILTERS, recordLine } from '../../records/recordLine';
import type { RecordFilter } from '../../records/recordLine';
import { tailRecords } from '../../records/tailRecords';
import type { TailStart } from '../../records/tailRecords';
import type { Io } from '../io';

interface TailFlags extends BusFlags {
  readonly partition?: string;
  readonly from: string;
  readonly follow?: boolean;
  readonly untilEnd?: boolean;
  readonly limit?: string;
  readonly run?: string;
  readonly intent?: string;
  readonly decision?: Verdict;
  readonly rule?: string;
}

/** `policygate tail`: the records of a topic, decoded, one line of JSON each. */
export const tailCommand = (parent: Command, io: Io): void => {
  withBusOptions(parent.command('tail'))
    .description('Look at the records of a topic: decoded, one line of JSON each.')
    .argument('<topic>', TOPICS.join(', '))
    .option('--partition <number>', 'only this partition (default: all)')
    .option('--from <start>', 'beginning, end, an offset (with --partition) or a time (RFC 3339)', 'beginning')
    .option('--until-end', 'stop at the end as it is now (the default)')
    .option('-f, --follow', 'go on with what is written later, until Ctrl-C')
    .option('--limit <number>', 'stop after so many records')
    .option('--run <id>', 'only records of this run (control events for every run, too)')
    .option('--intent <id>', 'only records of this intent')
    .addOption(new Option('--decision <verdict>', 'only decisions of this kind').choices(['ALLOW', 'MODIFY', 'DENY']))
    .option('--rule <id>', 'only what broke this rule')
    .addHelpText(
      'after',
      `
A record that cannot be decoded is shown with its fault and its bytes in base64. The order within a partition is kept; partitions come by turns.

Examples:
  policygate tail decisions --data-dir ./data
  policygate tail decisions --decision DENY --rule EXP-001 --limit 10 --data-dir ./data
  policygate tail audit-records --run r-1 --from 2026-02-24T09:30:00Z --data-dir ./data
  policygate tail dead-letters --follow --from end --bus kafka`,
    )
    .action((topic: string, flags: TailFlags) => tail(topic, flags, io));
};

const tail = async (name: string, flags: TailFlags, io: Io): Promise<void> => {
  const topic = TOPICS.find((one) => one === name);
  if (topic === undefined) throw new Failure(`no topic \`${name}\`${didYouMean(name, TOPICS)}; expected ${alternatives(TOPICS)}`);
  if (flags.follow === true && flags.untilEnd === true) throw new Failure('--follow has no end: leave out --until-end');
  const filter = filterOf(topic, flags);
  const from = startOf(flags);
  const limit = flags.limit === undefined ? Infinity : wholeNumber('limit', flags.limit);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    await onExistingBus(
      flags,
      (warning) => io.err(`Warning: ${warning}\n`),
      async (open) => {
        let shown = 0;
        const range = { partitions: partitionsOf(flags, open), from, follow: flags.follow === true };
        if (limit === 0) return;
        for await (const record of tailRecords(open.bus, topic, range, stop.signal)) {
          const line = recordLine(open.codec, record, filter);
          if (line === undefined) continue;
          io.out(`${line}\n`);
          if (++shown >= limit) return;
        }
      },
    );
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
};

const filterOf = (topic: Topic, { run, intent, decision, rule }: TailFlags): RecordFilter => {
  const filter: RecordFilter = { run, intent, decision, rule };
  for (const name of ['run', 'intent', 'decision', 'rule'] as const) {
    if (filter[name] === undefined || FILTERS[topic].includes(name)) continue;
    const has = FILTERS[topic].map((one) => `--${one}`).join(', ');
    throw new Failure(`--${name}: no record of ${topic} names one; ${has === '' ? 'it takes no filter' : `expected ${has}`}`);
  }
  if (rule !== undefined && !RULE_IDS.some((one) => one === rule))
    throw new Failure(`--rule ${rule}: no such rule${didYouMean(rule, RULE_IDS)}; expected ${alternatives(RULE_IDS)}`);
  return filter;
};

const startOf = ({ from, partition }: TailFlags): TailStart => {
  if (from === 'beginning' || from === 'end') return from;
  if (/^[0-9]+$/.test(from)) {
    if (partition === undefined) throw new Failure(`--from ${from}: an offset is one of a partition; give --partition`);
    return { offset: wholeNumber('from', from) };
  }
  const time = parseRfc3339(from);
  if (time === undefined)
    throw new Failure(`--from ${from}: expected beginning, end, an offset or a time such as 2026-02-24T09:30:00Z`);
  return { time };
};

const partitionsOf = ({ partition }: TailFlags, { bus: { shards } }: OpenBus): readonly number[] => {
  if (partition === undefined) return Array.from({ length: shards }, (_, shard) => shard);
  const number = wholeNumber('partition', partition);
  if (number >= shards) throw new Failure(`--partition ${partition}: every topic has ${shards}, from 0 to ${shards - 1}`);
  return [number];
};

const wholeNumber = (name: string, text: string): number => {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new Failure(`--${name} ${text}: expected a whole number`);
  return number;
};
