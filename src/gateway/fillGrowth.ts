/**
 * What an order filled since the last look: from the broker's report and what was published already to the fills to publish now.
 *
 * Executions that the broker tells one by one are used as far as they continue, without a gap, what was published; one that was published in
 * part is cut. The rest is one fill by growth: quantity q2 - q1, price (average2 * q2 - published notional) / (q2 - q1), rounded half-even to
 * 18 places. What a rounding leaves over is in the next price, since the notional is that of the published prices. Nothing is filled twice or
 * beyond the report's `filledQty`; a report that is older than what was published gives nothing.
 * Source: reliability, the brokers' facts (Tradier tells no executions, Alpaca's may lag behind the order).
 */
import {
  inBounds,
  minus,
  minusNotional,
  plusNotional,
  smaller,
  times,
  ZERO,
  type Decimal,
  type Notional,
} from '../contracts/decimal';
import type { BrokerFill, OrderReport } from './broker';

/** Of the fills that were published: their quantity, and the sum of quantity * price. */
export interface AppliedFills {
  readonly cumQty: Decimal;
  readonly notional: Notional;
}

export interface FillGrowth {
  /** By `cumQty`, each beyond the one before. */
  readonly fills: readonly BrokerFill[];
  /** Filled, but not in `fills`, because the broker does not show its price yet: look again. */
  readonly unpriced: Decimal;
  /**
   * The average can only be explained by a price that is not above zero, so the broker has changed what it said of earlier fills. The fill is
   * there with that price, since all of them together must cost what the broker says; someone should look. A price of 10^20 and more cannot be
   * written down: its quantity stays unpriced.
   */
  readonly restated: boolean;
}

export const fillGrowth = (
  report: Pick<OrderReport, 'filledQty' | 'averagePrice' | 'fills'>,
  applied: AppliedFills,
): FillGrowth => {
  const { filledQty, averagePrice } = report;
  const fills = continuing(report.fills, applied.cumQty, filledQty);
  const reached = fills.at(-1)?.cumQty ?? applied.cumQty;
  if (reached >= filledQty) return { fills, unpriced: ZERO, restated: false };

  const qty = minus(filledQty, reached);
  if (averagePrice === null) return { fills, unpriced: qty, restated: false };
  const notional = fills.reduce((sum, fill) => plusNotional(sum, times(fill.qty, fill.price)), applied.notional);
  const price = divideNotional(minusNotional(times(averagePrice, filledQty), notional), qty);
  if (!inBounds(price)) return { fills, unpriced: qty, restated: true };
  return { fills: [...fills, { qty, price, cumQty: filledQty }], unpriced: ZERO, restated: price <= ZERO };
};

/** The executions from `from` on, up to the first gap and to `most`. */
const continuing = (told: readonly BrokerFill[], from: Decimal, most: Decimal): BrokerFill[] => {
  const fills: BrokerFill[] = [];
  let reached = from;
  for (const fill of told.toSorted((a, b) => (a.cumQty < b.cumQty ? -1 : a.cumQty > b.cumQty ? 1 : 0))) {
    const cumQty = smaller(fill.cumQty, most);
    if (cumQty <= reached) continue;
    if (minus(fill.cumQty, fill.qty) > reached) break;
    fills.push({ qty: minus(cumQty, reached), price: fill.price, cumQty });
    reached = cumQty;
  }
  return fills;
};

/** numerator / denominator, rounded half-even to 18 places; may be out of a Decimal's bounds. The denominator is above zero. */
const divideNotional = (numerator: Notional, denominator: Decimal): Decimal => {
  const quotient: bigint = numerator / denominator;
  const rest: bigint = numerator % denominator;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const away = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return (away ? (numerator < 0n ? quotient - 1n : quotient + 1n) : quotient) as Decimal;
};
