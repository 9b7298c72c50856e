/** The paper broker's rule: what becomes of an order that is filled at once, or not at all. */
import type { Decimal } from '../contracts/decimal';
import type { OrderIntent } from '../contracts/messages';

export type PaperOutcome =
  | { readonly type: 'filled'; readonly price: Decimal }
  /** `code`: one short word for machines; `reason`: for people. */
  | { readonly type: 'rejected'; readonly code: string; readonly reason: string };

/**
 * Market orders fill whole at the reference price (no slippage); a limit buy fills there if its limit is at or above it, a limit sell if at or below
 * it; everything else is rejected. Source: contracts, "Runner, per intent" (paper broker).
 */
export const paperOutcome = (
  { order_type, limit_price: limit, side }: Pick<OrderIntent, 'order_type' | 'limit_price' | 'side'>,
  referencePrice: Decimal,
): PaperOutcome => {
  if (order_type === 'limit') {
    if (limit === null) return { type: 'rejected', code: 'NO_LIMIT_PRICE', reason: 'limit order without a limit price' };
    const marketable = side === 'buy' ? limit >= referencePrice : limit <= referencePrice;
    if (!marketable) return { type: 'rejected', code: 'NOT_MARKETABLE', reason: 'limit price is not marketable' };
  }
  return { type: 'filled', price: referencePrice };
};
