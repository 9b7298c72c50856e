/**
 * Looks up one order: by its number where it is known, else by its tag in the list of orders.
 *
 * The list shows today's session. An order of an earlier day is looked for in the list from the day before its submission on; Tradier shows one
 * month of it, so what is older is `unavailable`, never `absent`: a list that cannot show an order proves nothing.
 * Tags are not unique to Tradier. A row that is older than the submission is another order's. Several orders under one of ours should never be: which of them is meant cannot be found out, so the look-up is
 * `unavailable` and names them all, and the order stays unknown until a person decides.
 */
import type { JsonObject } from '../../../contracts/json/value';
import type { FoundOrder, OrderName, OrderReport } from '../../broker';
import type { TradierCalls } from './calls';
import { wholeList } from './orderList';
import { mayBe, reportOf } from './orderRow';
import { tradingDay } from './tradingDay';

const DAY_MS = 86_400_000;
const LISTED_MS = 28 * DAY_MS;

export const lookUp = async (calls: TradierCalls, name: OrderName, now: number): Promise<FoundOrder> => {
  if (name.orderId === '') return lookUpByTag(calls, name, now);
  const answer = await calls.order(name.orderId);
  // The list tells whether it is the order or the account that Tradier does not know.
  if (answer.type === 'foreign') return lookUpByTag(calls, name, now);
  return answer.type === 'found' ? found(calls, answer.row, name) : answer;
};

const lookUpByTag = async (calls: TradierCalls, name: OrderName, now: number): Promise<FoundOrder> => {
  const { clientOrderId, submittedAt } = name;
  if (now - submittedAt > LISTED_MS) {
    const reason = `Tradier lists the orders of one month only, and ${clientOrderId} is older; see the account's history, then resolve the order`;
    return { type: 'unavailable', code: 'TOO_OLD', reason };
  }
  const today = tradingDay(submittedAt) === tradingDay(now);
  const list = await wholeList(calls, today ? undefined : tradingDay(submittedAt - DAY_MS));
  if (list.type === 'unavailable') return list;
  const [first, ...others] = list.rows.filter((row) => mayBe(row, name));
  if (first === undefined) return { type: 'absent' };
  if (others.length > 0) return { type: 'unavailable', code: SEVERAL_ORDERS, reason: severalOrders([first, ...others]) };
  return found(calls, first.row, name);
};

const found = (calls: TradierCalls, row: JsonObject, name: OrderName): FoundOrder => {
  const report = reportOf(row);
  return report.ok ? { type: 'found', report: named(report.value, name) } : calls.unreadable(report.error);
};

/** An order that was found by its number is the one that was asked about, also where its tag was not sent along. */
export const named = (report: OrderReport, { clientOrderId }: OrderName): OrderReport =>
  report.clientOrderId === '' ? { ...report, clientOrderId } : report;

export const SEVERAL_ORDERS = 'SEVERAL_ORDERS';
export const severalOrders = (rows: readonly { readonly orderId: string }[]): string =>
  `${rows.length} orders at Tradier carry this tag: ${rows.map(({ orderId }) => orderId).join(', ')}; see what each has done, then resolve the order`;
