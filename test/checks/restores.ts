/**
 * A memory restored from `policy-state` is the one that never stopped: after all commits it knows the same intents and answers the same questions, and
 * after any commit on the way its chains go on where the journal ends.
 */
import type { Codec } from '../../src/contracts/avro/codec';
import { decimal } from '../../src/contracts/decimal';
import { AUDIT_RECORDS, ORDER_INTENTS, POLICY_STATE } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { fold } from '../../src/processor/fold';
import type { ShardState } from '../../src/processor/ledger';
import { ShardRestore } from '../../src/processor/restoreShard';
import type { Commit } from './commits';
import type { DecodedLog } from './decodedLog';
import type { Audit } from './decoding';
import type { Findings } from './findings';
import { recordAt, sameBytes } from './rawLog';
import { contextOf, sameRecord } from './uninterrupted';

export interface RestoreInput {
  readonly log: DecodedLog;
  readonly codec: Codec;
  readonly partition: number;
  /** Undefined: only the log's end is looked at. */
  readonly commits: readonly Commit[] | undefined;
  /** The memory that never stopped. Questions change it. */
  readonly shard: ShardState;
}

export const checkRestores = (input: RestoreInput, findings: Findings): void => {
  const { log, codec, partition, commits } = input;
  const add = (what: string): void => findings.add('restored memory', `shard ${partition}: ${what}`);
  try {
    const restore = new ShardRestore(partition, codec);
    if (commits === undefined) for (const record of log.log.records(POLICY_STATE, partition)) restore.apply(record);
    else checkCuts(input, commits, restore, add);
    compareMemory(input, restore.finish(), add);
  } catch (error) {
    add(error instanceof Error ? error.message : String(error));
  }
};

const CUTS = 3;

/** Restores from the commits, and looks at what that comes to at some of them. In between, the topic is compacted: the newest record of each key is read. */
const checkCuts = (
  { log, partition }: RestoreInput,
  commits: readonly Commit[],
  restore: ShardRestore,
  add: (what: string) => void,
): void => {
  const audits = log.audits(partition);
  const ends = new Map<string, Audit>();
  const newest = new Map<string, BusRecord>();
  const every = Math.ceil(commits.length / (CUTS + 1));
  for (const [at, { records }] of commits.entries()) {
    for (const record of records) {
      if (record.partition !== partition) continue;
      if (record.topic === POLICY_STATE) {
        const key = textOf(record.key);
        newest.delete(key);
        newest.set(key, record);
      } else if (record.topic === AUDIT_RECORDS) {
        const audit = recordAt(audits, record.offset);
        if (audit !== undefined) ends.set(audit.run_id, audit);
      }
    }
    if (at % every !== every - 1 && at !== commits.length - 1) continue;
    for (const record of newest.values()) restore.apply(record);
    newest.clear();
    checkChainEnds(restore.finish(), ends, (what) => add(`restored after commit ${at + 1} of ${commits.length}, ${what}`));
  }
};

/** One character for each byte: a key for a Map. */
const textOf = (bytes: Uint8Array | null): string =>
  bytes === null ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

const checkChainEnds = ({ runs }: ShardState, ends: ReadonlyMap<string, Audit>, add: (what: string) => void): void => {
  for (const [runId, { nextSeq, chainHash }] of runs) {
    const end = ends.get(runId);
    if (nextSeq !== (end === undefined ? 0 : end.seq + 1) || (end !== undefined && !sameBytes(chainHash, end.hash)))
      add(`run ${runId} goes on at seq ${nextSeq}, and the journal elsewhere`);
  }
  for (const runId of ends.keys()) if (!runs.has(runId)) add(`run ${runId} is not known`);
};

/** The same questions to both. */
const compareMemory = (
  { log, codec, partition, shard }: RestoreInput,
  restored: ShardState,
  add: (what: string) => void,
): void => {
  const other = differentIntent(shard, restored);
  if (other !== undefined) add(`a restored memory remembers intent ${other} otherwise than one that never stopped`);
  const [asked, again] = [contextOf(shard, codec), contextOf(restored, codec)];
  for (const question of questionsTo(log, codec, partition, shard)) {
    fold(asked, question);
    fold(again, question);
    const differs = asked.outputs.some((output, place) => !sameRecord(output, again.outputs[place]));
    if (differs || asked.outputs.length !== again.outputs.length) {
      const run = Buffer.from(question.key ?? []).toString('utf8');
      return add(`a restored memory answers ${run} otherwise than one that never stopped`);
    }
    asked.outputs.length = 0;
    again.outputs.length = 0;
  }
};

/** What each run remembers of each intent: by that repeats are told from conflicts, and fills find their orders. */
const differentIntent = (shard: ShardState, restored: ShardState): string | undefined => {
  for (const [runId, { state }] of shard.runs) {
    const other = restored.runs.get(runId)?.state.intents;
    if (other?.size !== state.intents.size) return `${runId}: ${state.intents.size}, and ${other?.size ?? 0} restored`;
    for (const id of state.intents.ids()) {
      const [one, two] = [state.intents.get(id), other.get(id)];
      const same =
        one !== undefined &&
        one.seq === two?.seq &&
        one.status === two.status &&
        one.decision === two.decision &&
        one.qty === two.qty &&
        one.cum_qty === two.cum_qty &&
        one.decided_at === two.decided_at &&
        sameBytes(one.digest, two.digest);
      if (!same) return `${runId}/${id}`;
    }
  }
  return undefined;
};

const RECENT_AUDITS = 200;

/** Of each run, a question about every symbol: its facts show all that is known of the symbol and of the run, whichever side is asked for. */
const questionsTo = (log: DecodedLog, codec: Codec, partition: number, shard: ShardState): readonly BusRecord[] => {
  const timestamp = (log.log.records(ORDER_INTENTS, partition).at(-1)?.timestamp ?? 0) + 1_000;
  const strategies = new Set(
    log
      .audits(partition)
      .slice(-RECENT_AUDITS)
      .map(({ intent }) => intent?.strategy_id ?? 'alpha'),
  );
  const names = strategies.size === 0 ? ['alpha'] : [...strategies];
  const symbols = [...shard.prices.keys()];
  const first = log.log.end(ORDER_INTENTS, partition) + 1;
  const questions: BusRecord[] = [];
  for (const runId of shard.runs.keys()) {
    for (const symbol of symbols) {
      const number = questions.length;
      const value = codec.encodeValue(ORDER_INTENTS, {
        ...{ intent_id: `question-${number}`, timestamp: '2026-02-24T09:30:01Z', account_id: 'acct-1' },
        ...{ strategy_id: names[number % names.length] ?? '', instrument: { symbol, asset_class: 'equity' } },
        ...{ side: number % 2 === 0 ? 'buy' : 'sell', order_type: 'market', qty: decimal('70'), limit_price: null },
      });
      const key = Buffer.from(runId, 'utf8');
      questions.push({ ...{ topic: ORDER_INTENTS, partition, offset: first + number, key, value, timestamp, headers: {} } });
    }
  }
  return questions;
};
