/** One fold of a shard's inputs in the recorded order, by nothing but the production fold; and what differs between its outputs and the log. */
import type { Codec } from '../../src/contracts/avro/codec';
import type { RecordName } from '../../src/contracts/avro/schemas';
import type { InputTopic, Topic } from '../../src/contracts/topics';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS, INPUT_TOPICS } from '../../src/contracts/topics';
import type { OutgoingRecord } from '../../src/processor/bus';
import { fold } from '../../src/processor/fold';
import type { FoldContext } from '../../src/processor/foldContext';
import { POSITION_FIELD } from '../../src/processor/inputs';
import type { ShardState } from '../../src/processor/ledger';
import { emptyShard } from '../../src/processor/ledger';
import type { DecodedLog } from './decodedLog';
import { decoded } from './decoding';
import type { Findings } from './findings';
import { sameBytes } from './rawLog';

/** A fold without an audience. The version that made a record is a fact of the log: it is set before each. */
export const contextOf = (shard: ShardState, codec: Codec): FoldContext & { engineVersion: string } => ({
  ...{ shard, codec, engineVersion: '', observer: {}, outputs: [] },
  stopwatch: { now: () => '', timed: (work) => ({ value: work(), measured: { recordedAt: '', evalMs: null } }) },
});

export const sameRecord = (a: OutgoingRecord, b: OutgoingRecord | undefined): boolean =>
  a.topic === b?.topic && a.timestamp === b.timestamp && sameBytes(a.key, b.key) && sameBytes(a.value, b.value);

/** Answers with the memory after every input; undefined where the recorded order leads nowhere. */
export const tellDifferences = (log: DecodedLog, codec: Codec, partition: number, findings: Findings): ShardState | undefined => {
  const again = uninterrupted(log, codec, partition);
  if (again === undefined) {
    findings.add('uninterrupted run', `shard ${partition}: the recorded order names inputs that are not there`);
    return undefined;
  }
  for (const topic of [AUDIT_RECORDS, DECISIONS] as const) compareInOrder(log, partition, topic, again.outputs, findings);
  compareLetters(log, partition, again.outputs, findings);
  return again.shard;
};

/** Folds up to the positions of each audit record in turn, its own input last; then the rest, of which no audit record came. */
const uninterrupted = (
  log: DecodedLog,
  codec: Codec,
  partition: number,
): { readonly shard: ShardState; readonly outputs: readonly OutgoingRecord[] } | undefined => {
  const context = contextOf(emptyShard(partition), codec);
  const { positions } = context.shard;
  const next = new Map<InputTopic, number>();
  const foldTo = (topic: InputTopic, end: number): boolean => {
    const records = log.log.records(topic, partition);
    for (let at = next.get(topic) ?? 0; positions[POSITION_FIELD[topic]] < end; at++) {
      const record = records[at];
      if (record === undefined || record.offset >= end) return end === Infinity;
      fold(context, record);
      next.set(topic, at + 1);
    }
    return true;
  };
  for (const audit of log.audits(partition)) {
    context.engineVersion = audit.engine_version;
    const own = INPUT_TOPICS.find((topic) => topic === audit.input.topic);
    if (own === undefined) return undefined;
    const order = [...INPUT_TOPICS.filter((topic) => topic !== own), own];
    if (!order.every((topic) => foldTo(topic, audit.positions[POSITION_FIELD[topic]] ?? 0))) return undefined;
  }
  for (const topic of INPUT_TOPICS) foldTo(topic, Infinity);
  return { shard: context.shard, outputs: context.outputs };
};

const compareInOrder = (
  log: DecodedLog,
  partition: number,
  topic: Topic,
  outputs: readonly OutgoingRecord[],
  findings: Findings,
): void => {
  const again = outputs.filter((output) => output.topic === topic);
  const recorded = log.log.records(topic, partition);
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
const compareLetters = (log: DecodedLog, partition: number, outputs: readonly OutgoingRecord[], findings: Findings): void => {
  const origin = ({ headers = {} }: OutgoingRecord): string => `${headers.topic ?? ''}@${headers.offset ?? ''}`;
  const again = new Map(outputs.filter(({ topic }) => topic === DEAD_LETTERS).map((letter) => [origin(letter), letter]));
  const recorded = log.log.records(DEAD_LETTERS, partition);
  if (again.size !== recorded.length)
    findings.add('uninterrupted run', `dead-letters/${partition}: ${recorded.length}, and ${again.size} without interruption`);
  for (const letter of recorded) {
    const other = again.get(origin(letter));
    if (other?.headers?.reason !== letter.headers.reason || !sameRecord(letter, other))
      findings.add('uninterrupted run', `dead-letters/${partition}@${letter.offset} is not what comes without interruption`);
  }
};
