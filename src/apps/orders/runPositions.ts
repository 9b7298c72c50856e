/** What the active runs hold, read from `policy-state` as it is committed now: by run, by symbol. */
import type { Decimal } from '../../contracts/decimal';
import { describeFault } from '../../contracts/avro/decoded';
import { POLICY_STATE } from '../../contracts/topics';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';
import { currentState } from '../records/currentState';
import type { Session } from '../session';

export type Holdings = ReadonlyMap<string, Decimal>;

/** Of one run, or of all. */
export const activePositions = async (session: Session, only?: string): Promise<ReadonlyMap<string, Holdings>> => {
  const held = new Map<string, Map<string, Decimal>>();
  for (const { runs, partition } of await currentState(session.bus, session.codec)) {
    const ofShard = new Map<string, Map<string, Decimal>>();
    for (const [run, { status }] of runs)
      if (status === 'ACTIVE' && (only === undefined || run === only)) ofShard.set(run, new Map());
    if (ofShard.size > 0) await readPositions(session, partition, ofShard);
    for (const [run, positions] of ofShard) held.set(run, positions);
  }
  return held;
};

const readPositions = async (
  { bus, codec }: Session,
  partition: number,
  runs: ReadonlyMap<string, Map<string, Decimal>>,
): Promise<void> => {
  for await (const { key, value, offset } of recordsTo(bus, { topic: POLICY_STATE, partition, offset: 0 })) {
    const read = codec.decodeKey(POLICY_STATE, key);
    if (!read.ok || read.value.kind !== 'position') continue;
    const positions = runs.get(read.value.run_id);
    if (positions === undefined) continue;
    // A position that is closed is a tombstone.
    if (value === null) positions.delete(read.value.id);
    else {
      const entity = codec.decodeValue(POLICY_STATE, value);
      if (!entity.ok)
        throw new Failure(
          `${POLICY_STATE}/${partition}@${offset}: ${describeFault(entity.error)}; positions cannot be told without it`,
        );
      if (entity.value.kind === 'position') positions.set(read.value.id, entity.value.qty);
    }
  }
};
