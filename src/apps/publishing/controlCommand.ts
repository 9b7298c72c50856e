/** What the commands that publish one control event share: their options, how they wait, and what they print of the answers. */
import type { Command } from 'commander';
import { canonicalJson } from '../../contracts/json/write';
import { runIdFault } from '../../contracts/runId';
import { CONTROL_EVENTS } from '../../contracts/topics';
import type { Io } from '../cli/io';
import type { BusFlags } from '../config/settings';
import { Failure } from '../failure';
import type { OpenBus } from '../records/onBus';
import type { RunAnswer, ShardAnswer } from './answers';
import { publishControl } from './publishControl';
import type { ControlOutcome, ControlRequest } from './publishControl';

export interface ControlFlags extends BusFlags {
  readonly actor?: string;
  readonly reason?: string;
  readonly at?: string;
  /** False with --no-wait. */
  readonly wait: boolean;
  readonly timeout: string;
  readonly json?: boolean;
}

export const withControlOptions = (command: Command): Command =>
  command
    .option('--actor <actor>', 'who does it')
    .option('--reason <reason>', 'why')
    .option('--at <time>', "time of the event (RFC 3339 in UTC), where the bus keeps its senders' times")
    .option(
      '--no-wait',
      'do not wait for the answer; on the embedded bus nobody can answer meanwhile, so that it is never waited for',
    )
    .option('--timeout <seconds>', 'how long to wait for the answer', '30')
    .option('--json', 'for machines: one line of JSON for each answer');

/** Actor and reason as they were given; neither may be blank. */
export const signatureOf = ({
  actor,
  reason,
}: Pick<ControlFlags, 'actor' | 'reason'>): { readonly actor: string; readonly reason: string } => ({
  actor: said('actor', actor, 'who does it'),
  reason: said('reason', reason, 'why it is done'),
});

const said = (name: string, text: string | undefined, what: string): string => {
  if (text === undefined || text.trim() === '') throw new Failure(`--${name} is missing; ${what} must be on record`);
  return text;
};

/** A run id of a command line; `name` is its option. */
export const runOption = (runId: string, name = '--run'): string => {
  const fault = runIdFault(runId);
  if (fault !== undefined) throw new Failure(fault.replace('key', name));
  return runId;
};

/** How long to wait, in ms; undefined: not at all. */
const patienceOf = ({ wait, timeout }: ControlFlags, { settings }: OpenBus): number | undefined => {
  const seconds = /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(timeout) ? Number(timeout) : 0;
  if (seconds === 0) throw new Failure(`--timeout ${timeout}: expected a number of seconds above zero`);
  return wait && settings.bus !== 'embedded' ? seconds * 1_000 : undefined;
};

export type ControlSend = Pick<ControlRequest, 'runId' | 'control' | 'timestamp' | 'alongside'> & {
  /** What an event for every run that concerned none comes to. */
  readonly nobody: { readonly code: number; readonly says: string };
};

/** Publishes, waits and prints. Answers with the exit code: 0 taken, 1 refused; rejects with a Failure when nobody answers. */
export const sendControl = async (open: OpenBus, flags: ControlFlags, send: ControlSend, io: Io): Promise<number> => {
  const timeoutMs = patienceOf(flags, open);
  const retried: string[] = [];
  const outcome = await publishControl(open, {
    ...send,
    timeoutMs,
    retrying: (error) => {
      retried.push(error.code);
      io.err(`Warning: ${error.message}; trying again\n`);
    },
  });
  const { type } = send.control.payload;
  if (outcome.answers === undefined) return unanswered(outcome, type, flags, open, io);
  const taken = outcome.answers.map((answer) => report(answer, type, flags.json === true, io)).every(Boolean);
  if (!taken && retried.length > 0)
    io.err('Warning: the bus failed meanwhile, so that the event may be on the log twice: see whether the first was taken\n');
  const silent = outcome.answers.filter(({ folded }) => !folded);
  if (silent.length > 0) {
    throw new Failure(
      `nobody answered within ${flags.timeout} s: is a processor running? ${type} is on the log (${silent.map(placeOf).join('; ')}) and ` +
        'takes effect when one reads it',
    );
  }
  if (!taken || outcome.answers.some(({ runs }) => runs.length > 0)) return taken ? 0 : 1;
  io.err(`${send.nobody.says}\n`);
  return send.nobody.code;
};

const unanswered = ({ events }: ControlOutcome, type: string, flags: ControlFlags, { settings }: OpenBus, io: Io): number => {
  for (const event of events) {
    io.out(
      flags.json === true
        ? `${canonicalJson({ offset: event.offset, partition: event.partition, type })}\n`
        : `${type} is on the log: ${placeOf(event)}\n`,
    );
  }
  if (settings.bus === 'embedded' && flags.wait)
    io.err('One process at a time uses the embedded bus: the event takes effect when the next processor on it runs.\n');
  return 0;
};

const placeOf = ({ partition, offset }: { readonly partition: number; readonly offset: number }): string =>
  `${CONTROL_EVENTS}/${partition}, offset ${offset}`;

/** Prints what a shard answered; false: it was refused by a run, or set aside. */
const report = (answer: ShardAnswer, type: string, json: boolean, io: Io): boolean => {
  const { deadLetter, partition, offset, runs } = answer;
  if (deadLetter !== undefined) {
    io.out(
      json
        ? `${canonicalJson({ note: deadLetter, offset, partition, taken: false, type })}\n`
        : `${type} was set aside (${placeOf(answer)}): ${deadLetter}\n`,
    );
    return false;
  }
  for (const run of runs) io.out(`${json ? jsonOf(run, type) : textOf(run, type)}\n`);
  return runs.every(isTaken);
};

const isTaken = ({ kind }: RunAnswer): boolean => kind !== 'REJECTED_INPUT';

const textOf = (answer: RunAnswer, type: string): string =>
  `run ${answer.run}: ${type} ${isTaken(answer) ? 'took effect' : 'was refused'} at seq ${answer.seq} (${placeOf(answer)})` +
  (answer.note === null ? '' : `: ${answer.note}`);

const jsonOf = (answer: RunAnswer, type: string): string => {
  const { kind, note, offset, partition, run, seq } = answer;
  return canonicalJson({ kind, note, offset, partition, run_id: run, seq, taken: isTaken(answer), type });
};
