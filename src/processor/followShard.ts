/**
 * A copy of a shard's memory, kept as new as `policy-state` while another process, or another part of this one, is its owner. The entities of a transaction
 * are collected until its input positions, which come last in each, and take effect together: what is shown is always what was committed.
 * Source: design, "The processor"; src/domain/followRun.ts.
 */
import type { Codec } from '../contracts/avro/codec';
import type { Decimal } from '../contracts/decimal';
import { ZERO } from '../contracts/decimal';
import type { InputPositions, RunEntity, StateEntity, StateKey } from '../contracts/messages';
import { FollowedRun } from '../domain/followRun';
import type { IntentState } from '../domain/intentRegister';
import { unknownRun } from '../domain/state';
import type { BusRecord } from './bus';
import type { KnownPolicy, RunLedger, ShardState } from './ledger';
import { policyOf, StateError, stateChangeOf, storedPolicy } from './restoreShard';

/** An intent of a run that is new (`before` undefined), has changed, or was dropped (`after` undefined). */
export type IntentChanged = (ledger: RunLedger, before: IntentState | undefined, after: IntentState | undefined) => void;

interface RunBuffer {
  entity: RunEntity | undefined;
  readonly quantities: Map<string, Decimal>;
  readonly intents: Map<string, IntentState | undefined>;
}

export class ShardFollower {
  private readonly followed = new Map<string, { readonly ledger: RunLedger; readonly run: FollowedRun }>();
  private readonly runs = new Map<string, RunBuffer>();
  private readonly prices = new Map<string, Decimal | undefined>();
  private readonly policies = new Map<string, KnownPolicy | undefined>();
  private killSwitchActive: boolean | undefined;

  /** `shard`: as restored; it is this follower's own from here on. */
  constructor(
    readonly shard: ShardState,
    private readonly codec: Codec,
    private readonly intentChanged?: IntentChanged,
  ) {
    for (const ledger of shard.runs.values()) this.follow(ledger);
  }

  /** True: with this record a transaction has taken effect. Throws a StateError for what cannot be; the record is passed over then. */
  add(record: BusRecord): boolean {
    const { key, entity } = stateChangeOf(this.codec, record);
    if (entity?.kind === 'positions') {
      this.takeEffect(entity.positions);
      return true;
    }
    if (entity === null) this.drop(key);
    else this.put(key, entity);
    return false;
  }

  private put({ run_id, id }: StateKey, entity: StateEntity): void {
    switch (entity.kind) {
      case 'run':
        this.bufferOf(run_id).entity = entity;
        return;
      case 'position':
        this.bufferOf(run_id).quantities.set(id, entity.qty);
        return;
      case 'intent':
        this.bufferOf(run_id).intents.set(id, entity);
        return;
      case 'price':
        this.prices.set(id, entity.price);
        return;
      case 'policy':
        this.policies.set(id, storedPolicy(this.shard.partition, id, entity.text));
        return;
      case 'shard':
        this.killSwitchActive = entity.kill_switch_active;
        return;
      // Who owns the shard concerns its owners; positions end the transaction.
      case 'fence':
      case 'positions':
        return;
    }
  }

  private drop({ run_id, kind, id }: StateKey): void {
    if (kind === 'price') this.prices.set(id, undefined);
    else if (kind === 'policy') this.policies.set(id, undefined);
    else if (kind === 'position') this.bufferOf(run_id).quantities.set(id, ZERO);
    else if (kind === 'intent') this.bufferOf(run_id).intents.set(id, undefined);
    else throw new StateError(this.shard.partition, `a ${kind} was dropped`);
  }

  private bufferOf(runId: string): RunBuffer {
    let buffer = this.runs.get(runId);
    if (buffer === undefined) {
      buffer = { entity: undefined, quantities: new Map(), intents: new Map() };
      this.runs.set(runId, buffer);
    }
    return buffer;
  }

  private takeEffect(positions: InputPositions): void {
    const { shard } = this;
    Object.assign(shard.positions, positions);
    if (this.killSwitchActive !== undefined) shard.killSwitchActive = this.killSwitchActive;
    this.killSwitchActive = undefined;
    setAll(shard.policies, this.policies);
    this.policies.clear();
    for (const [symbol, price] of this.prices) this.reprice(symbol, price);
    this.prices.clear();
    for (const [runId, buffer] of this.runs) this.applyRun(runId, buffer);
  }

  private reprice(symbol: string, price: Decimal | undefined): void {
    const { prices, runs } = this.shard;
    const before = prices.get(symbol);
    if (price === before) return;
    if (price === undefined) prices.delete(symbol);
    else prices.set(symbol, price);
    // The equity of a marked run is in its entity.
    for (const { state } of runs.values()) state.exposure.reprice(symbol, before);
  }

  /** Of a run whose entity is still to come (a reader that is late, on a compacted topic), the rest waits for it. */
  private applyRun(runId: string, { entity, quantities, intents }: RunBuffer): void {
    const known = this.followed.get(runId);
    if (known === undefined && entity === undefined) return;
    this.runs.delete(runId);
    const { ledger, run } = known ?? this.open(runId);
    const head = entity === undefined ? undefined : { entity, policy: policyOf(this.shard, runId, entity) };
    const { intentChanged } = this;
    run.apply(
      { head, quantities, intents },
      intentChanged === undefined ? undefined : (before, after) => intentChanged(ledger, before, after),
    );
    if (entity === undefined) return;
    ledger.nextSeq = entity.next_seq;
    ledger.chainHash = entity.chain_hash;
  }

  private open(runId: string): { readonly ledger: RunLedger; readonly run: FollowedRun } {
    const ledger: RunLedger = { state: unknownRun(runId, this.shard.prices), nextSeq: 0, chainHash: new Uint8Array(32) };
    this.shard.runs.set(runId, ledger);
    return this.follow(ledger);
  }

  private follow(ledger: RunLedger): { readonly ledger: RunLedger; readonly run: FollowedRun } {
    const { state, nextSeq } = ledger;
    // Written down by the owner, not by a copy.
    state.touched.run = false;
    state.touched.intents.clear();
    const followed = { ledger, run: new FollowedRun(state, nextSeq - 1, this.shard.prices) };
    this.followed.set(state.runId, followed);
    return followed;
  }
}

const setAll = <V>(into: Map<string, V>, changes: ReadonlyMap<string, V | undefined>): void => {
  for (const [key, value] of changes) {
    if (value === undefined) into.delete(key);
    else into.set(key, value);
  }
};
