/**
 * What a run holds and how much of each limit it uses. Figures agree with those of a decision made at the same moment: the same sums, the same rounding.
 * Limits are the policy's own; a position's is the one of its symbol.
 */
import { hexOf } from '../../../contracts/json/hex';
import type { JsonOut } from '../../../contracts/json/write';
import { formatRfc3339 } from '../../../contracts/timestamp';
import { resolveLimits } from '../../../domain/limits';
import type { OrderWindow } from '../../../domain/windows';
import type { LiveRun } from '../../live/live';
import { amountJson, amountOrNull, notionalJson, useJson } from './amounts';
import { decidedTogether, NONE_DECIDED, positionFields, sorted, strategyTotals, worseNet, worseValue } from './holdings';
import { limitUses, positionUse } from './limitUses';

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
    limits: limitUses(state, orders, Math.max(now, state.clock)).map(({ metric, ruleId, use }) => ({
      metric,
      rule_id: ruleId,
      ...useJson(use),
    })),
    positions: heldPositions(run),
    // An ended run has forgotten its intents; nothing is said rather than zero.
    ...(state.status === 'ENDED'
      ? { strategies: null, decided: null }
      : { strategies: strategyFigures(run, orders), decided: { ...decidedOf(run) } }),
  };
};

const heldPositions = ({ shard, ledger: { state } }: LiveRun): readonly JsonOut[] =>
  sorted(state.exposure.positions).map(([symbol, position]) => {
    const price = shard.prices.get(symbol);
    const value = worseValue(position, price);
    const { value: share, limit, headroom, used } = positionUse(state, symbol, price);
    return {
      ...positionFields(symbol, position),
      price: amountOrNull(price ?? null),
      value: value === null ? null : notionalJson(value),
      share: amountOrNull(share),
      limit: amountOrNull(limit),
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
