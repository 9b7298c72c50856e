import type { Command } from 'commander';
import { checkWhole, momentOf, replayLog } from '../../auditing/replayLog';
import type { ReplayRequest } from '../../auditing/replayLog';
import { portraitDocument } from '../../auditing/portraitDocument';
import { portraitPage } from '../../auditing/portraitPage';
import { replayDocument, replayPage } from '../../auditing/replayReport';
import { replayWithPolicy } from '../../auditing/whatIf';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { canonicalJson } from '../../../contracts/json/write';
import { Failure } from '../../failure';
import { onExistingBus } from '../../records/onBus';
import type { OpenBus } from '../../records/onBus';
import { Progress } from '../io';
import type { Io } from '../io';

interface ReplayFlags extends BusFlags {
  readonly run?: string;
  readonly shard?: string;
  readonly until?: string;
  readonly stateAt?: string;
  readonly policy?: string;
  readonly changes?: string;
  readonly json?: boolean;
}

/** On Kafka a commit shows on one topic before it shows on another, for a moment. */
const SETTLE_MS = 300;

/** `policygate replay`: the log folded again from offset zero, and compared with itself; and what it was like at a moment. */
export const replayCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('replay'))
    .description('Fold the log again from offset zero and compare everything with it, byte for byte; or see a run as it was.')
    .option('--run <id>', 'compare the records of this run alone (all of its shard is folded)')
    .option('--shard <number>', 'only this shard')
    .option('--until <seq|time>', 'stop after this audit record of --run, or before what is later (RFC 3339)')
    .option('--state-at <seq|time>', 'print the run of --run as it was after this audit record, or at this time')
    .option('--policy <file>', 'what this policy would have decided instead, over the recorded traffic')
    .option('--changes <file>', 'with --policy: every changed decision, one line of JSON each')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Audit records, decisions, dead letters and the state at the end are compared. The first difference of a shard is shown field by field, with the facts
and the input that led to it; behind it that shard is not looked at. Nothing is written to the bus.

Exit codes: 0 the same; 1 something differs (with --policy: other decisions); 2 could not run.

Examples:
  policygate replay --data-dir ./data
  policygate replay --run r-1 --until 2026-02-24T10:00:00Z --bus kafka
  policygate replay --run r-1 --state-at 12 --data-dir ./data
  policygate replay --policy policies/base.yaml --data-dir ./data`,
    )
    .action(async (flags: ReplayFlags) => exit(await replay(flags, io)));
};

const replay = async (flags: ReplayFlags, io: Io): Promise<number> => {
  const request = requestOf(flags);
  return onExistingBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    (open) => {
      checkWhole(open.bus, open.settings.dataDir);
      const { policy } = flags;
      return policy === undefined ? compare(open, request, flags, io) : replayWithPolicy(open, { ...flags, policy }, io);
    },
  );
};

/** Throws a Failure for flags that do not go together. */
const requestOf = ({ run, shard, until, stateAt, policy, changes }: ReplayFlags): Omit<ReplayRequest, 'settleMs'> => {
  if (policy !== undefined && (until ?? stateAt ?? shard) !== undefined)
    throw new Failure('--policy goes over whole runs: leave out --until, --state-at and --shard');
  if (changes !== undefined && policy === undefined) throw new Failure('--changes: of which policy? give --policy');
  if (stateAt !== undefined && until !== undefined) throw new Failure('--state-at stops there by itself: leave out --until');
  if (stateAt !== undefined && run === undefined) throw new Failure('--state-at: the state of which run? give --run');
  return {
    run,
    shard: shard === undefined ? undefined : shardOf(shard),
    until: until === undefined ? undefined : momentOf('until', until, run),
    stateAt: stateAt === undefined ? undefined : momentOf('state-at', stateAt, run),
  };
};

const compare = async (
  { settings, ...session }: OpenBus,
  request: Omit<ReplayRequest, 'settleMs'>,
  { until, json = false }: ReplayFlags,
  io: Io,
): Promise<number> => {
  const progress = new Progress(io, 'audit records');
  const settleMs = settings.bus === 'kafka' ? SETTLE_MS : 0;
  const show = (done: number, total: number): void => progress.show(done, total);
  const reports = await replayLog(session, { ...request, settleMs }, show).finally(() => progress.end());
  const portrait = reports[0]?.portrait;
  const differs = reports.some(({ difference }) => difference !== undefined);
  if (portrait === undefined || differs)
    io.out(json ? `${replayDocument(session.codec, reports, until)}\n` : replayPage(session.codec, reports, until));
  else io.out(json ? `${canonicalJson(portraitDocument(portrait))}\n` : portraitPage(portrait));
  return differs ? 1 : 0;
};

const shardOf = (text: string): number => {
  if (!/^[0-9]{1,9}$/.test(text)) throw new Failure(`--shard ${text}: expected a whole number`);
  return Number(text);
};
