/** What is held and working, valued as decisions value it (src/domain/exposure.ts): of a run, of a strategy, or of several together. */
import { largerNotional, magnitude, minus, NO_NOTIONAL, plus, plusNotional, times } from '../../../contracts/decimal';
import type { Decimal, Notional } from '../../../contracts/decimal';
import type { JsonOut } from '../../../contracts/json/write';
import { Exposure } from '../../../domain/exposure';
import type { Position } from '../../../domain/exposure';
import type { StrategyFigures } from '../../live/strategyBook';
import { amountJson } from './amounts';

/** Sums over holdings: gross at the worse side of working orders, net with all buys and with all sells filled. */
export interface Totals {
  readonly gross: Notional;
  readonly netBuy: Notional;
  readonly netSell: Notional;
}
export const NO_TOTALS: Totals = { gross: NO_NOTIONAL, netBuy: NO_NOTIONAL, netSell: NO_NOTIONAL };

export const added = (a: Totals, b: Totals): Totals => ({
  gross: plusNotional(a.gross, b.gross),
  netBuy: plusNotional(a.netBuy, b.netBuy),
  netSell: plusNotional(a.netSell, b.netSell),
});

/** The net that is further from zero. */
export const worseNet = ({ netBuy, netSell }: Totals): Notional => further(netBuy, netSell);

/** What the position comes to at its worse side, below zero where that is short; null without a price. */
export const worseValue = ({ qty, workingBuy, workingSell }: Position, price: Decimal | undefined): Notional | null =>
  price === undefined ? null : further(times(plus(qty, workingBuy), price), times(minus(qty, workingSell), price));

/** Of equals the first. */
const further = (a: Notional, b: Notional): Notional => (largerNotional(magnitude(a), magnitude(b)) === magnitude(a) ? a : b);

export const strategyTotals = ({ holdings }: StrategyFigures, prices: ReadonlyMap<string, Decimal>): Totals => {
  const exposure = new Exposure(prices);
  for (const [symbol, holding] of holdings) exposure.set(symbol, holding);
  return exposure.totals();
};

export const positionFields = (
  symbol: string,
  { qty, workingBuy, workingSell }: Position,
): Readonly<Record<string, JsonOut>> => ({
  symbol,
  qty: amountJson(qty),
  working_buy_qty: amountJson(workingBuy),
  working_sell_qty: amountJson(workingSell),
});

type Decided = StrategyFigures['decided'];
export const NONE_DECIDED: Decided = { ALLOW: 0, MODIFY: 0, DENY: 0 };
export const decidedTogether = (a: Decided, b: Decided): Decided => ({
  ALLOW: a.ALLOW + b.ALLOW,
  MODIFY: a.MODIFY + b.MODIFY,
  DENY: a.DENY + b.DENY,
});

/** By code units of the names. */
export const sorted = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));
