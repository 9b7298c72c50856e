/** For the tests of this folder: orders, and a small Tradier on 127.0.0.1 that answers what a test tells it to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decimal, ZERO } from '../../../contracts/decimal';
import type { OrderIntent } from '../../../contracts/messages';
import type { Broker, BrokerOrder, OrderName } from '../../broker';
import { openTradier, type TradierOptions } from './tradier';

export const TOKEN = 'token-that-nobody-may-see';
/** 15:00 in New York. */
export const NOW = Date.parse('2026-03-04T20:00:00Z');
export const DAY_MS = 86_400_000;

type OrderFields = Partial<Omit<BrokerOrder, 'intent'>> & { readonly intent?: Partial<OrderIntent> };

/** A market buy of 10 AAPL, held none. */
export const brokerOrder = ({ intent, ...rest }: OrderFields = {}): BrokerOrder => ({
  runId: 'run-1',
  clientOrderId: 'intent-1-abc',
  referencePrice: decimal('100'),
  number: 1,
  submittedAt: NOW,
  held: ZERO,
  openBuys: ZERO,
  openSells: ZERO,
  mayBeSent: () => true,
  ...rest,
  intent: {
    intent_id: 'intent-1',
    timestamp: '2026-03-04T20:00:00Z',
    strategy_id: 'momentum',
    account_id: 'account-1',
    instrument: { symbol: 'AAPL', asset_class: 'equity' },
    side: 'buy',
    order_type: 'market',
    qty: decimal('10'),
    limit_price: null,
    ...intent,
  },
});

export const orderName = (fields: Partial<OrderName> = {}): OrderName => ({
  clientOrderId: 'intent-1-abc',
  orderId: '',
  submittedAt: NOW - 60_000,
  ...fields,
});

/** A row as Tradier's documents show it; JSON text, since numbers keep their digits. */
export const row = (id: number, fields: Readonly<Record<string, string>> = {}): string => {
  const all = {
    id: String(id),
    type: '"market"',
    symbol: '"AAPL"',
    side: '"buy"',
    quantity: '10.00000000',
    status: '"open"',
    duration: '"day"',
    avg_fill_price: '0.00000000',
    exec_quantity: '0.00000000',
    last_fill_price: '0.00000000',
    remaining_quantity: '10.00000000',
    create_date: '"2026-03-04T19:59:00.000Z"',
    class: '"equity"',
    tag: `"tag-${id}"`,
    ...fields,
  };
  return `{${Object.entries(all)
    .map(([name, value]) => `"${name}":${value}`)
    .join(',')}}`;
};

/** None, one or several rows, as Tradier writes them. */
export const list = (outer: string, inner: string, rows: readonly string[]): string => {
  if (rows.length === 0) return `{"${outer}":"null"}`;
  return `{"${outer}":{"${inner}":${rows.length === 1 ? rows.join() : `[${rows.join(',')}]`}}}`;
};
export const orders = (...rows: readonly string[]): string => list('orders', 'order', rows);

export const HANG = Symbol('hang');
export const RESET = Symbol('reset');

export interface Asked {
  /** Such as `GET /v1/accounts/VA1/orders`. */
  readonly what: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}
/** A text is a body with status 200. */
export type Answer = string | { readonly status: number; readonly body: string } | typeof HANG | typeof RESET;

export interface TestTradier {
  readonly broker: Broker;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

export const startTradier = async (
  answer: (asked: Asked) => Answer,
  options: Partial<TradierOptions> = {},
): Promise<TestTradier> => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const what = `${request.method ?? ''} ${url.pathname}`;
      const one = { what, query: url.searchParams, body: Buffer.concat(chunks).toString(), headers: request.headers };
      asked.push(one);
      give(response, answer(one));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const broker = openTradier({
    token: TOKEN,
    accountId: 'VA1',
    environment: 'sandbox',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    perMinute: 100_000,
    wallNow: () => NOW,
    // Backoffs cost no time.
    sleep: () => Promise.resolve(),
    timeoutMs: 200,
    ...options,
  });
  return {
    broker,
    asked,
    close: async () => {
      await broker.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const give = (response: ServerResponse, answer: Answer): void => {
  if (answer === HANG) return;
  if (answer === RESET) {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, body } = typeof answer === 'string' ? { status: 200, body: answer } : answer;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
};
