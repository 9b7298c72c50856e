/**
 * Alpaca's order, as JSON and as the gateway sees it. Quantities and prices are texts there; fields that we do not need may be anything.
 * Source: Alpaca, Trading API, "Orders at Alpaca" (the order object, order lifecycle).
 */
import { z } from 'zod';
import { ZERO, type Decimal } from '../../../contracts/decimal';
import { amount, ANY_DECIMAL, anyText, name, NOT_NEGATIVE, orNull, type Kind } from '../../../contracts/documents/kinds';
import { field, fieldOr, openObject } from '../../../contracts/documents/schema';
import { JsonNumber } from '../../../contracts/json/value';
import { parseRfc3339 } from '../../../contracts/timestamp';
import type { BrokerFill, OrderReport, ReportedStatus } from '../../broker';

/** The average of many executions may have more digits than a Decimal; what is cut off is below 10^-18. */
const averagePrice: Kind<Decimal | null> = {
  read: (value) => {
    const text = value instanceof JsonNumber ? value.text : value;
    const cut = typeof text === 'string' ? text.replace(/^(-?[0-9]+\.[0-9]{18})[0-9]+$/, '$1') : text;
    return orNull(amount(ANY_DECIMAL)).read(cut);
  },
  schema: {},
};

/**
 * Orders of others on the account are read too: those by money have no `qty`, those of several legs neither symbol nor side.
 */
const order = openObject({
  id: field(name),
  client_order_id: fieldOr(orNull(anyText), () => null, null),
  symbol: fieldOr(orNull(anyText), () => null, null),
  side: fieldOr(orNull(anyText), () => null, null),
  status: field(name),
  qty: fieldOr(orNull(amount(NOT_NEGATIVE)), () => null, null),
  filled_qty: fieldOr(orNull(amount(NOT_NEGATIVE)), () => null, null),
  filled_avg_price: fieldOr(averagePrice, () => null, null),
  type: fieldOr(orNull(anyText), () => null, null),
  created_at: fieldOr(orNull(anyText), () => null, null),
  submitted_at: fieldOr(orNull(anyText), () => null, null),
});

export interface AlpacaOrder {
  readonly report: OrderReport;
  /** What lists are paged by; null: the broker does not say. */
  readonly submittedAt: string | null;
  /** ms since 1970; null: the broker does not say. */
  readonly madeAt: number | null;
  /** `market`, `limit` and others; empty: the broker does not say. */
  readonly orderType: string;
}

export const orderAnswer: z.ZodType<AlpacaOrder> = order.transform((read): AlpacaOrder => {
  const filledQty = read.filled_qty ?? ZERO;
  const qty = read.qty ?? filledQty;
  const status = STATUSES.get(read.status) ?? 'unknown';
  return {
    submittedAt: read.submitted_at,
    madeAt: parseRfc3339(read.created_at ?? read.submitted_at ?? '') ?? null,
    orderType: read.type ?? '',
    report: {
      clientOrderId: read.client_order_id ?? '',
      orderId: read.id,
      symbol: read.symbol ?? '',
      side: read.side?.startsWith('sell') === true ? 'sell' : 'buy',
      // The word may come before the quantity; the rest of it is still to come.
      status: status === 'filled' && (filledQty === ZERO || filledQty < qty) ? 'open' : status,
      statusText: read.status,
      qty,
      filledQty,
      averagePrice: filledQty > ZERO ? read.filled_avg_price : null,
      fills: [],
      reason: null,
    },
  };
});
export const orderList: z.ZodType<readonly AlpacaOrder[]> = z.array(orderAnswer);

/**
 * What Alpaca's words mean for what may still happen. An order is open as long as executions may come, however unlikely: its exposure stays
 * reserved, and the final word comes later. `replaced` is final for this id, but what it became has another: this program never replaces
 * orders, so somebody else did, and an operator must look. So it is, like every word that is not here, unknown.
 */
const STATUSES: ReadonlyMap<string, ReportedStatus> = new Map([
  // Received, not yet at an exchange (often outside trading hours); at an exchange, not yet taken; working.
  ['accepted', 'open'],
  ['pending_new', 'open'],
  ['accepted_for_bidding', 'open'],
  ['new', 'open'],
  ['partially_filled', 'open'],
  // Waits for another order, or for a review.
  ['held', 'open'],
  ['pending_review', 'open'],
  // Asked to cancel or replace, not done: executions may still come, and either may be refused.
  ['pending_cancel', 'open'],
  ['pending_replace', 'open'],
  // A trade is guaranteed but has not happened yet; not eligible for trading now, may be again.
  ['stopped', 'open'],
  ['suspended', 'open'],
  // No more executions today: an order that is good until cancelled goes on tomorrow, a day order gets its final word.
  ['done_for_day', 'open'],
  ['calculated', 'open'],
  ['filled', 'filled'],
  ['canceled', 'cancelled'],
  ['expired', 'expired'],
  ['rejected', 'rejected'],
] as const);

/**
 * The report with those of `fills` (by cumQty) that follow from zero without a gap and that it has counted: a row may come late, and rows may be newer
 * than the report. What is missing is told by filledQty and averagePrice.
 */
export const withFills = (report: OrderReport, fills: readonly BrokerFill[]): OrderReport => {
  const told: BrokerFill[] = [];
  let filled: Decimal = ZERO;
  for (const fill of fills) {
    if (fill.cumQty - fill.qty !== filled || fill.cumQty > report.filledQty) break;
    told.push(fill);
    filled = fill.cumQty;
  }
  return { ...report, fills: told };
};
