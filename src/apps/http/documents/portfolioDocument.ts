/**
 * What a run holds and how much of each limit it uses. Figures agree with those of a decision made at the same moment: the same sums, the same rounding.
 * Limits are the policy's own; a position's is the one of its symbol.
 */
import { magnitude, minus, ratio6, rounded6, toNotional, wholeDecimal, ZERO } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { hexOf } from '../../../contracts/json/hex';
import type { JsonOut } from '../../../contracts/json/write';
import { formatRfc3339 } from '../../../contracts/timestamp';
import { resolveLimits } from '../../../domain/limits';
import type { RunState } from '../../../domain/state';
import type { OrderWindow } from '../../../domain/windows';
import type { LiveRun } from '../../live/live';
import { amountJson, amountOrNull, lossUseOf, multipleOf, notionalJson, useJson, useOf } from './amounts';
import type { Use } from './amounts';
import { violationsAt } from './evaluateNow';
import { decidedTogether, NONE_DECIDED, positionFields, sorted, strategyTotals, worseNet, worseValue } from './holdings';

/** `now`: ms; orders and violations count as of then, or of the run's clock where that is ahead. */
export const portfolioDocument = (run: LiveRun, now: number): JsonOut => {
  const { state } = run.ledger;
  const { account } = state;
  const orders = state.orders.ahead(Math.max(now, state.clock));
  const totals = state.exposure.totals();
  return {
    run_id: state.runId,
    account_id: account.account_id,
    status: state.status,
    clock: formatRfc3339(state.clock),
    policy_hash: state.active === undefined ? null : hexOf(state.active.hash),
    mode: state.active?.policy.defaults.mode ?? null,
    equity_mode: state.equityMode,
    equity: amountJson(account.equity),
    start_of_day_equity: amountJson(account.start_of_day_equity),
    peak_equity: amountJson(account.peak_equity),
    gross_value: notionalJson(totals.gross),
    net_value: notionalJson(worseNet(totals)),
    kill_switch_active: state.killSwitchActive,
    limits: limitUses(state, orders, Math.max(now, state.clock)),
    positions: heldPositions(run),
    strategies: strategyFigures(run, orders),
    decided: { ...decidedOf(run) },
  };
};

const limitUses = (state: RunState, orders: OrderWindow, clock: number): readonly JsonOut[] => {
  const { account, active, exposure } = state;
  if (active === undefined) return [];
  const { equity, start_of_day_equity: start, peak_equity: peak } = account;
  const totals = exposure.totals();
  const { exposure: exposed, loss, execution, kill_switch } = active.policy.limits;
  const row = (metric: string, rule_id: string | null, use: Use): JsonOut => ({ metric, rule_id, ...useJson(use) });
  return [
    row('daily_return', 'LOSS-001', lossUseOf(share(minus(equity, start), start), loss.daily_loss_limit_pct)),
    row('drawdown', 'LOSS-002', useOf(share(minus(peak, equity), peak), loss.max_drawdown_pct)),
    row('gross_exposure_x', 'EXP-002', useOf(multipleOf(totals.gross, equity), exposed.max_gross_exposure_x)),
    row('net_exposure_x', 'EXP-003', useOf(multipleOf(magnitude(worseNet(totals)), equity), exposed.max_net_exposure_x)),
    row('orders_last_60s_global', 'EXEC-001', counted(orders.globalCount, execution.max_orders_per_minute_global)),
    row('violations_in_window', null, counted(violationsAt(state, clock), kill_switch.trip_after_n_violations)),
  ];
};

const share = (change: Decimal, of: Decimal): Decimal | null => {
  if (change === 0n) return ZERO;
  return of > 0n ? ratio6(toNotional(change), of) : null;
};

const counted = (count: number, limit: number): Use => useOf(wholeDecimal(count), wholeDecimal(limit));

const heldPositions = ({ shard, ledger: { state } }: LiveRun): readonly JsonOut[] =>
  sorted(state.exposure.positions).map(([symbol, position]) => {
    const price = shard.prices.get(symbol);
    const value = worseValue(position, price);
    const ofEquity = value === null ? null : multipleOf(magnitude(value), state.account.equity);
    const limit = state.active === undefined ? null : resolveLimits(state.active.policy, symbol, '').exposure.max_position_pct;
    const { headroom, used } = useOf(ofEquity, limit);
    return {
      ...positionFields(symbol, position),
      price: amountOrNull(price ?? null),
      value: value === null ? null : notionalJson(value),
      share: amountOrNull(ofEquity),
      limit: amountOrNull(limit === null ? null : rounded6(limit)),
      headroom: amountOrNull(headroom),
      used: amountOrNull(used),
    };
  });

const strategyFigures = ({ shard, ledger: { state }, strategies }: LiveRun, orders: OrderWindow): readonly JsonOut[] =>
  sorted(strategies).map(([strategy_id, figures]) => {
    const totals = strategyTotals(figures, shard.prices);
    const limits = state.active === undefined ? undefined : resolveLimits(state.active.policy, '', strategy_id);
    return {
      strategy_id,
      decided: { ...figures.decided },
      orders_last_60s: orders.countOf(strategy_id),
      orders_limit: limits?.execution.max_orders_per_minute_by_strategy ?? null,
      gross_value: notionalJson(totals.gross),
      net_value: notionalJson(worseNet(totals)),
      positions: sorted(figures.holdings).map(([symbol, holding]) => {
        const value = worseValue(holding, shard.prices.get(symbol));
        return { ...positionFields(symbol, holding), value: value === null ? null : notionalJson(value) };
      }),
    };
  });

const decidedOf = ({ strategies }: LiveRun) =>
  [...strategies.values()].reduce((sum, { decided }) => decidedTogether(sum, decided), NONE_DECIDED);
