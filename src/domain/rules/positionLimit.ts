import {
  formatFixed,
  magnitude,
  minusNotional,
  plusNotional,
  quantityDown8,
  ratioShown,
  times,
  ZERO,
} from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import { violation } from './rule';
import type { Judgement, Rule } from './rule';

/**
 * EXP-001: the position after the order, with what is working on its side, is worth more than its share of equity.
 *
 * |quantity × price| > limit × equity; exact, nothing is divided. The violation tells the largest quantity that would fit, rounded down to
 * 8 places (zero: none does).
 * Source: capital policy `limits.exposure.max_position_pct`; contracts, "What we do differently" (MODIFY).
 */
export const positionLimit: Rule = (judgement) => {
  const { intent, limits, facts, after } = judgement;
  const limit = limits.exposure.max_position_pct;
  const cap = times(limit, facts.equity);
  if (after.positionValue <= cap) return undefined;

  const share = ratioShown(after.positionValue, facts.equity);
  return violation(
    'EXP-001',
    'HIGH',
    `Position ${formatFixed(share, 4)} breaches limit ${formatFixed(limit, 4)}.`,
    [{ name: 'max_position_pct', value: limit }],
    [
      { name: 'new_position_pct', value: share },
      { name: 'requested_qty', value: intent.qty },
      { name: 'allowed_qty', value: allowedQuantity(judgement, cap) },
    ],
  );
};

/**
 * The largest quantity in (0, requested] that brings the position within `cap` (a notional), rounded down to 8 places; zero when there is
 * none. A position that is over its cap on the other side stays over it whatever fits: then nothing does.
 */
const allowedQuantity = ({ intent, price, after }: Judgement, cap: Notional): Decimal => {
  const ordered = times(intent.qty, price);
  const value = times(after.quantity, price);
  // What is held and working on this side, in the direction of the order: the order adds to it.
  const held = intent.side === 'buy' ? minusNotional(value, ordered) : minusNotional(-value as Notional, ordered);
  const room = minusNotional(cap, held);
  if (room <= 0n) return ZERO;

  const fits = quantityDown8(room, price);
  if (fits <= 0n || fits > intent.qty) return ZERO;
  return magnitude(plusNotional(held, times(fits, price))) <= cap ? fits : ZERO;
};
