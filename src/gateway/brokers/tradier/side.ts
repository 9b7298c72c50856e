/**
 * Which of Tradier's four sides an order is: `buy` and `sell` open and close what is held, `sell_short` and `buy_to_cover` what is owed.
 *
 * No order may cross zero, so the side must hold whenever the order fills, whichever of the run's open orders fill before it:
 *
 * | order | held | condition | side |
 * |---|---|---|---|
 * | sell | above zero | at most `held - openSells`, what no other order may still sell | `sell` |
 * | sell | zero or below | `held + openBuys` is not above zero: no open buy can make it long first | `sell_short` |
 * | buy | below zero | at most `-held - openBuys`, what no other order may still cover | `buy_to_cover` |
 * | buy | zero or above | `held - openSells` is not below zero: no open sell can make it short first | `buy` |
 *
 * Otherwise it is rejected. It is not split: two orders are not the one that was decided, and their ends could differ.
 * Source: reliability, Tradier; its errors LongPositionCrossZero, ShortPositionCrossZero and UnexpectedSellShortOrder say the same.
 */
import { formatDecimal, minus, negated, plus, ZERO } from '../../../contracts/decimal';
import type { BrokerOrder, Trouble } from '../../broker';

export type TradierSide = 'buy' | 'buy_to_cover' | 'sell' | 'sell_short';

export const sideOf = (order: Pick<BrokerOrder, 'intent' | 'held' | 'openBuys' | 'openSells'>): TradierSide | Trouble => {
  const { intent, held, openBuys, openSells } = order;
  if (intent.side === 'sell') {
    if (held > ZERO) return intent.qty <= minus(held, openSells) ? 'sell' : crossesZero(order);
    return plus(held, openBuys) <= ZERO ? 'sell_short' : crossesZero(order);
  }
  if (held < ZERO) return intent.qty <= minus(negated(held), openBuys) ? 'buy_to_cover' : crossesZero(order);
  return minus(held, openSells) >= ZERO ? 'buy' : crossesZero(order);
};

const crossesZero = ({ intent, held, openBuys, openSells }: Parameters<typeof sideOf>[0]): Trouble => ({
  code: 'CROSSES_ZERO',
  reason:
    `this ${intent.side} of ${formatDecimal(intent.qty)} could take the position across zero, which Tradier does not allow in one order: ` +
    `held ${formatDecimal(held)}, open buys ${formatDecimal(openBuys)}, open sells ${formatDecimal(openSells)}; ` +
    'close the position first, then open the other side',
});
