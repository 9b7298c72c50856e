/**
 * Every rule beside one decision, those that did not fire too: the value that was measured, the limit that applied, and what was left. The figures are
 * those of the decision's evidence and of its facts; nothing is judged again.
 */
import { negated, rounded6, wholeDecimal } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import type { JsonOut } from '../../../contracts/json/write';
import type { Decision, Facts, RuleId, Violation } from '../../../contracts/messages';
import { RULE_IDS } from '../../../contracts/messages';
import type { AppliedLimits } from '../../../domain/limits';
import { amountOrNull } from './amounts';

interface RuleAbout {
  readonly name: string;
  /** What is measured; null: the rule compares no number. */
  readonly metric: string | null;
}

const RULES: Readonly<Record<RuleId, RuleAbout>> = {
  'SYS-001': { name: 'price', metric: null },
  'SYS-002': { name: 'can be judged', metric: null },
  'KILL-001': { name: 'kill switch', metric: null },
  'LOSS-001': { name: 'daily loss', metric: 'daily_return' },
  'LOSS-002': { name: 'drawdown', metric: 'drawdown' },
  'EXEC-001': { name: 'order rate', metric: 'orders_last_60s_global' },
  'EXEC-002': { name: 'order rate of the strategy', metric: 'orders_last_60s_strategy' },
  'EXP-001': { name: 'position', metric: 'new_position_pct' },
  'EXP-002': { name: 'gross exposure', metric: 'gross_exposure_x' },
  'EXP-003': { name: 'net exposure', metric: 'net_exposure_x' },
};

export const metricOf = (rule: RuleId): string | null => RULES[rule].metric;

/** The limit that a rule holds its metric to, as its evidence shows it; null: it has none. */
export const limitOf = (rule: RuleId, { exposure, loss, execution }: AppliedLimits): Decimal | null => {
  switch (rule) {
    case 'SYS-001':
    case 'SYS-002':
    case 'KILL-001':
      return null;
    case 'LOSS-001':
      return rounded6(negated(loss.daily_loss_limit_pct));
    case 'LOSS-002':
      return rounded6(loss.max_drawdown_pct);
    case 'EXEC-001':
      return wholeDecimal(execution.max_orders_per_minute_global);
    case 'EXEC-002':
      return wholeDecimal(execution.max_orders_per_minute_by_strategy);
    case 'EXP-001':
      return rounded6(exposure.max_position_pct);
    case 'EXP-002':
      return rounded6(exposure.max_gross_exposure_x);
    case 'EXP-003':
      return exposure.max_net_exposure_x === null ? null : rounded6(exposure.max_net_exposure_x);
  }
};

/** `limits`: what the intent was judged by; undefined: that policy is not known here. */
export const ruleFindings = (decision: Decision, facts: Facts | null, limits: AppliedLimits | undefined): JsonOut =>
  RULE_IDS.map((rule) => {
    const fired = decision.violations.find(({ rule_id }) => rule_id === rule);
    const value = valueOf(rule, decision, facts);
    const limit = value === null || limits === undefined ? null : limitOf(rule, limits);
    return finding(rule, fired, value, limit);
  });

const finding = (rule: RuleId, fired: Violation | undefined, value: Decimal | null, limit: Decimal | null): JsonOut => ({
  rule_id: rule,
  name: RULES[rule].name,
  fired: fired !== undefined,
  value: amountOrNull(value),
  limit: amountOrNull(limit),
  headroom: amountOrNull(headroomOf(rule, value, limit)),
  message: fired?.message ?? null,
});

/** Null where the rule was not evaluated: a decision without evidence ended before. */
const valueOf = (rule: RuleId, { evidence }: Decision, facts: Facts | null): Decimal | null => {
  if (evidence.length === 0 || facts === null) return null;
  if (rule === 'EXEC-001') return wholeDecimal(facts.orders_last_60s_global);
  if (rule === 'EXEC-002') return wholeDecimal(facts.orders_last_60s_strategy);
  return evidence.find(({ metric }) => metric === RULES[rule].metric)?.value ?? null;
};

/** What is left: a return must stay above its limit, everything else below. */
const headroomOf = (rule: RuleId, value: Decimal | null, limit: Decimal | null): Decimal | null => {
  if (value === null || limit === null) return null;
  return (rule === 'LOSS-001' ? value - limit : limit - value) as Decimal;
};
