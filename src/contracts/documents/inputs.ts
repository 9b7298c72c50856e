/** The documents that come from outside, read strictly. Source: contracts, the tables OrderIntent to ExecutionState. */
import type { z } from 'zod';
import { ZERO } from '../decimal';
import type { ExecutionState, Instrument, MarketSnapshot, OrderIntent, PortfolioState } from '../messages';
import { listOf, mapOf, pairOf } from './collections';
import { ABOVE_ZERO, amount, ANY_DECIMAL, count, flag, name, NOT_NEGATIVE, oneOf, orNull, timestamp } from './kinds';
import { field, fieldOr, strictObject } from './schema';

export const instrumentShape = {
  symbol: field(name),
  asset_class: field(oneOf('equity', 'crypto', 'fx', 'futures')),
};
export const instrument: z.ZodType<Instrument> = strictObject(instrumentShape);

/** `instrument` is left to the caller: strict in an input, open in an output. */
export const intentShape = {
  intent_id: field(name),
  timestamp: field(timestamp),
  strategy_id: field(name),
  account_id: field(name),
  side: field(oneOf('buy', 'sell')),
  order_type: field(oneOf('market', 'limit')),
  qty: field(amount(ABOVE_ZERO)),
  limit_price: fieldOr(orNull(amount(NOT_NEGATIVE)), () => null, null),
};
export const orderIntent: z.ZodType<OrderIntent> = strictObject({ ...intentShape, instrument });

export const portfolioShape = {
  equity: field(amount(ABOVE_ZERO)),
  start_of_day_equity: field(amount(ABOVE_ZERO)),
  peak_equity: field(amount(ABOVE_ZERO)),
  positions: fieldOr(mapOf(amount(ANY_DECIMAL), 'quantities by symbol'), () => new Map(), {}),
  realized_pnl_today: fieldOr(amount(ANY_DECIMAL), () => ZERO, 0),
  unrealized_pnl: fieldOr(amount(ANY_DECIMAL), () => ZERO, 0),
};
export const portfolioState: z.ZodType<PortfolioState> = strictObject(portfolioShape);

/** Prices may be zero or negative here: the engine answers these with SYS-001. */
export const marketShape = {
  timestamp: field(timestamp),
  prices: field(mapOf(amount(ANY_DECIMAL), 'prices by symbol')),
};
export const marketSnapshot: z.ZodType<MarketSnapshot> = strictObject(marketShape);

export const executionStateShape = {
  orders_last_60s_global: fieldOr(count(0), () => 0, 0),
  orders_last_60s_by_strategy: fieldOr(mapOf(count(0), 'counts by strategy'), () => new Map(), {}),
  violations_last_window: fieldOr(
    listOf(pairOf(timestamp, name, 'a pair of a time and a rule id'), 'pairs of a time and a rule id'),
    () => [],
    [],
  ),
  kill_switch_active: fieldOr(flag, () => false, false),
};
export const executionState: z.ZodType<ExecutionState> = strictObject(executionStateShape);
