/** A memory that is restored from `policy-state` at any commit, and folds the rest of the log, is the memory that folded everything from offset zero. */
import { RecordedInputs } from '../../src/audit/recordedInputs';
import { RefoldContext } from '../../src/audit/refoldContext';
import { entityOf, keysOf } from '../../src/audit/replay/entities';
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import type { Codec } from '../../src/contracts/avro/codec';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS, POLICY_STATE } from '../../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { fold } from '../../src/processor/fold';
import type { ShardState } from '../../src/processor/ledger';
import { ShardRestore } from '../../src/processor/restoreShard';
import { asBus, logOf } from '../checks/rawLog';
import type { RawLog } from '../checks/rawLog';
import { Random } from '../support/random';
import { TestShard } from '../support/shard';
import { dayOf, live } from '../support/shardHistory';

const DAYS = [21, 22, 23, 24] as const;
const CUTS_OF_EACH = 50;

it.each(DAYS)('folds on from a snapshot at 50 random cuts as from zero (day %s)', async (seed) => {
  const random = new Random(seed);
  // Nothing is compacted away: each commit is a snapshot that somebody may have started from.
  const shard = new TestShard(openMemoryBus({ shards: 1 }));
  await live(shard, dayOf(shard, seed, 300), { most: 6, takeover: 0.1, random });
  const log = await logOf(shard.bus);
  const { codec } = shard;
  const states = log.records(POLICY_STATE, 0);
  const commits = states.flatMap((record, at) => (isEndOfCommit(codec, record) ? [at + 1] : []));
  expect(commits.length).toBeGreaterThan(CUTS_OF_EACH);
  const whole = await foldedOn(log, codec, undefined);
  expect(whole.outputs.map(shape)).toEqual(written(log, 0));
  for (let cut = 0; cut < CUTS_OF_EACH; cut++) {
    const restored = new ShardRestore(0, codec);
    const snapshot = states.slice(0, random.pick(commits));
    snapshot.forEach((record) => restored.apply(record));
    const from = restored.finish();
    // So many audit records were committed with it.
    const before = [...from.runs.values()].reduce((sum, { nextSeq }) => sum + nextSeq, 0);
    const { outputs, memory } = await foldedOn(log, codec, from);
    expect(auditsOf(outputs)).toBe(auditsOf(whole.outputs) - before);
    expect(outputs.map(shape)).toEqual(whole.outputs.slice(whole.outputs.length - outputs.length).map(shape));
    expect(entities(memory, codec)).toEqual(entities(whole.memory, codec));
  }
});

/** Input positions come last in a commit. */
const isEndOfCommit = (codec: Codec, { key }: BusRecord): boolean => {
  const decoded = codec.decodeKey(POLICY_STATE, key);
  return decoded.ok && decoded.value.kind === 'positions';
};

/** Folds the inputs that the memory does not have yet, in the recorded order, the last ones included; the outputs of all topics in their order. */
const foldedOn = async (
  log: RawLog,
  codec: Codec,
  from: ShardState | undefined,
): Promise<{ readonly memory: ShardState; readonly outputs: readonly OutgoingRecord[] }> => {
  const here = Object.assign(new RefoldContext(0, codec, {}), { engineVersion: '0.0.0-test' });
  if (from !== undefined) Object.assign(here, { shard: from });
  const inputs = RecordedInputs.open(asBus(log), 0);
  for (const { value, offset } of log.records(AUDIT_RECORDS, 0)) {
    const head = codec.decodeAuditHead(value);
    if (!head.ok) throw new Error(head.error.message);
    await inputs.feed(head.value, offset, (input) => fold(here, input));
  }
  const positions = lastPositions(log, codec);
  await inputs.feedRest(positions, log.end(AUDIT_RECORDS, 0), (input) => fold(here, input));
  await inputs.close();
  return { memory: here.shard, outputs: here.outputs.filter(({ topic }) => topic !== DEAD_LETTERS) };
};

/** The input positions that were committed last. */
const lastPositions = (log: RawLog, codec: Codec) => {
  const last = log.records(POLICY_STATE, 0).findLast((record) => isEndOfCommit(codec, record));
  const entity = codec.decodeValue(POLICY_STATE, last?.value ?? null);
  if (!entity.ok || entity.value.kind !== 'positions') throw new Error('no positions');
  return entity.value.positions;
};

const auditsOf = (outputs: readonly OutgoingRecord[]): number => outputs.filter(({ topic }) => topic === AUDIT_RECORDS).length;

const shape = ({ topic, key, value, timestamp }: OutgoingRecord): string =>
  [topic, timestamp, ...[key, value].map((bytes) => Buffer.from(bytes ?? []).toString('base64'))].join(' ');

/** What is on the log, a decision before the record that proves it. */
const written = (log: RawLog, partition: number): readonly string[] => {
  const decisions = [...log.records(DECISIONS, partition)];
  return log.records(AUDIT_RECORDS, partition).flatMap((audit) => {
    const proves = decisions[0]?.timestamp === audit.timestamp && decisions[0].headers.eval_ms !== undefined;
    return proves && audit.headers.eval_ms !== undefined ? [shape(decisions.shift()!), shape(audit)] : [shape(audit)];
  });
};

const entities = (memory: ShardState, codec: Codec): ReadonlyMap<string, string> =>
  new Map(
    [...keysOf(memory)]
      // Who restores does not know whether the switch of all runs was ever touched.
      .filter(({ kind }) => kind !== 'shard')
      .map((key) => {
        const entity = entityOf(memory, key);
        const bytes = entity === undefined ? 'none' : codec.encodeValue(POLICY_STATE, entity).toString('base64');
        return [`${key.kind} ${key.run_id} ${key.id}`, bytes] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
