/** The gateway's events, from what it knows of an order. */
import { ZERO } from '../contracts/decimal';
import type { ExecutionEvent } from '../contracts/messages';
import type { BrokerFill, OrderReport, Trouble } from './broker';
import { fillGrowth } from './fillGrowth';
import type { GatewayOrder } from './orders';
import { leavesOf } from './orders';

type Details = Partial<Pick<ExecutionEvent, 'order_id' | 'qty' | 'price' | 'cum_qty' | 'leaves_qty' | 'code' | 'reason'>>;

/** Spelled out, not spread: this is made for every order. */
const eventOf = (order: GatewayOrder, event: ExecutionEvent['event'], details: Details): ExecutionEvent => ({
  event,
  run_id: order.runId,
  intent_id: order.intentId,
  order_id: details.order_id ?? order.orderId,
  client_order_id: order.clientOrderId,
  symbol: order.symbol,
  side: order.side,
  order_type: order.orderType,
  qty: details.qty ?? null,
  price: details.price ?? null,
  cum_qty: details.cum_qty ?? order.cumQty,
  leaves_qty: details.leaves_qty ?? leavesOf(order),
  code: details.code ?? null,
  reason: details.reason ?? null,
  policy_hash: order.policyHash,
  decision_offset: order.decisionOffset,
});

/** `venue`: where it is about to be sent. */
export const submitting = (order: GatewayOrder, venue: string): ExecutionEvent =>
  eventOf(order, 'ORDER_SUBMITTING', { qty: order.qty, code: venue });

export const submitted = (order: GatewayOrder, orderId: string): ExecutionEvent =>
  eventOf(order, 'ORDER_SUBMITTED', { qty: order.qty, order_id: orderId });

/** `orderId` empty: it never became an order of the broker. */
export const rejected = (order: GatewayOrder, orderId: string, { code, reason }: Trouble): ExecutionEvent =>
  eventOf(order, 'ORDER_REJECTED', { order_id: orderId, leaves_qty: ZERO, code, reason });

/** It was never sent, and never will be: with its quantity, since no event before it says so. */
export const notSent = (order: GatewayOrder, { code, reason }: Trouble): ExecutionEvent =>
  eventOf(order, 'ORDER_REJECTED', { qty: order.qty, leaves_qty: ZERO, code, reason: `not sent: ${reason}` });

export const unknown = (order: GatewayOrder, { code, reason }: Trouble): ExecutionEvent =>
  eventOf(order, 'ORDER_UNKNOWN', { code, reason });

export const cancelling = (order: GatewayOrder, { code, reason }: Trouble): ExecutionEvent =>
  eventOf(order, 'ORDER_CANCELLING', { code, reason });

/** A fill of an order that has ended leaves nothing open, however little of it was filled. */
const filled = (order: GatewayOrder, { qty, price, cumQty }: BrokerFill): ExecutionEvent => {
  const left = order.phase === 'ended' || cumQty >= order.qty ? ZERO : ((order.qty - cumQty) as typeof cumQty);
  return eventOf(order, 'ORDER_FILLED', { qty, price, cum_qty: cumQty, leaves_qty: left });
};

const ENDS = { cancelled: 'ORDER_CANCELLED', expired: 'ORDER_EXPIRED', rejected: 'ORDER_REJECTED' } as const;

/** What a report tells that was not known, and what is odd about it, in one line each, for the log. */
export interface News {
  readonly oddities: readonly string[];
}

/**
 * Publishes, by `tell`, what a report adds to what is known of an order: that it was taken, each fill once, how it ended. `tell` applies each event to
 * the order before it returns. A terminal report counts only when all of its fills are told: facts come before the end.
 */
export const followReport = (
  order: GatewayOrder,
  report: OrderReport,
  tell: (event: ExecutionEvent) => void,
  rejectionCode = 'BROKER_REJECTED',
): News => {
  const oddities: string[] = [];
  if (report.orderId !== '' && order.orderId === '' && order.phase !== 'ended') tell(submitted(order, report.orderId));
  const growth = fillGrowth(report, { cumQty: order.cumQty, notional: order.notional });
  if (growth.restated) oddities.push(`the average price of order ${report.orderId} was restated by the broker`);
  if (report.filledQty > order.qty) oddities.push(`order ${report.orderId} was filled beyond its quantity`);
  for (const fill of growth.fills) tell(filled(order, fill));
  if (order.phase === 'ended' || growth.unpriced > 0n) return { oddities };
  switch (report.status) {
    case 'open':
      // The broker has a word for it again.
      if (order.phase === 'unknown') tell(submitted(order, report.orderId === '' ? order.orderId : report.orderId));
      break;
    case 'unknown':
      if (order.phase !== 'unknown') {
        const reason =
          report.reason ??
          `the broker calls order ${report.orderId} \`${report.statusText}\`, which says neither that it is open nor how it ended`;
        tell(unknown(order, { code: 'UNKNOWN_STATUS', reason }));
      }
      break;
    case 'filled': {
      const reason = 'the broker calls it filled, though not with its whole quantity';
      tell(eventOf(order, 'ORDER_CANCELLED', { leaves_qty: ZERO, reason }));
      oddities.push(`order ${report.orderId}: ${reason}`);
      break;
    }
    case 'cancelled':
    case 'expired':
    case 'rejected':
      tell(
        eventOf(order, ENDS[report.status], {
          leaves_qty: ZERO,
          code: report.status === 'rejected' ? rejectionCode : null,
          reason: report.reason,
        }),
      );
  }
  return { oddities };
};
