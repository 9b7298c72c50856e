/**
 * An order as Tradier lists it, as the gateway's report.
 *
 * There are no execution ids: `exec_quantity` and `avg_fill_price` say what was filled in all, and the price may come later than the quantity
 * (it is 0 until then). An order of others with several legs is one report per leg.
 * Source: Tradier, "Get an individual order"; reliability, Tradier.
 */
import type { z } from 'zod';
import { pathText } from '../../../contracts/contractError';
import { ZERO, type Decimal } from '../../../contracts/decimal';
import { amount, ANY_DECIMAL, name, NOT_NEGATIVE, oneOf, orNull, Refusal, type Kind } from '../../../contracts/documents/kinds';
import { faultsOf, field, fieldOr, openObject } from '../../../contracts/documents/schema';
import { JsonNumber, type JsonObject } from '../../../contracts/json/value';
import { failed, succeeded, type Result } from '../../../contracts/result';
import { parseRfc3339 } from '../../../contracts/timestamp';
import type { OrderName, OrderReport, ReportedStatus } from '../../broker';
import { isBefore } from '../http/clockSkew';
import { orderNumber, rows, words } from './answers';

/** What every order has, whatever its kind. */
const head = openObject({ id: field(orderNumber), tag: words, status: words, create_date: words });

export interface OrderRow {
  readonly orderId: string;
  readonly tag: string | null;
  readonly status: string | null;
  /** ms since 1970; undefined: Tradier does not say. */
  readonly madeAt: number | undefined;
  readonly row: JsonObject;
}

export const orderRow = (row: JsonObject): Result<OrderRow, string> => {
  const read = parsed(head, row);
  if (!read.ok) return read;
  const { id: orderId, tag, status, create_date: made } = read.value;
  return succeeded({ orderId, tag, status, madeAt: parseRfc3339(made ?? ''), row });
};

/** Whether it carries the order's tag and was not made before that order was submitted: tags may have been used before, by another run. */
export const mayBe = ({ tag, madeAt }: OrderRow, { clientOrderId, submittedAt }: OrderName): boolean =>
  tag === clientOrderId && (madeAt === undefined || !isBefore(madeAt, submittedAt));

const SIDES = [
  'buy',
  'buy_to_cover',
  'buy_to_open',
  'buy_to_close',
  'sell',
  'sell_short',
  'sell_to_open',
  'sell_to_close',
] as const;

/** An average that was computed in binary may have more digits than a Decimal; what is cut off is below 10^-18. */
const average: Kind<Decimal | null> = {
  read: (value) => {
    const cut = value instanceof JsonNumber ? new JsonNumber(value.text.replace(/^(-?[0-9]+\.[0-9]{18})[0-9]+$/, '$1')) : value;
    return orNull(amount(ANY_DECIMAL)).read(cut);
  },
  schema: {},
};

const details = openObject({
  id: field(orderNumber),
  tag: words,
  status: field(name),
  symbol: field(name),
  side: field(oneOf(...SIDES)),
  quantity: field(amount(NOT_NEGATIVE)),
  exec_quantity: fieldOr(orNull(amount(NOT_NEGATIVE)), () => null, null),
  avg_fill_price: fieldOr(average, () => null, null),
  reason_description: words,
});

export const reportOf = (row: JsonObject): Result<OrderReport, string> => {
  const read = parsed(details, row);
  if (!read.ok) return read;
  const { id, tag, status: statusText, symbol, side, quantity: qty, exec_quantity: told, avg_fill_price: price } = read.value;
  if (told === null && (statusText === 'filled' || statusText === 'partially_filled'))
    return failed(`order ${id} is ${statusText}, but has no exec_quantity`);
  const filledQty = told ?? ZERO;
  const status = statusOf(statusText);
  return succeeded({
    clientOrderId: tag ?? '',
    orderId: id,
    symbol,
    side: side.startsWith('buy') ? 'buy' : 'sell',
    // The word may come before the quantity; the rest of it is still to come.
    status: status === 'filled' && filledQty < qty ? 'open' : status,
    statusText,
    qty,
    filledQty,
    averagePrice: filledQty === ZERO || price === ZERO ? null : price,
    fills: [],
    reason: read.value.reason_description,
  });
};

/** Of an order of several legs, each on its own. */
export const reportsOf = (row: JsonObject): Result<readonly OrderReport[], string> => {
  const whole = reportOf(row);
  if (whole.ok) return succeeded([whole.value]);
  const legs = rows.read(row.leg);
  if (legs instanceof Refusal || legs.length === 0) return whole;
  const reports: OrderReport[] = [];
  for (const leg of legs) {
    const report = reportOf(leg);
    if (!report.ok) return report;
    reports.push(report.value);
  }
  return succeeded(reports);
};

/**
 * `calculated` is not here: FIX calls so what is done for the day, filled or not, so it is neither open nor terminal for sure. An order whose
 * cancel is pending can still fill. Source: Tradier, "Get an individual order"; FIX 4.4, OrdStatus; `submitted` and `pending_cancel` are
 * words of older documents and of the account stream.
 */
const STATUSES: Readonly<Partial<Record<string, ReportedStatus>>> = Object.assign(
  Object.create(null) as object,
  {
    open: 'open',
    partially_filled: 'open',
    pending: 'open',
    submitted: 'open',
    held: 'open',
    accepted_for_bidding: 'open',
    pending_cancel: 'open',
    filled: 'filled',
    expired: 'expired',
    canceled: 'cancelled',
    rejected: 'rejected',
    error: 'rejected',
  } as const,
);

export const statusOf = (word: string): ReportedStatus => STATUSES[word] ?? 'unknown';

const parsed = <T>(schema: z.ZodType<T>, row: JsonObject): Result<T, string> => {
  const result = schema.safeParse(row);
  if (result.success) return succeeded(result.data);
  const [fault = { path: [], message: 'is no order' }] = faultsOf(result.error, row);
  return failed(`an order could not be read: ${pathText(fault.path)}: ${fault.message}`);
};
