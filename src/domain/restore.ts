/**
 * A run from its entities: the snapshot that `policy-state` keeps. What can be derived is not stored but rebuilt here: working orders from the
 * open intents, the rolling windows from the decided ones. Source: design, "The engine" (sections of state).
 */
import type { Decimal } from '../contracts/decimal';
import { minus, smaller, ZERO } from '../contracts/decimal';
import type { RunEntity } from '../contracts/messages';
import { Exposure } from './exposure';
import type { IntentRegister, IntentState } from './intentRegister';
import type { ActivePolicy, Beginning, RunState } from './state';
import { windowOf } from './state';
import { ORDER_WINDOW_MS, ViolationWindow, VIOLATIONS_KEPT } from './windows';

export interface RunSnapshot {
  readonly runId: string;
  readonly entity: RunEntity;
  readonly policy: ActivePolicy | undefined;
  readonly quantities: ReadonlyMap<string, Decimal>;
  readonly intents: IntentRegister;
}

/** A piece of work that others may be let in between its steps; `T` is what comes of it. */
export type Steps<T> = Generator<undefined, T>;

/** Without a pause. */
export const finished = <T>(steps: Steps<T>): T => {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
};

/** A run may have millions of intents. */
const INTENTS_A_STEP = 2_000;

/** The state that the entities were taken from. `prices` are the shard's, restored before. */
export function* restoreRun(snapshot: RunSnapshot, prices: ReadonlyMap<string, Decimal>): Steps<RunState> {
  const { runId, entity, policy, quantities, intents } = snapshot;
  const beginning = beginningOf(entity);
  const run: RunState = {
    runId,
    status: entity.status,
    account: {
      account_id: entity.account_id,
      equity: entity.equity,
      start_of_day_equity: entity.start_of_day_equity,
      peak_equity: entity.peak_equity,
      realized_pnl_today: entity.realized_pnl_today,
      unrealized_pnl: entity.unrealized_pnl,
    },
    equityMode: entity.equity_mode,
    cash: entity.cash,
    beginning,
    active: policy,
    killSwitchActive: entity.kill_switch_active,
    violationsFromSeq: entity.violations_from_seq,
    clock: entity.clock,
    exposure: new Exposure(prices, entity.equity_mode === 'marked'),
    intents,
    orders: windowOf(beginning),
    violations: new ViolationWindow(beginning.violations),
    touched: { run: false, positions: new Set(), intents: new Set() },
  };
  yield* restoreExposure(run, quantities);
  yield* restoreWindows(run);
  if (run.status === 'ENDED') dropClosed(run);
  return run;
}

export const beginningOf = (entity: RunEntity): Beginning => ({
  startedAt: entity.started_at,
  ordersGlobal: entity.initial_orders_global,
  ordersByStrategy: entity.initial_orders_by_strategy,
  violations: entity.initial_violations,
});

/** What an ended run had decided may go, but for its open orders; a stop in the middle of dropping it left the rest here. */
const dropClosed = (run: RunState): void => {
  const open = new Set(Array.from(run.intents.working(), ([intentId]) => intentId));
  for (const intentId of run.intents.ids()) {
    if (open.has(intentId)) continue;
    run.intents.delete(intentId);
    run.touched.intents.add(intentId);
  }
};

function* restoreExposure(run: RunState, quantities: ReadonlyMap<string, Decimal>): Steps<void> {
  for (const [symbol, qty] of quantities) run.exposure.set(symbol, { qty, workingBuy: ZERO, workingSell: ZERO });
  let count = 0;
  for (const [, { symbol, side, qty, cum_qty }] of run.intents.working()) {
    run.exposure.addWorking(symbol, side, minus(qty, smaller(qty, cum_qty)));
    if (++count % INTENTS_A_STEP === 0) yield;
  }
}

/** The windows anew, from all that the register holds. */
export const rebuildWindows = (run: RunState): void => {
  run.orders = windowOf(run.beginning);
  run.violations = new ViolationWindow(run.beginning.violations);
  finished(restoreWindows(run));
};

function* restoreWindows(run: RunState): Steps<void> {
  const admitted: IntentState[] = [];
  let violating: IntentState[] = [];
  let count = 0;
  for (const intent of run.intents.all()) {
    if (intent.decision !== 'DENY' && run.clock - intent.decided_at < ORDER_WINDOW_MS) admitted.push(intent);
    if (intent.rule_ids.length > 0 && intent.seq >= run.violationsFromSeq) violating.push(intent);
    if (violating.length >= 2 * VIOLATIONS_KEPT) violating = newestOf(violating);
    if (++count % INTENTS_A_STEP === 0) yield;
  }
  for (const { decided_at, strategy_id } of admitted.sort(bySeq)) run.orders.add(decided_at, strategy_id);
  for (const { decided_at, rule_ids } of newestOf(violating)) {
    for (const ruleId of rule_ids) run.violations.add(decided_at, ruleId);
  }
}

/** In order; as many as can count. */
const newestOf = (violating: IntentState[]): IntentState[] => violating.sort(bySeq).slice(-VIOLATIONS_KEPT);

const bySeq = (a: IntentState, b: IntentState): number => a.seq - b.seq;
