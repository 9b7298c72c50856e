/**
 * The work that all benchmarks do: one run of an account with many small positions, and intents on them that come every 10 ms. Of 20 intents 18 are
 * within every limit, one asks for more than its symbol's cap and is cut (or sells what it got), one is denied at the cap. Everything follows from
 * the number of the intent.
 */
import { decimal, wholeDecimal } from '../src/contracts/decimal';
import type { Decimal } from '../src/contracts/decimal';
import type { ExecutionEvent, OrderIntent, PortfolioState, PublishedDecision } from '../src/contracts/messages';

export const RUN_ID = 'bench';
export const START_MS = 1_771_925_400_000; // 2026-02-24T09:30:00Z
const INTENT_EVERY_MS = 10;
const STRATEGIES = ['alpha', 'beta', 'gamma', 'delta'] as const;

const EQUITY = decimal('1000000000');
/** Symbols with a cap of their own: one of twenty, and so few that the policy stays short. */
const cappedOf = (symbols: number): number => Math.max(1, Math.min(50, Math.floor(symbols / 20)));

/** The kill switch stays off: a second holds ten denials. */
export const policyText = (symbols: number): string => `version: "0.1"
limits:
  exposure: {max_position_pct: 0.1, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05}
  execution: {max_orders_per_minute_global: 10000, max_orders_per_minute_by_strategy: 10000}
  kill_switch: {trip_on_rules: [], trip_after_n_violations: 10000, violation_window_seconds: 1}
overrides:
  symbols:
${Array.from({ length: cappedOf(symbols) + 1 }, (_, index) => `    ${symbolAt(index)}: {exposure: {max_position_pct: 0.00005, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0}}\n`).join('')}`;

const symbolAt = (index: number): string => `S${String(index).padStart(5, '0')}`;

/** From 20.25 to 499.25; the capped symbols, and the full one after them, cost 100, so that their cap is 500. */
const priceAt = (index: number, symbols: number): Decimal =>
  index <= cappedOf(symbols) ? wholeDecimal(100) : decimal(`${20 + ((index * 37) % 480)}.25`);

export const pricesOf = (symbols: number): ReadonlyMap<string, Decimal> =>
  new Map(Array.from({ length: symbols }, (_, index) => [symbolAt(index), priceAt(index, symbols)]));

/** As many positions as there are symbols; at least three. One of them is over its cap. */
export const portfolioOf = (symbols: number): PortfolioState => ({
  equity: EQUITY,
  start_of_day_equity: EQUITY,
  peak_equity: EQUITY,
  positions: new Map(
    Array.from({ length: symbols }, (_, index) => [symbolAt(index), wholeDecimal(index === cappedOf(symbols) ? 1_000 : 100)]),
  ),
  realized_pnl_today: decimal('0'),
  unrealized_pnl: decimal('0'),
});

/** Nine characters: `i` and the number. */
const shortId = (number: number): string => `i${String(number).padStart(8, '0')}`;

export const timeOf = (number: number): number => START_MS + number * INTENT_EVERY_MS;

export const intentAt = (number: number, symbols: number): OrderIntent => {
  const { index, side, quantity } = orderAt(number, symbols);
  const limit = number % 3 === 0;
  return {
    intent_id: shortId(number),
    timestamp: new Date(timeOf(number)).toISOString(),
    strategy_id: STRATEGIES[number % STRATEGIES.length]!,
    account_id: 'bench-account',
    instrument: { symbol: symbolAt(index), asset_class: 'equity' },
    side,
    order_type: limit ? 'limit' : 'market',
    qty: wholeDecimal(quantity),
    limit_price: limit ? priceAt(index, symbols) : null,
  };
};

const orderAt = (
  number: number,
  symbols: number,
): { readonly index: number; readonly side: 'buy' | 'sell'; readonly quantity: number } => {
  const capped = cappedOf(symbols);
  const slot = number % 20;
  if (slot === 7) {
    // Each capped symbol in turn: bought as far as its cap allows, then sold.
    const turn = Math.floor(number / 20);
    const buys = Math.floor(turn / capped) % 2 === 0;
    return { index: turn % capped, side: buys ? 'buy' : 'sell', quantity: buys ? 1_000 : 400 };
  }
  if (slot === 13) return { index: capped, side: 'buy', quantity: 10 };
  // Every other symbol in turn: bought in one pass, sold in the next.
  const plain = symbols - capped - 1;
  const index = capped + 1 + (number % plain);
  return { index, side: Math.floor(number / plain) % 2 === 0 ? 'buy' : 'sell', quantity: 5 + (index % 20) };
};

/** The order of a decision, filled whole at once. */
export const fillOf = (decision: PublishedDecision): ExecutionEvent | undefined => {
  const { order, policy_hash } = decision;
  if (order === null || policy_hash === null) return undefined;
  return {
    event: 'ORDER_FILLED',
    run_id: decision.run_id,
    intent_id: decision.intent_id,
    order_id: `SIM-${decision.seq}`,
    client_order_id: '',
    symbol: order.instrument.symbol,
    side: order.side,
    order_type: order.order_type,
    qty: order.qty,
    price: decision.reference_price,
    cum_qty: order.qty,
    leaves_qty: decimal('0'),
    code: null,
    reason: null,
    policy_hash,
    decision_offset: decision.seq,
  };
};
