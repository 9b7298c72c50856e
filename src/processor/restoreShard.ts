/** A shard's memory, read back from `policy-state`. Source: design, "The processor". */
import { hexOf } from '../contracts/json/hex';
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import type { Decimal } from '../contracts/decimal';
import { describeError } from '../contracts/contractError';
import type { RunEntity, StateEntity, StateKey } from '../contracts/messages';
import { policyHash, readPolicy } from '../contracts/policyDocument';
import { IntentRegister } from '../domain/intentRegister';
import type { Steps } from '../domain/restore';
import { finished, restoreRun } from '../domain/restore';
import type { BusRecord } from './bus';
import type { KnownPolicy, ShardState } from './ledger';
import { emptyShard } from './ledger';

/** The state of a shard cannot be trusted: the process must stop, nothing may be decided on it. */
export class StateError extends Error {
  override readonly name = 'StateError';
  constructor(partition: number, what: string) {
    super(
      `policy-state of shard ${partition}: ${what}; nothing is decided on it: restore the log from a copy, or rebuild the state by replay`,
    );
  }
}

/** What one record of `policy-state` says: an entity, or that it is no more. */
export interface StateChange {
  readonly key: StateKey;
  readonly entity: StateEntity | null;
}

/** Throws a StateError for a record that cannot be read, or of which key and value do not fit. */
export const stateChangeOf = (codec: Codec, { key, value, offset, topic, partition }: BusRecord): StateChange => {
  const stateKey = codec.decodeKey('policy-state', key);
  if (!stateKey.ok) throw new StateError(partition, `key at offset ${offset}: ${describeFault(stateKey.error)}`);
  if (value === null) return { key: stateKey.value, entity: null };
  const entity = codec.decodeValue('policy-state', value);
  if (!entity.ok) throw new StateError(partition, `${topic} at offset ${offset}: ${describeFault(entity.error)}`);
  if (entity.value.kind !== stateKey.value.kind) {
    throw new StateError(partition, `offset ${offset}: key says ${stateKey.value.kind}, value says ${entity.value.kind}`);
  }
  return { key: stateKey.value, entity: entity.value };
};

/** The policy whose hash, in hex, is `id`. Throws a StateError for a text that is none, or another's. */
export const storedPolicy = (partition: number, id: string, text: string): KnownPolicy => {
  const read = readPolicy(text, `policy ${id}`);
  if (!read.ok)
    throw new StateError(partition, `the text of policy ${id} is invalid: ${read.error.map(describeError).join('; ')}`);
  const hash = policyHash(text);
  if (hexOf(hash) !== id) throw new StateError(partition, `the text of policy ${id} has another hash`);
  return { policy: read.value.policy, hash, text };
};

/** The policy that a run applies; undefined: none yet. Throws a StateError when the shard does not have its text. */
export const policyOf = ({ partition, policies }: ShardState, runId: string, entity: RunEntity): KnownPolicy | undefined => {
  if (entity.policy_hash === null) return undefined;
  const hash = hexOf(entity.policy_hash);
  const policy = policies.get(hash);
  if (policy === undefined)
    throw new StateError(partition, `run \`${runId}\` applies policy ${hash}, of which the text is missing`);
  return policy;
};

interface RunParts {
  entity: RunEntity | undefined;
  readonly quantities: Map<string, Decimal>;
  readonly intents: IntentRegister;
}

/** Collects entities record by record; `finish` puts the memory together. A newer record of a key replaces the older, a tombstone drops it. */
export class ShardRestore {
  private readonly shard: ShardState;
  private readonly runs = new Map<string, RunParts>();
  /** The newest fence that was read. */
  fence: string | undefined;

  constructor(
    partition: number,
    private readonly codec: Codec,
  ) {
    this.shard = emptyShard(partition);
  }

  apply(record: BusRecord): void {
    const { key, entity } = stateChangeOf(this.codec, record);
    if (entity === null) this.drop(key);
    else this.put(key, entity);
  }

  finish(): ShardState {
    return finished(this.finishing());
  }

  /** As `finish`, for who has others to let in between. */
  *finishing(): Steps<ShardState> {
    for (const [runId, { entity, quantities, intents }] of this.runs) {
      if (entity === undefined) {
        // The last tombstones of an ended run may outlive nothing, but no entity comes without its run.
        if (quantities.size === 0 && intents.size === 0) continue;
        throw new StateError(this.shard.partition, `run \`${runId}\` has entities but no run record`);
      }
      const policy = policyOf(this.shard, runId, entity);
      intents.packClosed();
      const state = yield* restoreRun({ runId, entity, policy, quantities, intents }, this.shard.prices);
      this.shard.runs.set(runId, { state, nextSeq: entity.next_seq, chainHash: entity.chain_hash });
    }
    return this.shard;
  }

  private partsOf(runId: string): RunParts {
    let parts = this.runs.get(runId);
    if (parts === undefined) {
      parts = { entity: undefined, quantities: new Map(), intents: new IntentRegister() };
      this.runs.set(runId, parts);
    }
    return parts;
  }

  private put({ run_id, id }: StateKey, entity: StateEntity): void {
    switch (entity.kind) {
      case 'run':
        this.partsOf(run_id).entity = entity;
        return;
      case 'position':
        this.partsOf(run_id).quantities.set(id, entity.qty);
        return;
      case 'intent': {
        this.partsOf(run_id).intents.set(id, entity);
        return;
      }
      case 'price':
        this.shard.prices.set(id, entity.price);
        return;
      case 'policy':
        this.shard.policies.set(id, storedPolicy(this.shard.partition, id, entity.text));
        return;
      case 'positions':
        Object.assign(this.shard.positions, entity.positions);
        return;
      case 'shard':
        this.shard.killSwitchActive = entity.kill_switch_active;
        return;
      case 'fence':
        this.fence = entity.owner;
        return;
    }
  }

  private drop({ run_id, kind, id }: StateKey): void {
    if (kind === 'price') this.shard.prices.delete(id);
    else if (kind === 'policy') this.shard.policies.delete(id);
    else if (kind === 'position') this.partsOf(run_id).quantities.delete(id);
    else if (kind === 'intent') this.partsOf(run_id).intents.delete(id);
    else throw new StateError(this.shard.partition, `a ${kind} was dropped`);
  }
}
