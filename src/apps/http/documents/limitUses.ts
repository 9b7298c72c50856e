/**
 * How much of each limit a run uses: what the portfolio document shows run by run, and the metrics as the most that any run uses. Figures agree with those of a
 * decision made at the same moment: the same sums, the same rounding.
 */
import { magnitude, minus, ratio6, toNotional, wholeDecimal, ZERO } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { resolveLimits } from '../../../domain/limits';
import type { RunState } from '../../../domain/state';
import type { OrderWindow } from '../../../domain/windows';
import { lossUseOf, multipleOf, useOf } from './amounts';
import type { Use } from './amounts';
import { violationsAt } from './evaluateNow';
import { worseNet, worseValue } from './holdings';

/** Limits that a run as a whole has one figure for. */
export type RunLimit =
  'daily_return' | 'drawdown' | 'gross_exposure_x' | 'net_exposure_x' | 'orders_last_60s_global' | 'violations_in_window';

interface LimitUse {
  readonly metric: RunLimit;
  /** The rule that breaks when it is exceeded; null: the kill switch trips. */
  readonly ruleId: string | null;
  readonly use: Use;
}

/** Of the policy's own limits. `orders`: as they count at `clock`, ms. Empty where no policy is in force. */
export const limitUses = (state: RunState, orders: OrderWindow, clock: number): readonly LimitUse[] => {
  const { account, active, exposure } = state;
  if (active === undefined) return [];
  const { equity, start_of_day_equity: start, peak_equity: peak } = account;
  const totals = exposure.totals();
  const { exposure: exposed, loss, execution, kill_switch } = active.policy.limits;
  const row = (metric: RunLimit, ruleId: string | null, use: Use): LimitUse => ({ metric, ruleId, use });
  return [
    row('daily_return', 'LOSS-001', lossUseOf(share(minus(equity, start), start), loss.daily_loss_limit_pct)),
    row('drawdown', 'LOSS-002', useOf(share(minus(peak, equity), peak), loss.max_drawdown_pct)),
    row('gross_exposure_x', 'EXP-002', useOf(multipleOf(totals.gross, equity), exposed.max_gross_exposure_x)),
    row('net_exposure_x', 'EXP-003', useOf(multipleOf(magnitude(worseNet(totals)), equity), exposed.max_net_exposure_x)),
    row('orders_last_60s_global', 'EXEC-001', counted(orders.globalCount, execution.max_orders_per_minute_global)),
    row('violations_in_window', null, counted(violationsAt(state, clock), kill_switch.trip_after_n_violations)),
  ];
};

/** Of the limit that the symbol's position has. */
export const positionUse = (state: RunState, symbol: string, price: Decimal | undefined): Use => {
  const value = worseValue(state.exposure.of(symbol), price);
  const ofEquity = value === null ? null : multipleOf(magnitude(value), state.account.equity);
  const limit = state.active === undefined ? null : resolveLimits(state.active.policy, symbol, '').exposure.max_position_pct;
  return useOf(ofEquity, limit);
};

/** Of the limit that the strategy has for its orders of a minute. */
export const strategyOrdersUse = (state: RunState, orders: OrderWindow, strategyId: string): Use => {
  const limits = state.active === undefined ? undefined : resolveLimits(state.active.policy, '', strategyId);
  return limits === undefined
    ? useOf(null, null)
    : counted(orders.countOf(strategyId), limits.execution.max_orders_per_minute_by_strategy);
};

const share = (change: Decimal, of: Decimal): Decimal | null => {
  if (change === 0n) return ZERO;
  return of > 0n ? ratio6(toNotional(change), of) : null;
};

const counted = (count: number, limit: number): Use => useOf(wholeDecimal(count), wholeDecimal(limit));
