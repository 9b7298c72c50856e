/** How runs begin: flat and fresh mostly; some with positions, some with orders and violations of before, a few with the kill switch on. */
import { wholeDecimal, ZERO } from '../../../src/contracts/decimal';
import type { ExecutionState, RunStarted } from '../../../src/contracts/messages';
import { formatRfc3339 } from '../../../src/contracts/timestamp';
import type { Random } from '../../support/random';
import type { WorldPlan } from '../world/plan';
import type { RunModel } from './runModel';

export interface RunStartOptions {
  readonly run: RunModel;
  /** By the sender's clock, ms. */
  readonly now: number;
  readonly plan: WorldPlan;
  readonly policyText: string;
  readonly symbols: readonly string[];
  readonly strategies: readonly string[];
}

/** `violationTimes`: of `violations_last_window`, ms, in the same order. */
export const drawRunStart = (
  random: Random,
  { run, now, plan, policyText, symbols, strategies }: RunStartOptions,
): { readonly payload: RunStarted; readonly violationTimes: readonly number[] } => {
  const { equity, accountId, dialect } = run;
  // At a broker the positions are the broker's.
  const held = dialect === 'sim' && random.chance(0.4) ? symbols.slice(0, 2) : [];
  // So much that a net limit may be broken from the start: then a smaller order can be worse than a larger one.
  const most = random.chance(0.5) ? 20 : 450;
  const before = random.chance(0.25) ? random.between(1, 4) : 0;
  const violationTimes = Array.from(
    { length: random.chance(0.2) ? random.between(1, 2) : 0 },
    () => now - random.between(0, 60_000),
  );
  const execution: ExecutionState = {
    orders_last_60s_global: before,
    orders_last_60s_by_strategy: new Map(before > 0 ? [[random.pick(strategies), before]] : []),
    violations_last_window: violationTimes.map((at) => [formatRfc3339(at), 'EXP-001']),
    kill_switch_active: random.chance(plan.profile === 'kill' ? 0.15 : 0.03),
  };
  const payload: RunStarted = {
    type: 'RunStarted',
    account_id: accountId,
    policy_text: policyText,
    portfolio: {
      ...{ equity, start_of_day_equity: equity, peak_equity: equity, realized_pnl_today: ZERO, unrealized_pnl: ZERO },
      positions: new Map(held.map((symbol) => [symbol, wholeDecimal(random.between(-most, most))])),
    },
    execution,
    equity_mode: plan.marked ? 'marked' : 'fixed',
  };
  return { payload, violationTimes };
};
