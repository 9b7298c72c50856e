/** A shard's memory, read back from `policy-state`. Source: design, "The processor". */
import { hexOf } from '../contracts/json/hex';
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import type { Decimal } from '../contracts/decimal';
import { describeError } from '../contracts/contractError';
import type { RunEntity, StateEntity, StateKey } from '../contracts/messages';
import { policyHash, readPolicy } from '../contracts/policyDocument';
import { IntentRegister } from '../domain/intentRegister';
import { restoreRun } from '../domain/restore';
import type { BusRecord } from './bus';
import type { ShardState } from './ledger';
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

  apply({ key, value, offset, topic }: BusRecord): void {
    const stateKey = this.codec.decodeKey('policy-state', key);
    if (!stateKey.ok) throw new StateError(this.shard.partition, `key at offset ${offset}: ${describeFault(stateKey.error)}`);
    if (value === null) return this.drop(stateKey.value);
    const entity = this.codec.decodeValue('policy-state', value);
    if (!entity.ok) throw new StateError(this.shard.partition, `${topic} at offset ${offset}: ${describeFault(entity.error)}`);
    if (entity.value.kind !== stateKey.value.kind) {
      throw new StateError(
        this.shard.partition,
        `offset ${offset}: key says ${stateKey.value.kind}, value says ${entity.value.kind}`,
      );
    }
    this.put(stateKey.value, entity.value);
  }

  finish(): ShardState {
    for (const [runId, { entity, quantities, intents }] of this.runs) {
      if (entity === undefined) {
        // The last tombstones of an ended run may outlive nothing, but no entity comes without its run.
        if (quantities.size === 0 && intents.size === 0) continue;
        throw new StateError(this.shard.partition, `run \`${runId}\` has entities but no run record`);
      }
      const hash = entity.policy_hash === null ? undefined : hexOf(entity.policy_hash);
      const policy = hash === undefined ? undefined : this.shard.policies.get(hash);
      if (hash !== undefined && policy === undefined) {
        throw new StateError(this.shard.partition, `run \`${runId}\` applies policy ${hash}, of which the text is missing`);
      }
      intents.packClosed();
      const state = restoreRun({ runId, entity, policy, quantities, intents }, this.shard.prices);
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
        return this.putPolicy(id, entity.text);
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

  private putPolicy(id: string, text: string): void {
    const read = readPolicy(text, `policy ${id}`);
    if (!read.ok)
      throw new StateError(
        this.shard.partition,
        `the text of policy ${id} is invalid: ${read.error.map(describeError).join('; ')}`,
      );
    const hash = policyHash(text);
    if (hexOf(hash) !== id) throw new StateError(this.shard.partition, `the text of policy ${id} has another hash`);
    this.shard.policies.set(id, { policy: read.value.policy, hash, text });
  }

  private drop({ run_id, kind, id }: StateKey): void {
    if (kind === 'price') this.shard.prices.delete(id);
    else if (kind === 'policy') this.shard.policies.delete(id);
    else if (kind === 'position') this.partsOf(run_id).quantities.delete(id);
    else if (kind === 'intent') this.partsOf(run_id).intents.delete(id);
    else throw new StateError(this.shard.partition, `a ${kind} was dropped`);
  }
}
