/** Whether two decisions are the same, to the last figure. It is asked for every decision of a log: spelled out, nothing is made for it. */
import type { Decision, Evidence, Figure, OrderIntent, PublishedDecision, Violation } from '../../contracts/messages';

export const sameDecision = (a: Decision, b: Decision): boolean =>
  a.decision === b.decision &&
  a.intent_id === b.intent_id &&
  a.kill_switch_triggered === b.kill_switch_triggered &&
  sameOrder(a.order, b.order) &&
  sameLists(a.violations, b.violations, sameViolation) &&
  sameLists(a.evidence, b.evidence, sameEvidence);

const sameOrder = (a: OrderIntent | null, b: OrderIntent | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.intent_id === b.intent_id &&
    a.timestamp === b.timestamp &&
    a.strategy_id === b.strategy_id &&
    a.account_id === b.account_id &&
    a.instrument.symbol === b.instrument.symbol &&
    a.instrument.asset_class === b.instrument.asset_class &&
    a.side === b.side &&
    a.order_type === b.order_type &&
    a.qty === b.qty &&
    a.limit_price === b.limit_price);

const sameLists = <T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean => {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (!same(a[at] as T, b[at] as T)) return false;
  return true;
};

const sameViolation = (a: Violation, b: Violation): boolean =>
  a.rule_id === b.rule_id &&
  a.severity === b.severity &&
  a.message === b.message &&
  sameLists(a.inputs, b.inputs, sameFigure) &&
  sameLists(a.computed, b.computed, sameFigure);

const sameFigure = (a: Figure, b: Figure): boolean => a.name === b.name && a.value === b.value;

const sameEvidence = (a: Evidence, b: Evidence): boolean => a.metric === b.metric && a.value === b.value && a.limit === b.limit;

/** Of a published decision what was decided, without where and when. */
export const bareDecision = ({
  decision,
  intent_id,
  order,
  violations,
  evidence,
  kill_switch_triggered,
}: PublishedDecision): Decision => ({
  decision,
  intent_id,
  order,
  violations,
  evidence,
  kill_switch_triggered,
});
