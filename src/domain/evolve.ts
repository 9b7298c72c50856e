/**
 * The bookkeeping: the only way in which a run's state changes. Total: what has happened cannot be refused. The state is changed in place; it
 * belongs to one fold, and is thrown away with it when anything fails.
 */
import { inBounds, minus, plus, smaller, ZERO } from '../contracts/decimal';
import type { Decimal } from '../contracts/decimal';
import type {
  Decision,
  EquityMode,
  ExecutionEvent,
  ExecutionState,
  OrderIntent,
  OrderStatus,
  PortfolioState,
} from '../contracts/messages';
import { Exposure } from './exposure';
import { IntentRegister } from './intentRegister';
import type { IntentState } from './intentRegister';
import { mark, pay } from './markedEquity';
import type { Account, ActivePolicy, RunState } from './state';
import { windowOf } from './state';
import { ViolationWindow } from './windows';

/** What can happen to a run. */
export type RunEvent =
  | {
      readonly type: 'RunStarted';
      readonly accountId: string;
      readonly policy: ActivePolicy;
      readonly portfolio: PortfolioState;
      readonly execution: ExecutionState;
      /** Times of `violations_last_window`, ms, in the same order. */
      readonly violationTimes: readonly number[];
      readonly prices: ReadonlyMap<string, Decimal>;
      readonly equityMode: EquityMode;
      /** Of its audit record: what the run was denied before it began does not count. */
      readonly seq: number;
    }
  | {
      readonly type: 'IntentDecided';
      readonly intent: OrderIntent;
      readonly decision: Decision;
      readonly digest: Uint8Array;
      readonly seq: number;
    }
  | { readonly type: 'ExecutionReported'; readonly event: ExecutionEvent; readonly seq: number }
  | {
      readonly type: 'PortfolioUpdated';
      readonly account: Partial<Account>;
      readonly positions: ReadonlyMap<string, Decimal> | null;
    }
  | { readonly type: 'PolicyActivated'; readonly policy: ActivePolicy }
  | { readonly type: 'KillSwitchTripped' }
  /** `seq`: of the audit record of the reset; the violations before it do not count again. */
  | { readonly type: 'KillSwitchReset'; readonly seq: number }
  | { readonly type: 'SessionRolled' }
  | { readonly type: 'RunEnded' };

/** Moves the run's clock to the time of a record; one that lies behind leaves it where it is. */
export const advanceClock = (run: RunState, recordTimeMs: number): void => {
  if (recordTimeMs > run.clock) run.clock = recordTimeMs;
  run.touched.run = true;
};

/** The shard's price of `symbol` has just changed from `before` (undefined: none). Not a fact of the run alone, so not one of its events. */
export const reprice = (run: RunState, symbol: string, before: Decimal | undefined): void => {
  run.exposure.reprice(symbol, before);
  mark(run);
};

/** Folds one fact into the run's state, in place. Facts come in the order of the log; the clock is moved first (`advanceClock`). */
export const evolve = (run: RunState, event: RunEvent): void => {
  run.touched.run = true;
  switch (event.type) {
    case 'RunStarted':
      return start(run, event);
    case 'IntentDecided':
      return register(run, event);
    case 'ExecutionReported':
      return applyExecution(run, event.event, event.seq);
    case 'PortfolioUpdated':
      return updatePortfolio(run, event);
    case 'PolicyActivated':
      run.active = event.policy;
      return;
    case 'KillSwitchTripped':
      run.killSwitchActive = true;
      return;
    case 'KillSwitchReset':
      return resetKillSwitch(run, event.seq);
    case 'SessionRolled':
      run.account = { ...run.account, start_of_day_equity: run.account.equity };
      return;
    case 'RunEnded':
      return end(run);
  }
};

/** The clock starts at the run's first event. What an unknown run was asked before stays decided. */
const start = (
  run: RunState,
  { accountId, policy, portfolio, execution, violationTimes, prices, equityMode, seq }: RunEvent & { type: 'RunStarted' },
): void => {
  const { positions, ...figures } = portfolio;
  run.status = 'ACTIVE';
  run.account = { account_id: accountId, ...figures };
  run.active = policy;
  run.killSwitchActive = run.killSwitchActive || execution.kill_switch_active;
  run.beginning = {
    startedAt: run.clock,
    ordersGlobal: execution.orders_last_60s_global,
    ordersByStrategy: execution.orders_last_60s_by_strategy,
    violations: execution.violations_last_window
      .map(([, rule_id], index) => ({ at: violationTimes[index] ?? 0, rule_id }))
      .sort((a, b) => a.at - b.at),
  };
  run.equityMode = equityMode;
  // What strangers filled before the start is not in the portfolio: it goes from the state too, or a restore would bring it back.
  for (const symbol of run.exposure.positions.keys()) run.touched.positions.add(symbol);
  run.exposure = new Exposure(prices, equityMode === 'marked');
  run.orders = windowOf(run.beginning);
  run.violations = new ViolationWindow(run.beginning.violations);
  run.violationsFromSeq = seq;
  for (const [symbol, qty] of positions) setQuantity(run, symbol, qty);
  mark(run);
};

const register = (run: RunState, { intent, decision, digest, seq }: RunEvent & { type: 'IntentDecided' }): void => {
  const { strategy_id, side, instrument } = intent;
  const qty = decision.order?.qty ?? ZERO;
  const rule_ids = decision.violations.map(({ rule_id }) => rule_id);
  run.intents.set(intent.intent_id, {
    seq,
    digest,
    decision: decision.decision,
    strategy_id,
    symbol: instrument.symbol,
    side,
    qty,
    cum_qty: ZERO,
    status: decision.order === null ? 'NONE' : 'WORKING',
    decided_at: run.clock,
    rule_ids,
  });
  run.touched.intents.add(intent.intent_id);
  if (decision.order !== null) {
    run.exposure.addWorking(instrument.symbol, side, qty);
    run.orders.add(run.clock, strategy_id);
  }
  for (const ruleId of rule_ids) run.violations.add(run.clock, ruleId);
};

/** How an execution event stands to what is known of its order. */
export type ExecutionMeaning = 'expected' | 'unsolicited' | 'no change';

/** Read before `evolve`: an order that was never admitted, or an event that tells nothing new (a repeat, or one that was overtaken). */
export const meaningOf = (run: RunState, event: ExecutionEvent): ExecutionMeaning => {
  const order = run.intents.get(event.intent_id);
  if (order === undefined || order.decision === 'DENY') {
    return order !== undefined && event.cum_qty <= order.cum_qty ? 'no change' : 'unsolicited';
  }
  const changes =
    event.cum_qty > order.cum_qty ||
    (order.status === 'WORKING' && (event.leaves_qty === 0n || event.event === 'ORDER_SUBMITTED' || isOnTheWay(event)));
  return changes ? 'expected' : 'no change';
};

/** What the gateway says of its own doing: an order that it is sending, asks to cancel, or cannot find out about is as open as it was. */
const isOnTheWay = ({ event }: ExecutionEvent): boolean =>
  event === 'ORDER_SUBMITTING' || event === 'ORDER_UNKNOWN' || event === 'ORDER_CANCELLING';

/** Whether the position after this event still is a decimal: one that is not could be neither recorded nor restored. */
export const fitsPosition = (run: RunState, event: ExecutionEvent): boolean => {
  const order = run.intents.get(event.intent_id);
  const { symbol, side } = order ?? event;
  const filled = order?.cum_qty ?? ZERO;
  const grown = event.cum_qty > filled ? minus(event.cum_qty, filled) : ZERO;
  const { qty } = run.exposure.of(symbol);
  return inBounds(side === 'buy' ? plus(qty, grown) : minus(qty, grown));
};

/**
 * Facts win: a fill moves the position by what `cum_qty` grew, whenever it comes and however often; a terminal event gives back what was
 * still reserved. A fill of an order that nobody admitted is kept under its id, so that its repeat changes nothing either.
 */
const applyExecution = (run: RunState, event: ExecutionEvent, seq: number): void => {
  const order = run.intents.get(event.intent_id) ?? unsolicited(run, event, seq);
  const grown = event.cum_qty > order.cum_qty ? minus(event.cum_qty, order.cum_qty) : ZERO;
  const reserved = order.status === 'WORKING' ? remaining(order.qty, order.cum_qty) : ZERO;
  const cum_qty = grown > 0n ? event.cum_qty : order.cum_qty;
  const status = order.status === 'WORKING' && event.leaves_qty === 0n ? statusAfter(event) : order.status;
  if (grown === 0n && status === order.status && run.intents.has(event.intent_id)) return;

  const stillReserved = status === 'WORKING' ? remaining(order.qty, cum_qty) : ZERO;
  const released = minus(reserved, stillReserved);
  if (grown > 0n || released > 0n) {
    run.exposure.fill(order.symbol, order.side, grown, released);
    if (grown > 0n) {
      run.touched.positions.add(order.symbol);
      pay(run, order.side, grown, fillPrice(run, event, order.symbol));
      mark(run);
    }
  }
  // An ended run remembers its open orders alone.
  if (run.status === 'ENDED' && status !== 'WORKING') run.intents.delete(event.intent_id);
  else run.intents.set(event.intent_id, progressed(order, cum_qty, status));
  run.touched.intents.add(event.intent_id);
};

/** A report that names no price, or none above zero, is taken at the market's. */
const fillPrice = (run: RunState, { price }: ExecutionEvent, symbol: string): Decimal | undefined =>
  price !== null && price > 0n ? price : run.exposure.priceOf(symbol);

/** Spelled out, not spread: this is made for every fill. */
const progressed = (order: IntentState, cum_qty: Decimal, status: OrderStatus): IntentState => ({
  seq: order.seq,
  digest: order.digest,
  decision: order.decision,
  strategy_id: order.strategy_id,
  symbol: order.symbol,
  side: order.side,
  qty: order.qty,
  cum_qty,
  status,
  decided_at: order.decided_at,
  rule_ids: order.rule_ids,
});

const remaining = (qty: Decimal, filled: Decimal): Decimal => minus(qty, smaller(qty, filled));

/** What an order that has nothing left to fill has become. */
const statusAfter = ({ event }: ExecutionEvent): OrderStatus => {
  switch (event) {
    case 'ORDER_REJECTED':
      return 'REJECTED';
    case 'ORDER_CANCELLED':
      return 'CANCELLED';
    case 'ORDER_EXPIRED':
      return 'EXPIRED';
    case 'ORDER_SUBMITTED':
    case 'ORDER_FILLED':
      return 'FILLED';
    case 'ORDER_SUBMITTING':
    case 'ORDER_UNKNOWN':
    case 'ORDER_CANCELLING':
      return 'WORKING';
  }
};

/** No digest matches zeros: an intent that comes later under this id is a conflict, and denied. */
const unsolicited = (run: RunState, { symbol, side }: ExecutionEvent, seq: number): IntentState => ({
  seq,
  digest: new Uint8Array(8),
  decision: 'DENY',
  strategy_id: '',
  symbol,
  side,
  qty: ZERO,
  cum_qty: ZERO,
  status: 'NONE',
  decided_at: run.clock,
  rule_ids: [],
});

/** Who resets has seen the violations that led to the trip: were they to count on, the next decision would trip it again. */
const resetKillSwitch = (run: RunState, seq: number): void => {
  run.killSwitchActive = false;
  run.violationsFromSeq = seq;
  run.beginning = { ...run.beginning, violations: [] };
  run.violations = new ViolationWindow([]);
};

const updatePortfolio = (run: RunState, { account, positions }: RunEvent & { type: 'PortfolioUpdated' }): void => {
  run.account = { ...run.account, ...account };
  // The figures are right as given: what of them is cash is found anew.
  run.cash = null;
  if (positions !== null) setPositions(run, positions);
  mark(run);
};

const setPositions = (run: RunState, positions: ReadonlyMap<string, Decimal>): void => {
  for (const symbol of [...run.exposure.positions.keys()]) if (!positions.has(symbol)) setQuantity(run, symbol, ZERO);
  for (const [symbol, qty] of positions) setQuantity(run, symbol, qty);
};

const setQuantity = (run: RunState, symbol: string, qty: Decimal): void => {
  const position = run.exposure.of(symbol);
  if (position.qty === qty) return;
  run.exposure.set(symbol, { ...position, qty });
  run.touched.positions.add(symbol);
};

/**
 * An ended run answers nothing more, so it need not remember what it decided; what it held stays, as its final portfolio. An order that is still open may
 * yet be filled, which moves that portfolio: it is remembered until it ends.
 */
const end = (run: RunState): void => {
  const open = new IntentRegister();
  for (const [intentId, intent] of run.intents.working()) open.set(intentId, intent);
  for (const intentId of run.intents.ids()) if (!open.has(intentId)) run.touched.intents.add(intentId);
  run.status = 'ENDED';
  run.intents = open;
};
