import { decimal as d } from '../../../src/contracts/decimal';
import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, type AlpacaOptions, startAlpaca } from './alpacaServer';
import type { RunningBroker } from './brokerServer';

const KEYS = { 'APCA-API-KEY-ID': ALPACA_KEY_ID, 'APCA-API-SECRET-KEY': ALPACA_SECRET_KEY };

describe('a simulated Alpaca', () => {
  let server: RunningBroker;
  afterEach(() => server.stop());
  const start = async (options: AlpacaOptions = {}): Promise<void> => void (server = await startAlpaca(options));
  const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = KEYS) => {
    const response = await fetch(server.baseUrl + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? '' : JSON.parse(text) };
  };
  const order = (fields: object = {}) => ({
    symbol: 'AAPL',
    qty: '10',
    side: 'buy',
    type: 'limit',
    limit_price: '1.5',
    time_in_force: 'day',
    client_order_id: 'c-1',
    ...fields,
  });
  const post = (fields: object = {}) => ask('POST', '/v2/orders', order(fields));

  it('checks the keys', async () => {
    await start();
    expect(await ask('GET', '/v2/account', undefined, {})).toMatchObject({ status: 401, body: { code: 40110000 } });
    expect(await ask('GET', '/v2/account', undefined, { ...KEYS, 'APCA-API-SECRET-KEY': 'x' })).toMatchObject({ status: 403 });
    expect(await ask('GET', '/v2/account')).toMatchObject({ status: 200, body: { cash: '1000000', status: 'ACTIVE' } });
  });

  it('makes an order, and shows it by both ids', async () => {
    await start();
    const { status, body } = await post();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      client_order_id: 'c-1',
      status: 'pending_new',
      qty: '10',
      filled_qty: '0',
      filled_avg_price: null,
    });
    expect(await ask('GET', `/v2/orders/${body.id}`)).toMatchObject({ status: 200, body: { status: 'new' } });
    expect(await ask('GET', '/v2/orders:by_client_order_id?client_order_id=c-1')).toMatchObject({ body: { id: body.id } });
    expect(await ask('GET', '/v2/orders:by_client_order_id?client_order_id=c-2')).toMatchObject({
      status: 404,
      body: { code: 40410000 },
    });
  });

  it('never takes a client order id twice', async () => {
    await start();
    const { body } = await post();
    server.market.cancelled(body.id);
    expect(await post()).toMatchObject({ status: 422, body: { code: 40010001, message: 'client_order_id must be unique' } });
    expect(await post({ client_order_id: 'x'.repeat(129) })).toMatchObject({ status: 422, body: { code: 40010001 } });
    expect(server.market.orders).toHaveLength(1);
  });

  it('refuses what it cannot take', async () => {
    await start({ positions: { AAPL: d('5') }, buyingPower: d('100') });
    for (const wrong of [
      { qty: '0' },
      { qty: 'ten' },
      { side: 'hold' },
      { type: 'limit', limit_price: undefined },
      { symbol: '' },
    ])
      expect((await post(wrong)).status).toBe(422);
    expect(await post({ side: 'sell' })).toMatchObject({ status: 403, body: { code: 40310000 } });
    expect(await post({ qty: '100' })).toMatchObject({ status: 403, body: { message: 'insufficient buying power' } });
    expect(server.market.orders).toEqual([]);
    expect(server.market.log.filter(({ type }) => type === 'refused')).toHaveLength(7);
  });

  it('lists open orders, newest first, 50 rows, unless asked otherwise', async () => {
    await start();
    for (let count = 0; count < 60; count++)
      server.market.foreignOrder({ clientOrderId: `f-${count}`, symbol: 'A', side: 'buy', qty: d('1') });
    server.market.cancelled('f-59');
    const names = async (query: string): Promise<string[]> =>
      (await ask('GET', `/v2/orders${query}`)).body.map(({ client_order_id: name }: { client_order_id: string }) => name);
    const open = await names('');
    expect(open).toHaveLength(50);
    expect(open[0]).toBe('f-58');
    expect(await names('?status=closed')).toEqual(['f-59']);
    expect(await names('?status=all&limit=500&direction=asc')).toHaveLength(60);
    expect((await ask('GET', '/v2/orders?limit=501')).status).toBe(422);
    const until = (await ask('GET', '/v2/orders?limit=2')).body[1].submitted_at;
    expect((await names(`?limit=2&until=${until}`))[0]).toBe('f-56');
    expect((await names(`?after=${until}&direction=asc`))[0]).toBe('f-58');
  });

  it('cancels with 204, says 422 of what ended and 404 of what never was, and all with 207', async () => {
    await start();
    const { body } = await post();
    expect((await ask('DELETE', `/v2/orders/${body.id}`)).status).toBe(204);
    expect(await ask('DELETE', `/v2/orders/${body.id}`)).toMatchObject({ status: 422, body: { code: 42210000 } });
    expect((await ask('DELETE', '/v2/orders/00000000-0000-4000-8000-000000000000')).status).toBe(404);
    expect(await ask('DELETE', '/v2/orders/none')).toMatchObject({ status: 422, body: { code: 40010001 } });
    await post({ client_order_id: 'c-2' });
    expect(await ask('DELETE', '/v2/orders')).toMatchObject({ status: 207, body: [{ status: 200 }] });
    expect(server.market.openOrders()).toEqual([]);
  });

  it('tells executions in pages', async () => {
    await start();
    const { body } = await post({ qty: '250' });
    for (let count = 0; count < 250; count++) server.market.fill(body.id, d('1'), d('1.5'));
    const page = async (query: string) => (await ask('GET', `/v2/account/activities${query}`)).body;
    const first = await page('/FILL?direction=asc');
    expect(first).toHaveLength(100);
    expect(first[0]).toMatchObject({
      type: 'partial_fill',
      order_id: body.id,
      qty: '1',
      cum_qty: '1',
      leaves_qty: '249',
      price: '1.5',
    });
    const second = await page(`?activity_types=FILL&direction=asc&page_token=${first[99].id}`);
    expect(second[0].cum_qty).toBe('101');
    const newest = await page('/FILL?page_size=1');
    expect(newest[0]).toMatchObject({ type: 'fill', cum_qty: '250', leaves_qty: '0' });
    expect((await page(`/FILL?page_token=${newest[0].id}`))[0].cum_qty).toBe('249');
    expect((await page(`/FILL?direction=asc&after=${first[9].transaction_time}`))[0].cum_qty).toBe('11');
    expect(await page(`/FILL?after=${newest[0].transaction_time}`)).toEqual([]);
    expect((await ask('GET', '/v2/account/activities/FILL?page_size=101')).status).toBe(422);
    expect(await page('?activity_types=DIV')).toEqual([]);
  });

  it('shows short positions with a negative quantity', async () => {
    await start({ positions: { AAPL: d('-3'), MSFT: d('0.5') } });
    expect((await ask('GET', '/v2/positions')).body).toMatchObject([
      { symbol: 'AAPL', qty: '-3', side: 'short' },
      { symbol: 'MSFT', qty: '0.5', side: 'long' },
    ]);
  });

  it('counts requests against its limit', async () => {
    await start({ rateLimit: { limit: 2, windowMs: 60_000 } });
    const { headers } = await ask('GET', '/v2/account');
    expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['2', '1']);
    expect(Number(headers.get('x-ratelimit-reset')) * 1000).toBeGreaterThan(Date.now());
    await ask('GET', '/v2/account');
    expect((await post()).status).toBe(429);
    expect(server.market.orders).toEqual([]);
  });
});
