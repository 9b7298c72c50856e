/** All that a run knows, and how the facts of a decision are read from it. Changed by `evolve` alone. */
import type { Decimal, Notional } from '../contracts/decimal';
import { ZERO } from '../contracts/decimal';
import type { EquityMode, Facts, InitialViolation, OrderIntent, RunEntity, RunStatus } from '../contracts/messages';
import type { CapitalPolicy } from '../contracts/policy';
import { Exposure } from './exposure';
import { IntentRegister } from './intentRegister';
import { OrderWindow, ViolationWindow } from './windows';

/** A policy with the SHA-256 of its text. */
export interface ActivePolicy {
  readonly policy: CapitalPolicy;
  readonly hash: Uint8Array;
}

/** The account's figures. Equity is fixed between the events that set it, or marked (markedEquity.ts). */
export interface Account {
  readonly account_id: string;
  readonly equity: Decimal;
  readonly start_of_day_equity: Decimal;
  readonly peak_equity: Decimal;
  readonly realized_pnl_today: Decimal;
  readonly unrealized_pnl: Decimal;
}

/** Orders and violations from before the run; the orders count as placed at `startedAt`. */
export interface Beginning {
  readonly startedAt: number;
  readonly ordersGlobal: number;
  readonly ordersByStrategy: ReadonlyMap<string, number>;
  /** Sorted by time. */
  readonly violations: readonly InitialViolation[];
}

/** A run: one trading session of one account, with everything that its decisions may depend on. */
export interface RunState {
  readonly runId: string;
  status: RunStatus;
  account: Account;
  equityMode: EquityMode;
  /** Of a marked run; null: not known yet. */
  cash: Notional | null;
  beginning: Beginning;
  active: ActivePolicy | undefined;
  killSwitchActive: boolean;
  /** Violations of decisions with a lower seq no longer count: the kill switch was reset after them. */
  violationsFromSeq: number;
  /** ms; never goes back. */
  clock: number;
  exposure: Exposure;
  intents: IntentRegister;
  orders: OrderWindow;
  violations: ViolationWindow;
  /** What changed since it was last written down. */
  readonly touched: Touched;
}

/** Entities that differ from what `policy-state` says. */
export interface Touched {
  run: boolean;
  readonly positions: Set<string>;
  readonly intents: Set<string>;
}

const NO_ACCOUNT: Account = {
  account_id: '',
  equity: ZERO,
  start_of_day_equity: ZERO,
  peak_equity: ZERO,
  realized_pnl_today: ZERO,
  unrealized_pnl: ZERO,
};
const NO_BEGINNING: Beginning = { startedAt: 0, ordersGlobal: 0, ordersByStrategy: new Map(), violations: [] };

/** A run of which nothing is known but its id. `prices` are the shard's. */
export const unknownRun = (runId: string, prices: ReadonlyMap<string, Decimal>): RunState => ({
  runId,
  status: 'UNKNOWN',
  account: NO_ACCOUNT,
  equityMode: 'fixed',
  cash: null,
  beginning: NO_BEGINNING,
  active: undefined,
  killSwitchActive: false,
  violationsFromSeq: 0,
  clock: 0,
  exposure: new Exposure(prices),
  intents: new IntentRegister(),
  orders: windowOf(NO_BEGINNING),
  violations: new ViolationWindow([]),
  touched: { run: true, positions: new Set(), intents: new Set() },
});

export const windowOf = ({ startedAt, ordersGlobal, ordersByStrategy }: Beginning): OrderWindow =>
  new OrderWindow(startedAt, ordersGlobal, ordersByStrategy);

/** What a decision on `intent` may know, at the run's clock. Constant cost. */
export const readFacts = (
  run: RunState,
  { instrument, side, strategy_id }: OrderIntent,
  prices: ReadonlyMap<string, Decimal>,
): Facts => {
  const { symbol } = instrument;
  const { exposure, orders, account } = run;
  const position = exposure.of(symbol);
  const others = exposure.others(symbol, side);
  orders.advance(run.clock);
  return {
    clock: run.clock,
    price: prices.get(symbol) ?? null,
    unpriced_symbol: exposure.firstUnpriced,
    position_qty: position.qty,
    working_buy_qty: position.workingBuy,
    working_sell_qty: position.workingSell,
    other_gross: others.gross,
    other_net: others.net,
    equity: account.equity,
    start_of_day_equity: account.start_of_day_equity,
    peak_equity: account.peak_equity,
    orders_last_60s_global: orders.globalCount,
    orders_last_60s_strategy: orders.countOf(strategy_id),
    violations_in_window: violationsInWindow(run),
    kill_switch_active: run.killSwitchActive,
  };
};

/** Violations that count under the active policy, at the run's clock. */
export const violationsInWindow = (run: RunState): number =>
  run.active === undefined ? 0 : run.violations.count(run.clock, windowMs(run.active));

export const windowMs = ({ policy }: ActivePolicy): number => policy.limits.kill_switch.violation_window_seconds * 1_000;

/** The part of a run that `policy-state` keeps in its run entity; the processor adds the chain. */
export const runEntityOf = (run: RunState, chain: { readonly next_seq: number; readonly chain_hash: Uint8Array }): RunEntity => ({
  kind: 'run',
  status: run.status,
  account_id: run.account.account_id,
  equity: run.account.equity,
  start_of_day_equity: run.account.start_of_day_equity,
  peak_equity: run.account.peak_equity,
  realized_pnl_today: run.account.realized_pnl_today,
  unrealized_pnl: run.account.unrealized_pnl,
  kill_switch_active: run.killSwitchActive,
  clock: run.clock,
  next_seq: chain.next_seq,
  chain_hash: chain.chain_hash,
  policy_hash: run.active?.hash ?? null,
  started_at: run.beginning.startedAt,
  initial_orders_global: run.beginning.ordersGlobal,
  initial_orders_by_strategy: run.beginning.ordersByStrategy,
  initial_violations: run.beginning.violations,
  violations_from_seq: run.violationsFromSeq,
  equity_mode: run.equityMode,
  cash: run.cash,
});
