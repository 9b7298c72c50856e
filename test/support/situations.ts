/** Builders and generators for tests of the core: a case shows only the fields that matter. */
import fc from 'fast-check';
import type { Decimal, Notional } from '../../src/contracts/decimal';
import { decimal, times } from '../../src/contracts/decimal';
import type { ExecutionEvent, Facts, OrderIntent, PortfolioState } from '../../src/contracts/messages';
import type { CapitalPolicy } from '../../src/contracts/policy';
import type { AppliedLimits } from '../../src/domain/limits';
import { resolveLimits } from '../../src/domain/limits';

export const intentOf = (fields: Partial<OrderIntent> & { readonly symbol?: string } = {}): OrderIntent => {
  const { symbol = 'AAPL', ...rest } = fields;
  return {
    intent_id: 'i-1',
    timestamp: '2026-02-24T09:30:00Z',
    strategy_id: 'alpha',
    account_id: 'acct_1',
    instrument: { symbol, asset_class: 'equity' },
    side: 'buy',
    order_type: 'market',
    qty: decimal('10'),
    limit_price: null,
    ...rest,
  };
};

export const basePolicy: CapitalPolicy = {
  version: '0.1',
  timezone: 'UTC',
  defaults: { mode: 'enforce', decision: 'deny' },
  limits: {
    exposure: { max_position_pct: decimal('0.1'), max_gross_exposure_x: decimal('2'), max_net_exposure_x: decimal('1') },
    loss: { daily_loss_limit_pct: decimal('0.02'), max_drawdown_pct: decimal('0.05') },
    execution: { max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10 },
    kill_switch: {
      trip_on_rules: ['LOSS-002'],
      trip_after_n_violations: 3,
      violation_window_seconds: 300,
      cancel_open_orders: null,
    },
  },
  overrides: { symbols: new Map(), strategies: new Map() },
};

export const baseLimits: AppliedLimits = resolveLimits(basePolicy, 'AAPL', 'alpha');

export const factsOf = (fields: Partial<Facts> = {}): Facts => ({
  clock: 1_771_925_400_000,
  price: decimal('200'),
  unpriced_symbol: null,
  position_qty: decimal('0'),
  working_buy_qty: decimal('0'),
  working_sell_qty: decimal('0'),
  other_gross: 0n as Notional,
  other_net: 0n as Notional,
  equity: decimal('100000'),
  start_of_day_equity: decimal('100000'),
  peak_equity: decimal('100000'),
  orders_last_60s_global: 0,
  orders_last_60s_strategy: 0,
  violations_in_window: 0,
  kill_switch_active: false,
  ...fields,
});

export const portfolioOf = (positions: Readonly<Record<string, string>> = {}, equity = '100000'): PortfolioState => ({
  equity: decimal(equity),
  start_of_day_equity: decimal(equity),
  peak_equity: decimal(equity),
  positions: new Map(Object.entries(positions).map(([symbol, qty]) => [symbol, decimal(qty)])),
  realized_pnl_today: decimal('0'),
  unrealized_pnl: decimal('0'),
});

export const executionOf = (fields: Partial<ExecutionEvent> = {}): ExecutionEvent => ({
  event: 'ORDER_FILLED',
  run_id: 'r-1',
  intent_id: 'i-1',
  order_id: 'SIM-000001',
  client_order_id: '',
  symbol: 'AAPL',
  side: 'buy',
  order_type: 'market',
  qty: decimal('10'),
  price: decimal('200'),
  cum_qty: decimal('10'),
  leaves_qty: decimal('0'),
  code: null,
  reason: null,
  policy_hash: new Uint8Array(32),
  decision_offset: 0,
  ...fields,
});

/** Decimals of up to `places` fraction digits in [least, most]. */
export const anyDecimal = (least: number, most: number, places = 4): fc.Arbitrary<Decimal> =>
  fc
    .bigInt(BigInt(least) * 10n ** BigInt(places), BigInt(most) * 10n ** BigInt(places))
    .map((n) => (n * 10n ** BigInt(18 - places)) as Decimal);

export const anySide = fc.constantFrom('buy' as const, 'sell' as const);

export const anyIntent: fc.Arbitrary<OrderIntent> = fc
  .record({
    qty: anyDecimal(1, 2_000, 8),
    side: anySide,
    order_type: fc.constantFrom('market' as const, 'limit' as const),
    limit_price: fc.option(anyDecimal(0, 500)),
  })
  .map((fields) => intentOf(fields));

export const anyLimits: fc.Arbitrary<AppliedLimits> = fc
  .record({
    mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'enforce' as const, 'monitor' as const),
    max_position_pct: anyDecimal(0, 1).filter((d) => d > 0n),
    max_gross_exposure_x: anyDecimal(0, 4).filter((d) => d > 0n),
    max_net_exposure_x: fc.option(anyDecimal(0, 3).filter((d) => d > 0n)),
    daily_loss_limit_pct: anyDecimal(0, 1).filter((d) => d > 0n),
    max_drawdown_pct: anyDecimal(0, 1).filter((d) => d > 0n),
    global: fc.integer({ min: 1, max: 40 }),
    byStrategy: fc.integer({ min: 1, max: 40 }),
  })
  .map(
    ({
      mode,
      max_position_pct,
      max_gross_exposure_x,
      max_net_exposure_x,
      daily_loss_limit_pct,
      max_drawdown_pct,
      global,
      byStrategy,
    }) => ({
      mode,
      exposure: { max_position_pct, max_gross_exposure_x, max_net_exposure_x },
      loss: { daily_loss_limit_pct, max_drawdown_pct },
      execution: { max_orders_per_minute_global: global, max_orders_per_minute_by_strategy: byStrategy },
      kill_switch: basePolicy.limits.kill_switch,
    }),
  );

/** Mostly facts in which an order has a chance: losses, rates and the kill switch are rare. */
export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    price: anyDecimal(1, 900),
    position_qty: anyDecimal(-300, 300),
    working_buy_qty: fc.oneof(fc.constant(decimal('0')), anyDecimal(0, 200)),
    working_sell_qty: fc.oneof(fc.constant(decimal('0')), anyDecimal(0, 200)),
    otherGross: anyDecimal(0, 150_000),
    otherNet: anyDecimal(-150_000, 150_000),
    equity: anyDecimal(50_000, 200_000),
    start_of_day_equity: anyDecimal(100_000, 101_000),
    peak_equity: anyDecimal(100_000, 101_000),
    orders_last_60s_global: fc.integer({ min: 0, max: 8 }),
    orders_last_60s_strategy: fc.integer({ min: 0, max: 8 }),
    kill_switch_active: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  .map(({ otherGross, otherNet, ...facts }) =>
    factsOf({ ...facts, other_gross: times(otherGross, decimal('1')), other_net: times(otherNet, decimal('1')) }),
  );
