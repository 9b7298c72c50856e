import type { OrderResolved } from '../contracts/messages';
import type { OrderReport, ReportedStatus } from './broker';
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
