/**
 * The log against a fold of the same inputs in the recorded order: what restarts, takeovers and batches must not be able to change. This check alone uses the
 * production fold, since that is its point.
 *
 * The production auditor folds everything once, and judges; what came of that fold is held against the log here as well, so that an auditor that
 * overlooks something is seen. Only where the two do not agree is everything folded a second time, without the auditor, to tell what differs.
 */
import { refold } from '../../src/audit/refold';
import type { Codec } from '../../src/contracts/avro/codec';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS, INPUT_TOPICS, POLICY_STATE } from '../../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { fold } from '../../src/processor/fold';
import { POSITION_FIELD } from '../../src/processor/inputs';
import type { ShardState } from '../../src/processor/ledger';
import { emptyShard } from '../../src/processor/ledger';
import { hasLeftovers, takeStateRecords } from '../../src/processor/stateRecords';
import type { Commit } from './commits';
import { isPublishedAs } from './decisions';
import type { DecodedLog } from './decodedLog';
import { decoded } from './decoding';
import type { Findings } from './findings';
import { asBus, firstFrom, sameBytes } from './rawLog';
import { checkRestores } from './restores';
import { contextOf, tellDifferences } from './uninterrupted';

export const checkReplays = async (
  log: DecodedLog,
  codec: Codec,
  commits: readonly Commit[] | undefined,
  findings: Findings,
): Promise<void> => {
  for (let partition = 0; partition < log.shards; partition++) {
    try {
      const shard = (await audited(log, codec, partition, findings)) ?? tellDifferences(log, codec, partition, findings);
      if (shard === undefined) continue;
      compareState(log, partition, stateOf(shard, codec), findings);
      checkRestores({ log, codec, partition, commits, shard }, findings);
    } catch (error) {
      // The fold never throws for what a record holds: what it was given to start from is wrong, or it is broken.
      findings.add('replay', `shard ${partition}: folding again failed: ${messageOf(error)}`);
    }
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The memory after every input, by the auditor's fold; undefined where the log is not what came of it. */
const audited = async (log: DecodedLog, codec: Codec, partition: number, findings: Findings): Promise<ShardState | undefined> => {
  const hashes: Uint8Array[] = [];
  const observer = { recorded: (_: unknown, hash: Uint8Array): unknown => hashes.push(hash) };
  let shard: ShardState;
  try {
    shard = await refold({ bus: asBus(log.log), codec, partition, observer });
  } catch (error) {
    findings.add('replay', `shard ${partition}: ${messageOf(error)}`);
    return undefined;
  }
  // A hash is of all bytes of its record, and of the hash before it.
  const audits = log.audits(partition);
  if (hashes.length !== audits.length || !audits.every(({ hash }, at) => sameBytes(hash, hashes[at] ?? null))) return undefined;
  return hasRecordsAround(log, codec, partition) && hasLettersOfTheRest(log, codec, partition) && foldsToTheEnd(log, codec, shard)
    ? shard
    : undefined;
};

/** Keys and times of audit records; and decisions, which are in the journal byte for byte. */
const hasRecordsAround = (log: DecodedLog, codec: Codec, partition: number): boolean => {
  const isIn = (topic: typeof AUDIT_RECORDS | typeof DECISIONS, intent_id: string, of: Around): boolean =>
    of.clock === of.timestamp && sameBytes(of.key, codec.encodeKey(topic, { run_id: of.run_id, intent_id }));
  const decisions = log.decisions(partition);
  let next = 0;
  for (const audit of log.audits(partition)) {
    if (!isIn(AUDIT_RECORDS, audit.intent?.intent_id ?? audit.execution?.intent_id ?? '', audit)) return false;
    if (audit.kind !== 'DECISION') continue;
    const decision = decisions[next++];
    if (decision === undefined || !isPublishedAs(audit, decision) || !isIn(DECISIONS, decision.intent_id, decision)) return false;
  }
  return next === decisions.length;
};

interface Around {
  readonly run_id: string;
  readonly clock: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
}

/** Inputs without audit records, folded apart from all others: their dead letters, and no other. False also for a letter that only the whole fold can write. */
const hasLettersOfTheRest = (log: DecodedLog, codec: Codec, partition: number): boolean => {
  const context = contextOf(emptyShard(partition), codec);
  const seen = new Map<string, Set<number>>(INPUT_TOPICS.map((topic) => [topic, new Set()]));
  for (const { input } of log.audits(partition)) seen.get(input.topic)?.add(input.offset);
  let letters = 0;
  for (const topic of INPUT_TOPICS) {
    const ofTopic = log.letters(partition).get(topic);
    for (const input of log.log.records(topic, partition)) {
      if (seen.get(topic)?.has(input.offset) === true) continue;
      fold(context, input);
      const [output, ...more] = context.outputs.splice(0);
      const recorded = ofTopic?.get(input.offset);
      if (more.length > 0 || !sameLetter(output, recorded?.[0])) return false;
      if (recorded !== undefined) letters += 1;
    }
  }
  return letters === log.log.records(DEAD_LETTERS, partition).length;
};

const sameLetter = (again: OutgoingRecord | undefined, recorded: BusRecord | undefined): boolean =>
  again === undefined || recorded === undefined
    ? again === recorded
    : again.topic === DEAD_LETTERS &&
      again.timestamp === recorded.timestamp &&
      again.headers?.reason === recorded.headers.reason &&
      sameBytes(again.key, recorded.key) &&
      sameBytes(again.value, recorded.value);

/** Folds what no audit record came of after the last one. False: one should have come. */
const foldsToTheEnd = (log: DecodedLog, codec: Codec, shard: ShardState): boolean => {
  const context = contextOf(shard, codec);
  for (const topic of INPUT_TOPICS) {
    const records = log.log.records(topic, shard.partition);
    for (let at = firstFrom(records, shard.positions[POSITION_FIELD[topic]]); at < records.length; at++) {
      const input = records[at];
      if (input !== undefined) fold(context, input);
    }
  }
  return context.outputs.every(({ topic }) => topic === DEAD_LETTERS);
};

/** Everything that was ever touched, by key in hex; null: dropped. */
const stateOf = (shard: ShardState, codec: Codec): ReadonlyMap<string, Uint8Array | null> => {
  const state = new Map<string, Uint8Array | null>();
  do {
    for (const { key, value } of takeStateRecords(shard, codec, 0)) state.set(hex(key), value);
  } while (hasLeftovers(shard));
  return state;
};

const compareState = (
  log: DecodedLog,
  partition: number,
  again: ReadonlyMap<string, Uint8Array | null>,
  findings: Findings,
): void => {
  const recorded = new Map<string, Uint8Array | null>();
  for (const { key, value } of log.log.records(POLICY_STATE, partition)) recorded.set(hex(key), value);
  const add = (key: string): void => {
    const named = decoded('StateKey', Buffer.from(key, 'hex')) as { kind: string; run_id: string; id: string } | undefined;
    // The fence is of the services alone.
    if (named?.kind === 'fence') return;
    const what = named === undefined ? `the unreadable key ${key}` : `${named.kind} ${named.run_id} ${named.id}`;
    findings.add('state', `policy-state/${partition}: ${what} is not as folding everything again gives it`);
  };
  for (const [key, value] of recorded) if (!sameBytes(value, again.get(key) ?? null)) add(key);
  for (const [key, value] of again) if (value !== null && !recorded.has(key)) add(key);
};

const hex = (bytes: Uint8Array | null): string => (bytes === null ? '' : asBuffer(bytes).toString('hex'));

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
