import { formatFixed, minus, ratioShown, times, toNotional } from '../../contracts/decimal';
import { violation } from './rule';
import type { Rule } from './rule';

/**
 * LOSS-002: equity has fallen from its peak by the limit or more.
 *
 * (peak - equity) / peak >= limit, compared without dividing.
 * Source: capital policy `limits.loss.max_drawdown_pct`; contracts, "Decision".
 */
export const drawdown: Rule = ({ facts, limits }) => {
  const limit = limits.loss.max_drawdown_pct;
  const fall = toNotional(minus(facts.peak_equity, facts.equity));
  if (fall < times(limit, facts.peak_equity)) return undefined;

  const shown = ratioShown(fall, facts.peak_equity);
  return violation(
    'LOSS-002',
    'CRIT',
    `Drawdown ${formatFixed(shown, 4)} breaches limit ${formatFixed(limit, 4)}.`,
    [{ name: 'max_drawdown_pct', value: limit }],
    [{ name: 'drawdown', value: shown }],
  );
};
