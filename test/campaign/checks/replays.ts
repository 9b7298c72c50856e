/**
 * The log against one uninterrupted fold of the same inputs in the recorded order: what restarts, takeovers and batches must not be able to change.
 * Compared byte for byte: audit records, decisions, dead letters, the state; and a memory restored from the state must judge as one that never stopped.
 */
import { ENGINE_VERSION } from '../../../src/apps/session';
import { refold } from '../../../src/audit/refold';
import type { Codec } from '../../../src/contracts/avro/codec';
import { decimal } from '../../../src/contracts/decimal';
import type { RecordName } from '../../../src/contracts/avro/schemas';
import type { InputTopic, Topic } from '../../../src/contracts/topics';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS, INPUT_TOPICS, ORDER_INTENTS, POLICY_STATE } from '../../../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../../src/processor/bus';
import { fold } from '../../../src/processor/fold';
import type { FoldContext } from '../../../src/processor/foldContext';
import { POSITION_FIELD } from '../../../src/processor/inputs';
import type { ShardState } from '../../../src/processor/ledger';
import { emptyShard } from '../../../src/processor/ledger';
import { ShardRestore } from '../../../src/processor/restoreShard';
import { hasLeftovers, takeStateRecords } from '../../../src/processor/stateRecords';
import type { RawLog } from '../rawLog';
import { asBus } from '../rawLog';
import type { Audit } from './decoding';
import { decoded } from './decoding';
import type { Findings } from './findings';

export const checkReplays = async (
  log: RawLog,
  codec: Codec,
  audits: readonly (readonly Audit[])[],
  findings: Findings,
): Promise<void> => {
  for (let partition = 0; partition < log.shards; partition++) {
    try {
      await refold({ bus: asBus(log), codec, partition });
    } catch (error) {
      findings.add('replay', `shard ${partition}: ${messageOf(error)}`);
    }
    const again = uninterrupted(log, codec, partition, audits[partition] ?? []);
    if (again === undefined) {
      findings.add('uninterrupted run', `shard ${partition}: the recorded order names inputs that are not there`);
      continue;
    }
    for (const topic of [AUDIT_RECORDS, DECISIONS] as const) compareInOrder(log, partition, topic, again.outputs, findings);
    compareLetters(log, partition, again.outputs, findings);
    compareState(log, partition, again.state, findings);
    compareMemory(log, codec, partition, again.context, findings);
  }
};

interface Uninterrupted {
  readonly context: FoldContext;
  readonly outputs: readonly OutgoingRecord[];
  /** By key, in hex; null: dropped. */
  readonly state: ReadonlyMap<string, Uint8Array | null>;
}

/** Folds up to the positions of each audit record in turn, its own input last; then the rest, of which no audit record came. */
const uninterrupted = (log: RawLog, codec: Codec, partition: number, audits: readonly Audit[]): Uninterrupted | undefined => {
  const context = contextOf(emptyShard(partition), codec);
  const { positions } = context.shard;
  const inputs = new Map(INPUT_TOPICS.map((topic) => [topic, log.records(topic, partition)]));
  const next = new Map<InputTopic, number>();
  const foldTo = (topic: InputTopic, end: number): boolean => {
    const records = inputs.get(topic) ?? [];
    for (let at = next.get(topic) ?? 0; positions[POSITION_FIELD[topic]] < end; at++) {
      const record = records[at];
      if (record === undefined || record.offset >= end) return end === Infinity;
      fold(context, record);
      next.set(topic, at + 1);
    }
    return true;
  };
  for (const audit of audits) {
    const own = INPUT_TOPICS.find((topic) => topic === audit.input.topic);
    if (own === undefined) return undefined;
    const order = [...INPUT_TOPICS.filter((topic) => topic !== own), own];
    if (!order.every((topic) => foldTo(topic, audit.positions[POSITION_FIELD[topic]] ?? 0))) return undefined;
  }
  for (const topic of INPUT_TOPICS) foldTo(topic, Infinity);
  const outputs = context.outputs.splice(0);
  return { context, outputs, state: stateOf(context.shard, codec) };
};

const contextOf = (shard: ShardState, codec: Codec): FoldContext => ({
  ...{ shard, codec, engineVersion: ENGINE_VERSION, observer: {}, outputs: [] },
  stopwatch: { now: () => '', timed: (work) => ({ value: work(), measured: { recordedAt: '', evalMs: null } }) },
});

const stateOf = (shard: ShardState, codec: Codec): Map<string, Uint8Array | null> => {
  const state = new Map<string, Uint8Array | null>();
  do {
    for (const { key, value } of takeStateRecords(shard, codec, 0)) state.set(hex(key), value);
  } while (hasLeftovers(shard));
  return state;
};

const compareInOrder = (
  log: RawLog,
  partition: number,
  topic: Topic,
  outputs: readonly OutgoingRecord[],
  findings: Findings,
): void => {
  const again = outputs.filter((output) => output.topic === topic);
  const recorded = log.records(topic, partition);
  if (again.length !== recorded.length)
    findings.add(
      'uninterrupted run',
      `${topic}/${partition}: ${recorded.length} records, and ${again.length} without interruption`,
    );
  const at = recorded.findIndex((record, place) => !sameRecord(record, again[place]));
  if (at === -1) return;
  const difference = differenceOf(topic === AUDIT_RECORDS ? 'AuditRecord' : 'Decision', recorded[at], again[at]);
  findings.add(
    'uninterrupted run',
    `${topic}/${partition}@${recorded[at]?.offset ?? -1} is not what comes without interruption: ${difference}`,
  );
};

/** For a person: the fields that differ. */
const differenceOf = (name: RecordName, recorded?: OutgoingRecord, again?: OutgoingRecord): string => {
  const one = decoded(name, recorded?.value ?? null) as Record<string, unknown> | undefined;
  const other = decoded(name, again?.value ?? null) as Record<string, unknown> | undefined;
  const fields = Object.keys(one ?? {}).filter((field) => JSON.stringify(one?.[field]) !== JSON.stringify(other?.[field]));
  const shown = fields
    .filter((field) => field !== 'hash')
    .map((field) => `${field} ${JSON.stringify(one?.[field])}, without interruption ${JSON.stringify(other?.[field])}`);
  return `run ${String(one?.run_id)} seq ${String(one?.seq)}: ${shown.join('; ').slice(0, LONGEST_DIFFERENCE)}`;
};

const LONGEST_DIFFERENCE = 3_000;

/** The order of dead letters of several topics is no promise; each is known by where it came from. */
const compareLetters = (log: RawLog, partition: number, outputs: readonly OutgoingRecord[], findings: Findings): void => {
  const origin = ({ headers = {} }: OutgoingRecord): string => `${headers.topic ?? ''}@${headers.offset ?? ''}`;
  const again = new Map(outputs.filter(({ topic }) => topic === DEAD_LETTERS).map((letter) => [origin(letter), letter]));
  const recorded = log.records(DEAD_LETTERS, partition);
  if (again.size !== recorded.length)
    findings.add('uninterrupted run', `dead-letters/${partition}: ${recorded.length}, and ${again.size} without interruption`);
  for (const letter of recorded) {
    const other = again.get(origin(letter));
    if (other === undefined || other.headers?.reason !== letter.headers.reason || !sameBytes(other.value, letter.value))
      findings.add('uninterrupted run', `dead-letters/${partition}@${letter.offset} is not what comes without interruption`);
  }
};

const compareState = (
  log: RawLog,
  partition: number,
  again: ReadonlyMap<string, Uint8Array | null>,
  findings: Findings,
): void => {
  const recorded = new Map<string, Uint8Array | null>();
  for (const { key, value } of log.records(POLICY_STATE, partition)) recorded.set(hex(key), value);
  for (const key of new Set([...recorded.keys(), ...again.keys()])) {
    const { kind, run_id, id } = decoded('StateKey', Buffer.from(key, 'hex')) as { kind: string; run_id: string; id: string };
    // The fence is of the services alone.
    if (kind === 'fence' || sameBytes(recorded.get(key) ?? null, again.get(key) ?? null)) continue;
    findings.add('state', `policy-state/${partition}: ${kind} ${run_id} ${id} is not as folding everything again gives it`);
  }
};

/** The same questions to the memory that was restored and to the one that never stopped. */
const compareMemory = (log: RawLog, codec: Codec, partition: number, { shard }: FoldContext, findings: Findings): void => {
  let restored: ShardState;
  try {
    const restore = new ShardRestore(partition, codec);
    for (const record of log.records(POLICY_STATE, partition)) restore.apply(record);
    restored = restore.finish();
  } catch (error) {
    findings.add('restored memory', `shard ${partition}: ${messageOf(error)}`);
    return;
  }
  const questions = questionsTo(log, codec, partition, shard);
  const live = contextOf(shard, codec);
  const other = contextOf(restored, codec);
  for (const question of questions) {
    fold(live, question);
    fold(other, question);
    const at = live.outputs.findIndex((output, place) => !sameRecord(output, other.outputs[place]));
    if (at !== -1 || live.outputs.length !== other.outputs.length) {
      findings.add(
        'restored memory',
        `shard ${partition}: a restored memory answers ${runOf(question)} otherwise than one that never stopped`,
      );
      return;
    }
    live.outputs.length = 0;
    other.outputs.length = 0;
  }
};

const MOST_REPEATS = 2_000;

/** Of each run: every symbol bought and sold, and what was asked before. */
const questionsTo = (log: RawLog, codec: Codec, partition: number, shard: ShardState): readonly BusRecord[] => {
  const earlier = log.records(ORDER_INTENTS, partition).slice(-MOST_REPEATS);
  const timestamp = (earlier.at(-1)?.timestamp ?? 0) + 1_000;
  let offset = log.end(ORDER_INTENTS, partition) + 1;
  const ask = (key: Uint8Array | null, value: Uint8Array | null): BusRecord => ({
    topic: ORDER_INTENTS,
    partition,
    offset: offset++,
    key,
    value,
    timestamp,
    headers: {},
  });
  const fresh = [...shard.runs.keys()].flatMap((runId) =>
    [...shard.prices.keys()].flatMap((symbol) =>
      (['buy', 'sell'] as const).map((side) =>
        ask(
          Buffer.from(runId, 'utf8'),
          codec.encodeValue(ORDER_INTENTS, {
            ...{ intent_id: `question-${offset}`, timestamp: '2026-02-24T09:30:01Z', strategy_id: 'alpha', account_id: 'acct-1' },
            instrument: { symbol, asset_class: 'equity' },
            ...{ side, order_type: 'market', qty: decimal('70'), limit_price: null },
          }),
        ),
      ),
    ),
  );
  return [...earlier.map(({ key, value }) => ask(key, value)), ...fresh];
};

const runOf = ({ key }: BusRecord): string => (key === null ? 'nobody' : Buffer.from(key).toString('utf8'));

const sameRecord = (a: OutgoingRecord, b: OutgoingRecord | undefined): boolean =>
  a.topic === b?.topic && a.timestamp === b.timestamp && sameBytes(a.key, b.key) && sameBytes(a.value, b.value);

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;

const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('hex');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
