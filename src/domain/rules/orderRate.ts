import { wholeDecimal } from '../../contracts/decimal';
import { violation } from './rule';
import type { Rule } from './rule';

/**
 * EXEC-001: as many orders as the limit, or more, were admitted in the last 60 seconds, all strategies together.
 * Source: capital policy `limits.execution.max_orders_per_minute_global`; contracts, "Decision".
 */
export const globalOrderRate: Rule = ({ facts, limits }) => {
  const limit = limits.execution.max_orders_per_minute_global;
  const count = facts.orders_last_60s_global;
  if (count < limit) return undefined;
  return violation(
    'EXEC-001',
    'HIGH',
    `Global rate ${count} orders/min exceeds limit ${limit}.`,
    [{ name: 'max_orders_per_minute_global', value: wholeDecimal(limit) }],
    [{ name: 'orders_last_60s_global', value: wholeDecimal(count) }],
  );
};

/** EXEC-002: the same for the intent's strategy. Source: `limits.execution.max_orders_per_minute_by_strategy`. */
export const strategyOrderRate: Rule = ({ intent, facts, limits }) => {
  const limit = limits.execution.max_orders_per_minute_by_strategy;
  const count = facts.orders_last_60s_strategy;
  if (count < limit) return undefined;
  return violation(
    'EXEC-002',
    'HIGH',
    `Strategy '${intent.strategy_id}' rate ${count} orders/min exceeds limit ${limit}.`,
    [
      { name: 'strategy_id', value: intent.strategy_id },
      { name: 'max_orders_per_minute_by_strategy', value: wholeDecimal(limit) },
    ],
    [{ name: 'orders_last_60s_strategy', value: wholeDecimal(count) }],
  );
};
