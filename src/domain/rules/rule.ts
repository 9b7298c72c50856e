import type { Decimal, Notional } from '../../contracts/decimal';
import type { Facts, Figure, OrderIntent, RuleId, Severity, Violation } from '../../contracts/messages';
import type { AppliedLimits } from '../limits';

/** The book as it would stand after the order, at the price of the facts. All exact. */
export interface Projection {
  /** Position and working orders on the order's side, plus the order. */
  readonly quantity: Decimal;
  /** |quantity| × price. */
  readonly positionValue: Notional;
  readonly gross: Notional;
  /** |net|. */
  readonly net: Notional;
}

/** What a rule may look at. */
export interface Judgement {
  readonly intent: OrderIntent;
  readonly limits: AppliedLimits;
  readonly facts: Facts;
  /** The price of the intent's symbol; above zero, or SYS-001 has answered already. */
  readonly price: Decimal;
  readonly after: Projection;
}

/** One limit of the policy. Answers what is violated, or nothing. Pure, constant cost. */
export type Rule = (judgement: Judgement) => Violation | undefined;

export const violation = (
  rule_id: RuleId,
  severity: Severity,
  message: string,
  inputs: readonly Figure[],
  computed: readonly Figure[] = [],
): Violation => ({ rule_id, severity, message, inputs, computed });
