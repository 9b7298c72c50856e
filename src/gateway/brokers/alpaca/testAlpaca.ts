/** For tests: as much of Alpaca as its documentation says, from memory, on a local server; `fault` may answer first. */
import type { ServerResponse } from 'node:http';
import { openTestServer, reply, type Received, type TestServer } from '../http/testServer';

export type JsonOrder = Record<string, unknown> & {
  id: string;
  client_order_id: string;
  status: string;
  submitted_at?: string | undefined;
};
export interface JsonFill {
  id: string;
  order_id: string;
  qty: string;
  price: string;
  cum_qty: string | null;
  transaction_time: string;
}

const OPEN = new Set(['new', 'accepted', 'partially_filled', 'held', 'pending_cancel']);

export const orderOf = (fields: Partial<JsonOrder> & { client_order_id: string }): JsonOrder => ({
  id: `id-${fields.client_order_id}`,
  symbol: 'AAPL',
  side: 'buy',
  type: 'market',
  status: 'new',
  qty: '10',
  notional: null,
  filled_qty: '0',
  filled_avg_price: null,
  submitted_at: '2026-03-02T15:00:00.123456Z',
  legs: null,
  ...fields,
});

export interface TestAlpaca extends TestServer {
  readonly orders: JsonOrder[];
  readonly fills: JsonFill[];
  /** `GET /v2/orders` and the like, of all requests so far. */
  requests(): readonly string[];
  /** True: it has answered. */
  fault: (request: Received, response: ServerResponse) => boolean;
}

export const openTestAlpaca = async (): Promise<TestAlpaca> => {
  const orders: JsonOrder[] = [];
  const fills: JsonFill[] = [];
  const server = await openTestServer((request, response) => {
    if (alpaca.fault(request, response)) return;
    const { pathname, searchParams } = new URL(request.url, 'http://a');
    const query = Object.fromEntries(searchParams);
    if (request.method === 'POST') {
      const order = orderOf({ ...(JSON.parse(request.body) as JsonOrder), status: 'accepted' });
      orders.push(order);
      reply(response, 200, order);
    } else if (pathname === '/v2/orders:by_client_order_id') {
      const order = orders.find(({ client_order_id }) => client_order_id === query.client_order_id);
      if (order === undefined) reply(response, 404, { code: 40410000, message: 'order not found' });
      else reply(response, 200, order);
    } else if (pathname === '/v2/orders') {
      reply(response, 200, listed(orders, query));
    } else if (pathname === '/v2/account') {
      reply(response, 200, { account_number: 'PA3TEST', equity: '1' });
    } else if (pathname === '/v2/account/activities/FILL') {
      reply(response, 200, page(fills, query));
    } else {
      reply(response, 404, 'page not found');
    }
  });
  const requests = () => server.received.map(({ method, url }) => `${method} ${url.replace(/\?.*/, '')}`);
  const alpaca: TestAlpaca = { ...server, orders, fills, requests, fault: () => false };
  return alpaca;
};

/** The newest first; `until` and `after` exclude their own instant. */
const listed = (orders: readonly JsonOrder[], { status, limit, until, after }: Record<string, string>): readonly JsonOrder[] =>
  orders
    .filter((order) => OPEN.has(order.status) === (status === 'open'))
    .filter(
      ({ submitted_at: at }) =>
        (until === undefined || micros(at) < micros(until)) && (after === undefined || micros(at) > micros(after)),
    )
    .sort((a, b) => micros(b.submitted_at) - micros(a.submitted_at))
    .slice(0, Number(limit));

const page = (fills: readonly JsonFill[], { page_size, page_token, after }: Record<string, string>): readonly JsonFill[] => {
  const since = fills.filter(({ transaction_time: at }) => after === undefined || micros(at) > micros(after));
  const begin = page_token === undefined ? 0 : since.findIndex(({ id }) => id === page_token) + 1;
  return since.slice(begin, begin + Number(page_size));
};

const micros = (time = ''): number => Date.parse(time) * 1_000 + Number(/\.\d{3}(\d{3})/.exec(time)?.[1] ?? 0);
