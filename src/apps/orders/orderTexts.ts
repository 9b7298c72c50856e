/** An order and its events, as the commands show them. */
import type { Decimal } from '../../contracts/decimal';
import { decimalToJson, formatDecimal, ratioShown } from '../../contracts/decimal';
import type { JsonOut } from '../../contracts/json/write';
import { formatRfc3339 } from '../../contracts/timestamp';
import type { GatewayOrder } from '../../gateway/orders';
import type { LoggedOrder } from './ordersOnLog';

/** Average of what was filled, for display; null: nothing was. */
export const averageOf = ({ notional, cumQty }: GatewayOrder): Decimal | null =>
  cumQty > 0n ? ratioShown(notional, cumQty) : null;

/** SUBMITTING, OPEN, UNKNOWN, or how it ended. */
export const statusOf = ({ phase, status }: GatewayOrder): string => (phase === 'ended' ? status : phase.toUpperCase());

export const describeOrder = ({ side, qty, symbol }: Pick<GatewayOrder, 'side' | 'qty' | 'symbol'>): string =>
  `${side} ${formatDecimal(qty)} ${symbol}`;

/** What is not there. */
export const NOTHING = '-';

export const decimalCell = (value: Decimal | null): string => (value === null ? NOTHING : formatDecimal(value));

const timeCell = (ms: number): string => (ms === 0 ? NOTHING : formatRfc3339(ms));

/** Somebody else's words: on one line, and without anything that a terminal obeys. */
export const plainLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

export const ORDER_COLUMNS = ['run', 'intent', 'order', 'filled', 'average', 'status', 'since', 'client order id', "broker's id"];

export const orderCells = ({ order }: LoggedOrder): readonly string[] => [
  order.runId,
  order.intentId,
  describeOrder(order),
  formatDecimal(order.cumQty),
  decimalCell(averageOf(order)),
  order.cancelling && order.phase !== 'ended' ? `${statusOf(order)}, cancelling` : statusOf(order),
  timeCell(order.changedAt),
  order.clientOrderId === '' ? NOTHING : order.clientOrderId,
  order.orderId === '' ? NOTHING : plainLine(order.orderId),
];

export const orderJson = ({ partition, order }: LoggedOrder): Readonly<Record<string, JsonOut>> => {
  const average = averageOf(order);
  return {
    average_price: average === null ? null : decimalToJson(average),
    cancelling: order.cancelling,
    changed_at: formatRfc3339(order.changedAt),
    client_order_id: order.clientOrderId,
    cum_qty: decimalToJson(order.cumQty),
    intent_id: order.intentId,
    order_id: order.orderId,
    order_type: order.orderType,
    qty: decimalToJson(order.qty),
    reason: order.reason,
    run_id: order.runId,
    shard: partition,
    side: order.side,
    status: statusOf(order),
    submitted_at: order.submittedAt === 0 ? null : formatRfc3339(order.submittedAt),
    symbol: order.symbol,
    venue: order.venue,
  };
};
