/**
 * Every open order of the account: GET /v2/orders?status=open, the newest first, 500 a page.
 *
 * Pages are cut by time: `until` is exclusive, so the next page begins one millisecond after the last order of this one, and what comes twice is skipped.
 * If that brings nothing new (very many orders of one millisecond), one microsecond after it. An order that ends meanwhile shifts nothing.
 * Source: Alpaca, Trading API, "Get All Orders".
 */
import { formatRfc3339, parseRfc3339 } from '../../../contracts/timestamp';
import type { Unavailable } from '../../broker';
import type { BrokerHttp } from '../http/brokerHttp';
import { unavailable, valueOf } from './answers';
import { orderList, type AlpacaOrder } from './orders';

const PAGE_ORDERS = 500;
const MOST_PAGES = 200;

export interface OpenOrders {
  readonly type: 'orders';
  readonly orders: readonly AlpacaOrder[];
  /** Requests that it took. */
  readonly pages: number;
}

export const listOpenOrders = async (http: BrokerHttp): Promise<OpenOrders | Unavailable> => {
  const orders = new Map<string, AlpacaOrder>();
  let until: string | undefined;
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const response = await http.request({
      operation: 'orders',
      kind: 'read',
      method: 'GET',
      path: '/v2/orders',
      query: { status: 'open', limit: String(PAGE_ORDERS), direction: 'desc', until },
    });
    const read = valueOf(http, response, orderList);
    if (read.type === 'unavailable') return read;
    const before = orders.size;
    for (const order of read.value) orders.set(order.report.orderId, order);
    if (read.value.length < PAGE_ORDERS) return { type: 'orders', orders: [...orders.values()], pages };
    const next = justAfter(read.value.at(-1)?.submittedAt ?? '', orders.size === before ? 'microsecond' : 'millisecond');
    if (next === undefined || next === until) break;
    until = next;
  }
  return unavailable({ code: 'BAD_ANSWER', reason: 'the list of open orders does not end: its pages could not be told apart' });
};

/** Of the orders submitted since `since` (ms since 1970) that have ended, the newest, as far as one page holds them. */
export const listEndedOrders = async (http: BrokerHttp, since: number): Promise<readonly AlpacaOrder[]> => {
  const response = await http.request({
    operation: 'orders',
    kind: 'read',
    method: 'GET',
    path: '/v2/orders',
    query: { status: 'closed', limit: String(PAGE_ORDERS), direction: 'desc', after: formatRfc3339(since) },
  });
  const read = valueOf(http, response, orderList);
  return read.type === 'value' ? read.value : [];
};

/** The first whole unit after a time; undefined: it is none. */
const justAfter = (time: string, unit: 'millisecond' | 'microsecond'): string | undefined => {
  const ms = parseRfc3339(time);
  if (ms === undefined || unit === 'millisecond') return ms === undefined ? undefined : formatRfc3339(ms + 1);
  const micros = Number.parseInt(/\.[0-9]{3}([0-9]{1,3})/.exec(time)?.[1]?.padEnd(3, '0') ?? '0', 10) + 1;
  return micros === 1_000
    ? formatRfc3339(ms + 1)
    : `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
};
