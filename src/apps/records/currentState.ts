/**
 * What the processors remember of their runs, read from `policy-state` while they run: the newest record of each key that is committed now. Nothing is
 * written and nobody is waited for. Source: design, "The processor".
 */
import type { Codec } from '../../contracts/avro/codec';
import type { Decoded } from '../../contracts/avro/decoded';
import { describeFault } from '../../contracts/avro/decoded';
import type { InputPositions, RunEntity } from '../../contracts/messages';
import { POLICY_STATE } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';

/** One shard's runs and what holds for all of them. Intents, positions and prices are passed over: they may be millions. */
export interface StateOfShard {
  readonly partition: number;
  /** By run id. */
  readonly runs: ReadonlyMap<string, RunEntity>;
  /** Tripped for every run, those to come included. */
  readonly killSwitchActive: boolean;
  /** What is folded; undefined: the shard has never committed anything. */
  readonly positions: InputPositions | undefined;
}

/** Every shard, in order. */
export const currentState = async (bus: Bus, codec: Codec): Promise<readonly StateOfShard[]> => {
  const shards: StateOfShard[] = [];
  for (let partition = 0; partition < bus.shards; partition++) shards.push(await stateOfShard(bus, codec, partition));
  return shards;
};

const stateOfShard = async (bus: Bus, codec: Codec, partition: number): Promise<StateOfShard> => {
  const runs = new Map<string, RunEntity>();
  let killSwitchActive = false;
  let positions: InputPositions | undefined;
  for await (const record of recordsTo(bus, { topic: POLICY_STATE, partition, offset: 0 })) {
    const { run_id, kind } = decodedOf(record, codec.decodeKey(POLICY_STATE, record.key));
    if ((kind !== 'run' && kind !== 'shard' && kind !== 'positions') || record.value === null) continue;
    const entity = decodedOf(record, codec.decodeValue(POLICY_STATE, record.value));
    if (entity.kind === 'run') runs.set(run_id, entity);
    else if (entity.kind === 'shard') killSwitchActive = entity.kill_switch_active;
    else if (entity.kind === 'positions') ({ positions } = entity);
  }
  return { partition, runs, killSwitchActive, positions };
};

const decodedOf = <T>({ topic, partition, offset }: BusRecord, decoded: Decoded<T>): T => {
  if (decoded.ok) return decoded.value;
  throw new Failure(`${topic}/${partition}@${offset}: ${describeFault(decoded.error)}; the state cannot be told without it`);
};
