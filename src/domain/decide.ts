/** The judgement: one intent, the limits that apply to it, the facts. Nothing else is known, nothing is changed. */
import {
  inBounds,
  magnitude,
  minus,
  negated,
  plus,
  plusNotional,
  ratio6,
  rounded6,
  times,
  toNotional,
  ZERO,
} from '../contracts/decimal';
import type { Decimal, Notional } from '../contracts/decimal';
import type { Decision, Evidence, Facts, OrderIntent, Verdict, Violation } from '../contracts/messages';
import type { AppliedLimits } from './limits';
import { dailyLoss } from './rules/dailyLoss';
import { drawdown } from './rules/drawdown';
import { grossExposure, netExposure } from './rules/exposure';
import { killSwitch } from './rules/killSwitch';
import { missingPrice } from './rules/missingPrice';
import { globalOrderRate, strategyOrderRate } from './rules/orderRate';
import { positionLimit } from './rules/positionLimit';
import type { Judgement, Projection, Rule } from './rules/rule';
import { cannotBeJudged, unjudgeable } from './rules/unjudgeable';

/** In the order in which they are evaluated and shown; all are evaluated. SYS-001 comes before them and ends the evaluation. */
const RULES: readonly Rule[] = [
  unjudgeable, // SYS-002
  killSwitch, // KILL-001
  dailyLoss, // LOSS-001
  drawdown, // LOSS-002
  globalOrderRate, // EXEC-001
  strategyOrderRate, // EXEC-002
  positionLimit, // EXP-001
  grossExposure, // EXP-002
  netExposure, // EXP-003
];

const NONE: readonly never[] = [];
const OUT_OF_BOUNDS = 'A loss or an exposure from 10^19 times equity, or a limit that rounds to 10^20, is out of bounds.';

/** Only of a marked run; what nothing remains of is a share of nothing. */
const NO_EQUITY = 'Equity is not above zero, or out of bounds: no loss or exposure can be measured by it.';

/** A ratio is shown to 15 digits too, which may carry it into one digit more: that digit is left free. */
const canBeShown = ({ value, limit }: Evidence): boolean => inBounds((value * 10n) as Decimal) && inBounds(limit);

/**
 * Judges one intent. Constant cost, whatever is held.
 *
 * ALLOW: nothing is violated, or the policy only monitors. MODIFY: EXP-001 alone is violated, and the largest quantity that fits passes
 * every rule; never more than asked. DENY: everything else, and always for SYS-001 and SYS-002.
 * Source: design, "The engine"; contracts, "Decision".
 */
export const decide = (intent: OrderIntent, limits: AppliedLimits, facts: Facts): Decision => {
  try {
    return evaluated(intent, limits, facts);
  } catch {
    // We were wrong somewhere: fail closed, on record, and the stream lives on.
    return refuse(intent, 'The evaluation failed on this intent.', limits);
  }
};

const evaluated = (intent: OrderIntent, limits: AppliedLimits, facts: Facts): Decision => {
  const unpriced = missingPrice(intent, facts);
  if (unpriced !== undefined || facts.price === null) return deny(intent, limits, unpriced === undefined ? NONE : [unpriced]);

  if (facts.equity <= 0n || facts.start_of_day_equity <= 0n || facts.peak_equity <= 0n) return refuse(intent, NO_EQUITY, limits);

  const judgement = judgementOf(intent, limits, facts, facts.price);
  const evidence = evidenceOf(judgement);
  if (!evidence.every(canBeShown)) return refuse(intent, OUT_OF_BOUNDS, limits);
  const violations = violationsOf(judgement);
  const kill_switch_triggered = trips(violations, limits);
  const answer = (decision: Verdict, order: OrderIntent | null, found: readonly Violation[]): Decision => ({
    decision,
    intent_id: intent.intent_id,
    order,
    violations: found,
    evidence,
    kill_switch_triggered,
  });

  if (violations.length === 0) return answer('ALLOW', intent, violations);
  if (violations[0]?.rule_id === 'SYS-002') return answer('DENY', null, violations);
  if (limits.mode === 'monitor') return answer('ALLOW', intent, violations);

  const [only] = violations;
  const allowed = violations.length === 1 && only?.rule_id === 'EXP-001' ? figureOf(only, 'allowed_qty') : undefined;
  if (only === undefined || typeof allowed !== 'bigint' || allowed <= 0n) return answer('DENY', null, violations);

  const reduced: OrderIntent = { ...intent, qty: allowed };
  const breached = violationsOf(judgementOf(reduced, limits, facts, facts.price)).map(({ rule_id }) => rule_id);
  if (breached.length === 0) return answer('MODIFY', reduced, violations);
  // The offer itself would break a rule (a smaller sale can leave more net exposure): say which, and deny.
  const explained = { ...only, computed: [...only.computed, { name: 'reduced_order_breaches', value: breached.join(', ') }] };
  return answer('DENY', null, [explained]);
};

/** Denies without facts to judge by: SYS-002 with its reason, no evidence. It can trip the kill switch only of `limits`. */
export const refuse = (intent: OrderIntent, reason: string, limits?: AppliedLimits): Decision =>
  deny(intent, limits, [cannotBeJudged(reason)]);

const deny = (intent: OrderIntent, limits: AppliedLimits | undefined, violations: readonly Violation[]): Decision => ({
  decision: 'DENY',
  intent_id: intent.intent_id,
  order: null,
  violations,
  evidence: NONE,
  kill_switch_triggered: limits !== undefined && trips(violations, limits),
});

const judgementOf = (intent: OrderIntent, limits: AppliedLimits, facts: Facts, price: Decimal): Judgement => ({
  intent,
  limits,
  facts,
  price,
  after: project(intent, facts, price),
});

/** Source: design, "Working orders": a buy counts on top of the working buys, a sell of the working sells. */
const project = ({ side, qty }: OrderIntent, facts: Facts, price: Decimal): Projection => {
  const quantity =
    side === 'buy'
      ? plus(plus(facts.position_qty, facts.working_buy_qty), qty)
      : minus(minus(facts.position_qty, facts.working_sell_qty), qty);
  const value = times(quantity, price);
  const positionValue = magnitude(value);
  return {
    quantity,
    positionValue,
    gross: plusNotional(facts.other_gross, positionValue),
    net: magnitude(plusNotional(facts.other_net, value)),
  };
};

const violationsOf = (judgement: Judgement): readonly Violation[] => {
  let found: Violation[] | undefined;
  for (const rule of RULES) {
    const violated = rule(judgement);
    if (violated !== undefined) (found ??= []).push(violated);
  }
  return found ?? NONE;
};

const figureOf = ({ computed }: Violation, name: string): boolean | string | Decimal | undefined =>
  computed.find((figure) => figure.name === name)?.value;

const trips = (violations: readonly Violation[], { kill_switch }: AppliedLimits): boolean =>
  violations.length > 0 && violations.some(({ rule_id }) => kill_switch.trip_on_rules.includes(rule_id));

/** Five metrics in a fixed order, value beside the limit that was applied; a net limit of zero means that it is not checked. */
const evidenceOf = ({ limits: { loss, exposure }, facts, after }: Judgement): readonly Evidence[] => [
  {
    metric: 'daily_return',
    value: share(minus(facts.equity, facts.start_of_day_equity), facts.start_of_day_equity),
    limit: rounded6(negated(loss.daily_loss_limit_pct)),
  },
  {
    metric: 'drawdown',
    value: share(minus(facts.peak_equity, facts.equity), facts.peak_equity),
    limit: rounded6(loss.max_drawdown_pct),
  },
  { metric: 'new_position_pct', value: multiple(after.positionValue, facts), limit: rounded6(exposure.max_position_pct) },
  { metric: 'gross_exposure_x', value: multiple(after.gross, facts), limit: rounded6(exposure.max_gross_exposure_x) },
  { metric: 'net_exposure_x', value: multiple(after.net, facts), limit: rounded6(exposure.max_net_exposure_x ?? ZERO) },
];

const share = (change: Decimal, of: Decimal): Decimal => (change === 0n ? ZERO : ratio6(toNotional(change), of));
const multiple = (value: Notional, facts: Facts): Decimal => ratio6(value, facts.equity);
