import { formatFixed, minus, negated, ratioShown, times, toNotional } from '../../contracts/decimal';
import { violation } from './rule';
import type { Rule } from './rule';

/**
 * LOSS-001: the day's loss has reached its limit.
 *
 * (equity - start of day) / start of day <= -limit, compared without dividing: equity - start of day <= -(limit × start of day).
 * Source: capital policy `limits.loss.daily_loss_limit_pct`; contracts, "Decision".
 */
export const dailyLoss: Rule = ({ facts, limits }) => {
  const limit = limits.loss.daily_loss_limit_pct;
  const change = toNotional(minus(facts.equity, facts.start_of_day_equity));
  if (change > -times(limit, facts.start_of_day_equity)) return undefined;

  const dailyReturn = ratioShown(change, facts.start_of_day_equity);
  return violation(
    'LOSS-001',
    'HIGH',
    `Daily loss ${formatFixed(dailyReturn, 4)} breaches limit ${formatFixed(negated(limit), 4)}.`,
    [{ name: 'daily_loss_limit_pct', value: limit }],
    [{ name: 'daily_return', value: dailyReturn }],
  );
};
