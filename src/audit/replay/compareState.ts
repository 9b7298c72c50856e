/** The memory after every input against the newest record of each key of `policy-state`, byte for byte, tombstones included. */
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import type { StateKey } from '../../contracts/messages';
import { POLICY_STATE } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import type { ShardState } from '../../processor/ledger';
import { recordsTo } from '../../processor/readTo';
import { isSame } from '../isSame';
import { Differs } from './difference';
import { entityOf, keysOf } from './entities';
import { stateKeyText } from './recordedState';
import type { RecordedState } from './recordedState';

export interface ComparedState {
  /** Entities that are the same. */
  readonly entities: number;
  /** Entities of runs that have ended, which are dropped with the next commits. */
  readonly toBeDropped: number;
}

/** `run`: only its entities. Rejects with a Differs. */
export const compareState = async (
  bus: Bus,
  codec: Codec,
  shard: ShardState,
  recorded: RecordedState,
  run: string | undefined,
): Promise<ComparedState> => {
  const { partition } = shard;
  const counts = { entities: 0, toBeDropped: 0 };
  for await (const record of recordsTo(bus, { topic: POLICY_STATE, partition, offset: 0 }, recorded.end)) {
    if (recorded.newest.get(stateKeyText(codec, record.key)) !== record.offset) continue;
    const key = codec.decodeKey(POLICY_STATE, record.key);
    if (!key.ok) throw unreadable(record, describeFault(key.error));
    if (key.value.kind === 'fence' || (run !== undefined && key.value.run_id !== run)) continue;
    if (isToBeDropped(shard, key.value, record)) counts.toBeDropped += 1;
    else compareEntity(codec, shard, key.value, record);
    counts.entities += 1;
  }
  checkPresence(codec, shard, recorded, run);
  return counts;
};

/** The order of the drops is no promise, and a processor may be stopped before all are written. */
const isToBeDropped = (shard: ShardState, { kind, run_id, id }: StateKey, { value }: BusRecord): boolean => {
  const state = shard.runs.get(run_id)?.state;
  return kind === 'intent' && value !== null && state?.status === 'ENDED' && !state.intents.has(id);
};

const compareEntity = (codec: Codec, shard: ShardState, key: StateKey, recorded: BusRecord): void => {
  const entity = entityOf(shard, key);
  const now = entity === undefined ? null : codec.encodeValue(POLICY_STATE, entity);
  if (isSame(recorded.value, now)) return;
  const { value, offset } = recorded;
  const written = codec.schemaIdOf(value);
  const earlier =
    now === null || written === undefined || written === codec.schemaIdOf(now)
      ? undefined
      : codec.inEarlierForm(POLICY_STATE, now, written);
  if (earlier !== undefined && isSame(value, earlier)) return;
  throw new Differs({
    ...{ kind: value !== null && now === null ? 'extra' : 'changed', topic: POLICY_STATE, partition: shard.partition, offset },
    what: `${nameOf(key)} is not as folding everything again leaves it`,
    recorded,
    again: { ...recorded, value: earlier ?? now },
  });
};

/** Everything in memory has a record. */
const checkPresence = (codec: Codec, shard: ShardState, { newest, end }: RecordedState, run: string | undefined): void => {
  const { partition } = shard;
  for (const key of keysOf(shard)) {
    if (run !== undefined && key.run_id !== run) continue;
    const bytes = codec.encodeKey(POLICY_STATE, key);
    if (newest.has(stateKeyText(codec, bytes))) continue;
    const entity = entityOf(shard, key);
    const value = entity === undefined ? null : codec.encodeValue(POLICY_STATE, entity);
    const again = { topic: POLICY_STATE, partition, key: bytes, value, timestamp: 0 } as const;
    const what = `${nameOf(key)} has no record`;
    throw new Differs({ kind: 'missing', topic: POLICY_STATE, partition, offset: end, what, again });
  }
};

const unreadable = (recorded: BusRecord, what: string): Differs => {
  const { topic, partition, offset } = recorded;
  return new Differs({ kind: 'unreadable', topic, partition, offset, what: `key: ${what}`, recorded });
};

const nameOf = ({ kind, run_id, id }: StateKey): string => {
  const of = run_id === '' ? '' : ` of run \`${run_id}\``;
  return `the entity ${kind}${id === '' ? '' : ` \`${id}\``}${of}`;
};
