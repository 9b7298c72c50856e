import { formatDecimal } from '../contracts/decimal';
import type { OrderResolved } from '../contracts/messages';
import type { OrderReport, ReportedStatus } from './broker';
import { fillGrowth } from './fillGrowth';
import type { GatewayOrder } from './orders';

const STATUSES: Readonly<Record<OrderResolved['outcome'], ReportedStatus>> = {
  FILLED: 'filled',
  REJECTED: 'rejected',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
};

/** An operator's word on an order, as if the broker had said it. `by`: who, and why. */
export const reportOfResolution = (order: GatewayOrder, { outcome, cum_qty, price }: OrderResolved, by: string): OrderReport => ({
  clientOrderId: order.clientOrderId,
  orderId: order.orderId,
  symbol: order.symbol,
  side: order.side,
  status: STATUSES[outcome],
  statusText: outcome,
  qty: order.qty,
  filledQty: cum_qty,
  averagePrice: price,
  fills: [],
  reason: `resolved ${by}`,
});

/**
 * Why an operator's word cannot be so, in one line; undefined: it can. `orders resolve` asks the same before it publishes, but an OrderResolved can
 * be published by other means, and what was said may have been overtaken by a fill.
 */
export const resolutionFault = (order: GatewayOrder, resolution: OrderResolved): string | undefined => {
  const { outcome, cum_qty, price } = resolution;
  const { qty, cumQty: filled, notional } = order;
  const [says, has, whole] = [cum_qty, filled, qty].map((amount) => formatDecimal(amount));
  if (cum_qty < filled) return `cum_qty is ${says}: ${has} of ${whole} are filled on record; expected at least that`;
  if (cum_qty > qty) return `cum_qty is ${says}: expected at most ${whole}, the whole order`;
  if (outcome === 'REJECTED' && cum_qty > 0n)
    return `cum_qty is ${says}: expected 0, since nothing of a rejected order is filled`;
  if (outcome === 'FILLED' && cum_qty !== qty)
    return `cum_qty is ${says}: expected ${whole}, the whole order; of one that was filled in part say how the rest ended`;
  if (cum_qty === filled) return undefined;
  if (price === null) return `price is missing: expected the average of all ${says} that were filled`;
  if (price <= 0n) return `price is ${formatDecimal(price)}: expected the average of all that was filled, above 0`;
  const growth = fillGrowth({ filledQty: cum_qty, averagePrice: price, fills: [] }, { cumQty: filled, notional });
  return growth.restated || growth.unpriced > 0n
    ? `price is ${formatDecimal(price)}: cannot be the average of all ${says}, since the rest would have cost nothing or less`
    : undefined;
};
