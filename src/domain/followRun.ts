/**
 * A copy of a run, kept as new as the entities that `policy-state` gets: what a restore makes of all of them, made of what changed. Whoever shows a run
 * follows it this way; nothing is decided on a copy, and its `touched` stays empty.
 *
 * Each entity is compared with what the copy holds, never taken for the next step after it: of a compacted topic a reader that is late sees the
 * newest entity of each key alone. Constant cost for each entity, but where intents come out of their order (a late reader), or a reset counts
 * back behind them: then the windows are made anew from the register. Source: design, "The engine" (sections of state).
 */
import { minus, smaller, ZERO } from '../contracts/decimal';
import type { Decimal } from '../contracts/decimal';
import type { RunEntity } from '../contracts/messages';
import { Exposure } from './exposure';
import { IntentRegister } from './intentRegister';
import type { IntentState } from './intentRegister';
import { beginningOf, rebuildWindows } from './restore';
import type { ActivePolicy, RunState } from './state';
import { windowOf } from './state';
import { ViolationWindow } from './windows';

/** The run entity with the policy that it names. */
export interface RunHead {
  readonly entity: RunEntity;
  readonly policy: ActivePolicy | undefined;
}

/** What one or more whole transactions have changed in a run. */
export interface RunChanges {
  /** Undefined: it did not change. */
  readonly head: RunHead | undefined;
  /** Zero: dropped. */
  readonly quantities: ReadonlyMap<string, Decimal>;
  /** Undefined: dropped. */
  readonly intents: ReadonlyMap<string, IntentState | undefined>;
}

/** An intent that is new (`before` undefined), has changed, or was dropped (`after` undefined). */
export type IntentHeard = (before: IntentState | undefined, after: IntentState | undefined) => void;

/** What of an order is admitted and neither filled nor given back. */
export const workingQuantity = (intent: IntentState | undefined): Decimal =>
  intent?.status === 'WORKING' ? minus(intent.qty, smaller(intent.qty, intent.cum_qty)) : ZERO;

export class FollowedRun {
  /** `newestSeq`: no intent of the state has a higher one. `prices`: the shard's. */
  constructor(
    readonly state: RunState,
    private newestSeq: number,
    private readonly prices: ReadonlyMap<string, Decimal>,
  ) {}

  apply({ head, quantities, intents }: RunChanges, heard?: IntentHeard): void {
    const { state } = this;
    const isStale = head !== undefined && this.applyHead(head);
    for (const [symbol, qty] of quantities) {
      const position = state.exposure.of(symbol);
      if (position.qty !== qty) state.exposure.set(symbol, { ...position, qty });
    }
    const isOutOfOrder = this.applyIntents(intents, heard);
    if (head?.entity.status === 'ENDED') forgetClosed(state);
    if (isStale || isOutOfOrder) rebuildWindows(state);
    state.orders.advance(state.clock);
  }

  /** Answers whether the windows must be made anew. */
  private applyHead({ entity, policy }: RunHead): boolean {
    const { state } = this;
    const begins = state.status === 'UNKNOWN' && entity.status !== 'UNKNOWN';
    const isReset = begins || entity.violations_from_seq !== state.violationsFromSeq;
    state.status = entity.status;
    state.account = {
      account_id: entity.account_id,
      equity: entity.equity,
      start_of_day_equity: entity.start_of_day_equity,
      peak_equity: entity.peak_equity,
      realized_pnl_today: entity.realized_pnl_today,
      unrealized_pnl: entity.unrealized_pnl,
    };
    state.cash = entity.cash;
    state.active = policy;
    state.killSwitchActive = entity.kill_switch_active;
    state.violationsFromSeq = entity.violations_from_seq;
    state.clock = entity.clock;
    if (entity.equity_mode !== state.equityMode) this.revalue(entity);
    if (isReset) {
      state.beginning = beginningOf(entity);
      if (begins) state.orders = windowOf(state.beginning);
      state.violations = new ViolationWindow(state.beginning.violations);
    }
    return isReset && this.newestSeq >= entity.violations_from_seq;
  }

  /** A run of marked equity keeps what its positions are worth, which one of fixed equity does not. */
  private revalue({ equity_mode }: RunEntity): void {
    const { state } = this;
    const { positions } = state.exposure;
    state.equityMode = equity_mode;
    state.exposure = new Exposure(this.prices, equity_mode === 'marked');
    for (const [symbol, position] of positions) state.exposure.set(symbol, position);
  }

  /** Answers whether the windows must be made anew. */
  private applyIntents(intents: RunChanges['intents'], heard: IntentHeard | undefined): boolean {
    const { state } = this;
    const decided: IntentState[] = [];
    for (const [intentId, after] of intents) {
      const before = state.intents.get(intentId);
      if (before === undefined && after === undefined) continue;
      release(state, before);
      reserve(state, after);
      if (after === undefined) state.intents.delete(intentId);
      else state.intents.set(intentId, after);
      if (before === undefined && after !== undefined) decided.push(after);
      heard?.(before, after);
    }
    decided.sort((a, b) => a.seq - b.seq);
    let isInOrder = true;
    for (const intent of decided) {
      isInOrder &&= intent.seq > this.newestSeq;
      this.newestSeq = Math.max(this.newestSeq, intent.seq);
      count(state, intent);
    }
    return !isInOrder;
  }
}

const count = (state: RunState, { seq, decision, decided_at, strategy_id, rule_ids }: IntentState): void => {
  if (decision !== 'DENY') state.orders.add(decided_at, strategy_id);
  if (seq < state.violationsFromSeq) return;
  for (const ruleId of rule_ids) state.violations.add(decided_at, ruleId);
};

const release = ({ exposure }: RunState, intent: IntentState | undefined): void => {
  const working = workingQuantity(intent);
  if (intent !== undefined && working > 0n) exposure.fill(intent.symbol, intent.side, ZERO, working);
};

const reserve = ({ exposure }: RunState, intent: IntentState | undefined): void => {
  const working = workingQuantity(intent);
  if (intent !== undefined && working > 0n) exposure.addWorking(intent.symbol, intent.side, working);
};

/** The processor forgets them at once; their tombstones may take a few commits. */
const forgetClosed = (state: RunState): void => {
  const open = new IntentRegister();
  for (const [intentId, intent] of state.intents.working()) open.set(intentId, intent);
  state.intents = open;
};
