import { decimal as d } from '../../../src/contracts/decimal';
import type { RunningBroker } from './brokerServer';
import { startTradier, TRADIER_ACCOUNT_ID, TRADIER_TOKEN, type TradierOptions } from './tradierServer';

const HEADERS = { authorization: `Bearer ${TRADIER_TOKEN}`, accept: 'application/json' };
const ACCOUNT = `/v1/accounts/${TRADIER_ACCOUNT_ID}`;

describe('a simulated Tradier', () => {
  let server: RunningBroker;
  afterEach(() => server.stop());
  const start = async (options: TradierOptions = {}): Promise<void> => void (server = await startTradier(options));
  const ask = async (method: string, path: string, form?: Record<string, string>, headers: Record<string, string> = HEADERS) => {
    const response = await fetch(server.baseUrl + path, { method, headers, ...(form && { body: new URLSearchParams(form) }) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const order = {
    class: 'equity',
    symbol: 'AAPL',
    side: 'buy',
    quantity: '10',
    type: 'limit',
    price: '1.5',
    duration: 'day',
    tag: 'c-1',
  };
  const post = (fields: Record<string, string> = {}) => ask('POST', `${ACCOUNT}/orders`, { ...order, ...fields });
  const list = async (query = '') => JSON.parse((await ask('GET', `${ACCOUNT}/orders${query}`)).text);

  it('checks the token and the account', async () => {
    await start();
    expect(await ask('GET', `${ACCOUNT}/orders`, undefined, { accept: 'application/json' })).toMatchObject({
      status: 401,
      text: 'Invalid Access Token',
    });
    expect(await ask('GET', '/v1/accounts/VA9/orders')).toMatchObject({ status: 401, text: 'Unauthorized Account: VA9' });
  });

  it('answers JSON only when asked for it', async () => {
    await start();
    await post();
    const { headers, text } = await ask('GET', `${ACCOUNT}/orders`, undefined, { authorization: HEADERS.authorization });
    expect(headers.get('content-type')).toContain('xml');
    expect(text).toContain('<orders><order><id>38450000</id>');
  });

  it('shows nothing as the text "null", one order as an object, two as an array, and tags when asked', async () => {
    await start();
    expect(await list()).toEqual({ orders: 'null' });
    expect(JSON.parse((await post()).text)).toMatchObject({ order: { id: 38450000, status: 'ok' } });
    expect(await list()).toMatchObject({ orders: { order: { id: 38450000, status: 'open', quantity: 10, exec_quantity: 0 } } });
    expect((await list()).orders.order.tag).toBeUndefined();
    expect((await list('?includeTags=true')).orders.order.tag).toBe('c-1');
    await post();
    expect((await list('?includeTags=true')).orders.order.map(({ tag }: { tag: string }) => tag)).toEqual(['c-1', 'c-1']);
    expect(server.market.doubled()).toEqual(['c-1']);
  });

  it('keeps the digits of numbers', async () => {
    await start({ positions: { AAPL: d('9007199254740993') } });
    expect((await ask('GET', `${ACCOUNT}/positions`)).text).toContain('"quantity":9007199254740993.00000000');
  });

  it('refuses invalid parameters with plain text', async () => {
    await start();
    for (const wrong of [
      { tag: 'a_b' },
      { tag: 'x'.repeat(256) },
      { quantity: '1.5' },
      { quantity: '0' },
      { side: 'hold' },
      { class: 'x' },
    ]) {
      const { status, text } = await post(wrong);
      expect(status).toBe(400);
      expect(text).toMatch(/^Invalid parameter, /);
    }
    const { status } = await ask('POST', `${ACCOUNT}/orders`, undefined, { ...HEADERS, 'content-type': 'application/json' });
    expect(status).toBe(400);
    expect(server.market.orders).toEqual([]);
  });

  it.each([
    ['sell', 'NONE'],
    ['sell', 'SHORT'],
    ['buy_to_cover', 'NONE'],
    ['buy_to_cover', 'LONG'],
    ['buy', 'SHORT'],
    ['sell_short', 'LONG'],
    ['sell', 'LONG', '6'],
    ['buy_to_cover', 'SHORT', '6'],
  ])('refuses %s of %s', async (side, symbol, quantity = '5') => {
    await start({ positions: { LONG: d('5'), SHORT: d('-5') } });
    const { status, text } = await post({ side, symbol, quantity });
    expect(status).toBe(200);
    expect(JSON.parse(text).errors.error).toHaveLength(2);
    expect(server.market.orders).toEqual([]);
  });

  it('counts open orders that close the same position', async () => {
    await start({ positions: { LONG: d('5') }, otherwise: 'rest' });
    expect((await post({ side: 'sell', symbol: 'LONG', quantity: '3' })).text).toContain('"order"');
    expect((await post({ side: 'sell', symbol: 'LONG', quantity: '3' })).text).toContain('LongPositionCrossZero');
  });

  it('may make an order and reject it then', async () => {
    await start({ refusals: 'rejectedOrder' });
    expect((await post({ side: 'sell' })).text).toContain('"order"');
    expect((await list()).orders.order).toMatchObject({
      status: 'rejected',
      reason_description: expect.stringContaining('Sell order'),
    });
  });

  it('lists 25 rows of today’s session unless asked otherwise', async () => {
    await start();
    for (let count = 0; count < 60; count++) server.market.foreignOrder({ symbol: 'A', side: 'buy', qty: d('1') });
    const ids = async (query: string): Promise<number[]> => (await list(query)).orders.order.map(({ id }: { id: number }) => id);
    expect(await ids('')).toHaveLength(25);
    expect((await ids('?page=2'))[0]).toBe(38450025);
    expect(await ids('?page=3')).toHaveLength(10);
    expect(await list('?page=4')).toEqual({ orders: 'null' });
    expect(await ids('?limit=50')).toHaveLength(50);
    server.market.newSession();
    expect(await list()).toEqual({ orders: 'null' });
    expect(await ids('?filter=all&limit=100')).toHaveLength(60);
    expect((await ask('GET', `${ACCOUNT}/orders/38450000`)).status).toBe(200);
  });

  it('can list the newest first', async () => {
    await start({ listing: 'newest' });
    for (let count = 0; count < 30; count++) server.market.foreignOrder({ symbol: 'A', side: 'buy', qty: d('1') });
    const rows = (await list()).orders.order;
    expect([rows[0].id, rows[24].id]).toEqual([38450029, 38450005]);
    expect((await list('?page=2')).orders.order.map(({ id }: { id: number }) => id)).toEqual([
      38450004, 38450003, 38450002, 38450001, 38450000,
    ]);
  });

  it('shows `filled` before the price', async () => {
    await start();
    await post();
    server.market.the('c-1').hidden = 'price';
    server.market.fill('c-1', d('10'), d('1.5'));
    expect((await list()).orders.order).toMatchObject({
      status: 'filled',
      exec_quantity: 10,
      avg_fill_price: 0,
      last_fill_price: 0,
    });
    server.market.the('c-1').hidden = null;
    expect((await list()).orders.order).toMatchObject({ status: 'filled', avg_fill_price: 1.5, last_fill_quantity: 10 });
  });

  it('cancels, and answers plain text for what ended and for what is not there', async () => {
    await start();
    await post();
    expect((await ask('DELETE', `${ACCOUNT}/orders/38450000`)).text).toBe('{"order":{"id":38450000,"status":"ok"}}');
    expect(await ask('DELETE', `${ACCOUNT}/orders/38450000`)).toMatchObject({
      status: 400,
      text: 'order already in finalized state: canceled',
    });
    expect(await ask('DELETE', `${ACCOUNT}/orders/1`)).toMatchObject({
      status: 401,
      text: `Unauthorized Account: ${TRADIER_ACCOUNT_ID}`,
    });
  });

  it('counts requests against its limit, and says so as a fault', async () => {
    await start({ rateLimit: { limit: 1, windowMs: 60_000 } });
    const { headers } = await ask('GET', `${ACCOUNT}/balances`);
    expect([headers.get('x-ratelimit-allowed'), headers.get('x-ratelimit-used'), headers.get('x-ratelimit-available')]).toEqual([
      '1',
      '1',
      '0',
    ]);
    expect(Number(headers.get('x-ratelimit-expiry'))).toBeGreaterThan(Date.now());
    const { status, text } = await post();
    expect(status).toBe(429);
    expect(JSON.parse(text).fault.detail.errorcode).toBe('policies.ratelimit.QuotaViolation');
  });
});
