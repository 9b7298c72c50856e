import { decimal } from '../../../contracts/decimal';
import type { SubmitOutcome } from '../../broker';
import { openTradier } from './tradier';
import {
  brokerOrder,
  DAY_MS,
  HANG,
  list,
  NOW,
  orderName,
  orders,
  RESET,
  row,
  startTradier,
  TOKEN,
  type Answer,
  type Asked,
  type TestTradier,
} from './testTradier';

let tradier: TestTradier;
const start = async (answer: (asked: Asked) => Answer, options = {}) => {
  tradier = await startTradier(answer, options);
  return tradier.broker;
};
const refused = (status: number, body: string) => () => ({ status, body });
afterEach(() => tradier.close());

describe('submitting', () => {
  const ACCEPTED = '{"order":{"id":257459,"status":"ok","partner_id":"c4998eb7"}}';
  const submit = async (answer: Answer, fields = {}): Promise<SubmitOutcome> => {
    const broker = await start(() => answer);
    return broker.submit(brokerOrder(fields));
  };

  it('posts one form, and is accepted with the number of the order', async () => {
    const intent = { side: 'sell', order_type: 'limit', limit_price: decimal('101.50') } as const;
    expect(await submit(ACCEPTED, { intent, held: decimal('10') })).toEqual({ type: 'accepted', orderId: '257459' });
    expect(tradier.asked).toHaveLength(1);
    const { what, body, headers } = tradier.asked[0]!;
    expect(what).toBe('POST /v1/accounts/VA1/orders');
    expect(headers).toMatchObject({
      accept: 'application/json',
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      class: 'equity',
      symbol: 'AAPL',
      side: 'sell',
      quantity: '10',
      type: 'limit',
      duration: 'day',
      price: '101.5',
      tag: 'intent-1-abc',
    });
  });

  it.each([
    ['half a share', { intent: { qty: decimal('1.5') } }, 'FRACTIONAL_QUANTITY'],
    ['a share and the smallest part of one', { intent: { qty: decimal('1.000000000000000001') } }, 'FRACTIONAL_QUANTITY'],
    ['crypto', { intent: { instrument: { symbol: 'BTC/USD', asset_class: 'crypto' } } }, 'UNSUPPORTED'],
    ['a sale beyond what is held', { intent: { side: 'sell' }, held: decimal('9') }, 'CROSSES_ZERO'],
    ['a limit order without a limit', { intent: { order_type: 'limit' } }, 'PRICE_MISSING'],
  ])('rejects %s before anything is sent', async (_, fields, code) => {
    expect(await submit(ACCEPTED, fields)).toMatchObject({ type: 'rejected', orderId: '', code });
    expect(tradier.asked).toHaveLength(0);
  });

  it('sends nothing when it is too late', async () => {
    expect(await submit(ACCEPTED, { mayBeSent: () => false })).toMatchObject({ type: 'deferred', code: 'TOO_LATE' });
    expect(tradier.asked).toHaveLength(0);
  });

  it.each([
    ['a time-out', HANG, 'TIMEOUT'],
    ['a reset', RESET, 'RESET'],
    ['status 500', { status: 500, body: 'oops' }, 'HTTP_500'],
    ['a fault of the gateway', { status: 504, body: '{"fault":{"faultstring":"Gateway Timeout"}}' }, 'HTTP_504'],
    ['a page with status 502', { status: 502, body: '<html>Bad Gateway</html>' }, 'HTTP_502'],
    ['a gateway that gave up waiting', { status: 408, body: '' }, 'HTTP_408'],
    ['a redirect', { status: 302, body: '' }, 'HTTP_302'],
    ['a page with status 200', '<html>Welcome</html>', 'BAD_ANSWER'],
    ['half an answer', ACCEPTED.slice(0, 20), 'BAD_ANSWER'],
    ['an empty answer', '', 'BAD_ANSWER'],
    ['an answer about something else', '{"profile":{}}', 'BAD_ANSWER'],
    ['an order without a number', '{"order":{"status":"ok"}}', 'BAD_ANSWER'],
    ['an order and errors', '{"order":{"id":1},"errors":{"error":"no"}}', 'BAD_ANSWER'],
    ['a fault with status 200', '{"fault":{"faultstring":"oops"}}', 'BAD_ANSWER'],
  ] as const)('is unknown after %s, and never repeated', async (_, answer, code) => {
    expect(await submit(answer)).toMatchObject({ type: 'unknown', code });
    expect(tradier.asked).toHaveLength(1);
  });

  it.each([
    ['one error with status 200', '{"errors":{"error":"Not enough buying power"}}', 'REFUSED', 'Not enough buying power'],
    [
      'several errors with status 200',
      '{"errors":{"error":["Backoffice rejected override of the order.","LongPositionCrossZero"]}}',
      'LongPositionCrossZero',
      'Backoffice rejected override of the order.; LongPositionCrossZero',
    ],
    ['plain text', { status: 400, body: 'Invalid parameter, tag: too long.' }, 'REFUSED', 'Invalid parameter, tag: too long.'],
    ['a wrong token', { status: 401, body: `{"fault":{"faultstring":"Invalid ${TOKEN}"}}` }, 'UNAUTHORIZED', 'Invalid [secret]'],
    ['no permission', { status: 403, body: '<html>Denied</html>' }, 'FORBIDDEN', 'a web page'],
  ])('fails for good with %s', async (_, answer, code, words) => {
    const outcome = await submit(answer);
    expect(outcome).toMatchObject({ type: 'failed', code, reason: expect.stringContaining(words) as string });
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
    expect(tradier.asked).toHaveLength(1);
  });

  it('rejects what the rate limit of Tradier kept back: it was not taken, and is not repeated', async () => {
    expect(await submit({ status: 429, body: '' })).toMatchObject({ type: 'rejected', orderId: '', code: 'RATE_LIMITED' });
    expect(tradier.asked).toHaveLength(1);
  });

  it('defers what could not be sent', async () => {
    await start(() => ACCEPTED);
    const nobody = openTradier({ token: TOKEN, accountId: 'VA1', environment: 'sandbox', baseUrl: 'http://127.0.0.1:1/v1' });
    const outcome = await nobody.submit(brokerOrder());
    await nobody.close();
    expect(outcome).toMatchObject({
      type: 'deferred',
      code: 'UNREACHABLE',
      reason: expect.stringContaining('nothing was sent') as string,
    });
  });
});

describe('finding', () => {
  it('asks by number, with tags', async () => {
    const broker = await start(() => `{"order":${row(7)}}`);
    expect(await broker.find(orderName({ orderId: '7' }))).toMatchObject({
      type: 'found',
      report: { orderId: '7', status: 'open' },
    });
    expect(tradier.asked.map(({ what, query }) => `${what}?${query.toString()}`)).toEqual([
      'GET /v1/accounts/VA1/orders/7?includeTags=true',
    ]);
  });

  it('looks through all pages for its tag, also when Tradier sends fewer rows than were asked for', async () => {
    const rows = Array.from({ length: 61 }, (_, index) => row(index, index === 60 ? { tag: '"intent-1-abc"' } : {}));
    const broker = await start(({ query }) => {
      const page = Number(query.get('page')) - 1;
      return orders(...rows.slice(page * 25, page * 25 + 25));
    });
    expect(await broker.find(orderName())).toMatchObject({
      type: 'found',
      report: { orderId: '60', clientOrderId: 'intent-1-abc' },
    });
    expect(tradier.asked.map(({ query }) => query.get('page'))).toEqual(['1', '2', '3']);
    expect(tradier.asked.every(({ query }) => query.get('includeTags') === 'true' && query.get('filter') === null)).toBe(true);
  });

  it('ends when a server repeats its page', async () => {
    const broker = await start(() => orders(...Array.from({ length: 30 }, (_, index) => row(index))));
    expect(await broker.find(orderName())).toEqual({ type: 'absent' });
    expect(tradier.asked).toHaveLength(2);
  });

  it.each([
    ['none', orders()],
    ['others', orders(row(1))],
    ['one whose tag only begins like it', orders(row(1, { tag: '"intent-1-abcd"' }))],
    ['one without a tag', orders(row(1, { tag: 'null' }))],
    ['one of several legs', orders('{"id":5,"class":"otoco","status":"open","leg":[]}')],
  ])('is absent from a list of %s', async (_, answer) => {
    const broker = await start(() => answer);
    expect(await broker.find(orderName())).toEqual({ type: 'absent' });
  });

  it('does not choose between several orders under one tag', async () => {
    const tag = '"intent-1-abc"';
    const broker = await start(() => orders(row(1, { tag }), row(2, { tag })));
    expect(await broker.find(orderName())).toMatchObject({
      type: 'unavailable',
      code: 'SEVERAL_ORDERS',
      reason: expect.stringContaining('1, 2') as string,
    });
  });

  it('takes no row for its own that was made more than five minutes before it was submitted', async () => {
    const tag = '"intent-1-abc"';
    const made = (before: number) => `"${new Date(orderName().submittedAt - before).toISOString()}"`;
    let rows = [row(1, { tag, create_date: made(300_001) })];
    const broker = await start(() => orders(...rows));
    expect(await broker.find(orderName())).toEqual({ type: 'absent' });
    expect(await broker.poll([orderName()])).toEqual({ type: 'polled', reports: [], absent: ['intent-1-abc'] });
    expect(await broker.cancel(orderName())).toEqual({ type: 'absent' });
    rows = [...rows, row(2, { tag, create_date: made(300_000) })];
    expect(await broker.find(orderName())).toMatchObject({ type: 'found', report: { orderId: '2' } });
    expect(await broker.poll([orderName()])).toMatchObject({ reports: [{ orderId: '2', status: 'open' }], absent: [] });
    rows = [row(3, { tag, create_date: 'null' })];
    expect(await broker.find(orderName())).toMatchObject({ type: 'found', report: { orderId: '3' } });
  });

  it('looks for an order of an earlier day where that is listed, and does not believe a list that cannot show it', async () => {
    const broker = await start(() => orders());
    expect(await broker.find(orderName({ submittedAt: NOW - DAY_MS }))).toEqual({ type: 'absent' });
    expect(tradier.asked.map(({ query }) => [query.get('filter'), query.get('start')])).toEqual([['all', '2026-03-02']]);
    expect(await broker.find(orderName({ submittedAt: NOW - 40 * DAY_MS }))).toMatchObject({
      type: 'unavailable',
      code: 'TOO_OLD',
    });
  });

  it('believes that there is no such number only when the list is shown under the same credentials', async () => {
    let listed = true;
    const broker = await start(({ what }) =>
      listed && what.endsWith('/orders') ? orders() : { status: 401, body: 'Unauthorized Account: VA1' },
    );
    expect(await broker.find(orderName({ orderId: '9' }))).toEqual({ type: 'absent' });
    listed = false;
    expect(await broker.find(orderName({ orderId: '9' }))).toMatchObject({ type: 'unavailable', code: 'UNAUTHORIZED' });
  });

  it.each([
    ['absent', 404, 'order not found'],
    ['unavailable', 404, '<html>no such page</html>'],
    ['unavailable', 401, 'Invalid Access Token'],
    ['unavailable', 500, ''],
    ['unavailable', 200, '{"errors":{"error":"try again"}}'],
    ['unavailable', 200, '{"order":{"id":9}}'],
    ['unavailable', 200, 'null'],
    ['absent', 200, '{"order":"null"}'],
  ])('is %s after %d %s', async (type, status, body) => {
    const broker = await start(refused(status, body));
    expect(await broker.find(orderName({ orderId: '9' }))).toMatchObject({ type });
  });

  it('repeats a look-up, as nothing can come of it twice', async () => {
    let times = 0;
    const broker = await start(() => (++times < 3 ? { status: 503, body: '' } : `{"order":${row(7)}}`));
    expect(await broker.find(orderName({ orderId: '7' }))).toMatchObject({ type: 'found' });
  });
});

describe('cancelling', () => {
  it.each([
    ['requested', 200, '{"order":{"id":9,"status":"ok"}}'],
    ['finished', 200, 'order already in finalized state: filled'],
    ['finished', 400, 'order already in finalized state: canceled'],
    ['finished', 200, '{"errors":{"error":"order already in finalized state: filled"}}'],
    ['absent', 404, 'order not found'],
    ['unavailable', 200, '{"errors":{"error":"try again"}}'],
    ['unavailable', 400, 'something else'],
    ['unavailable', 500, 'order already in finalized state: filled'],
    ['unavailable', 200, '<html>'],
  ])('is %s after %d %s', async (type, status, body) => {
    const broker = await start(refused(status, body));
    expect(await broker.cancel(orderName({ orderId: '9' }))).toMatchObject({ type });
    expect(tradier.asked[0]?.what).toBe('DELETE /v1/accounts/VA1/orders/9');
  });

  it.each([
    ['requested', orders(row(9, { tag: '"intent-1-abc"' })), 'DELETE /v1/accounts/VA1/orders/9'],
    ['finished', orders(row(9, { tag: '"intent-1-abc"', status: '"canceled"' })), undefined],
    ['unavailable', orders(row(9, { tag: '"intent-1-abc"', status: '"calculated"' })), undefined],
    ['absent', orders(), undefined],
  ])('finds the number first where it is not known: %s', async (type, listed, asked) => {
    const broker = await start(({ what }) => (what.startsWith('GET') ? listed : '{"order":{"id":9,"status":"ok"}}'));
    expect(await broker.cancel(orderName())).toMatchObject({ type });
    expect(tradier.asked[1]?.what).toBe(asked);
  });

  it('finds out what a number means that Tradier does not know', async () => {
    const broker = await start(({ what }) =>
      what.endsWith('/orders') ? orders() : { status: 401, body: 'Unauthorized Account: VA1' },
    );
    expect(await broker.cancel(orderName({ orderId: '9' }))).toEqual({ type: 'absent' });
  });
});

describe('the account', () => {
  it('lists open orders of everybody, legs one by one, and those with a word that is not known', async () => {
    const legs = `[${row(5)},${row(6, { status: '"filled"' })}]`;
    const broker = await start(() =>
      orders(
        row(1, { tag: 'null' }),
        row(2, { status: '"filled"' }),
        row(3, { status: '"new_word"' }),
        `{"id":4,"class":"otoco","status":"open","leg":${legs}}`,
        // What has ended need not be readable.
        '{"id":7,"class":"combo","status":"expired"}',
      ),
    );
    expect(await broker.openOrders()).toMatchObject({
      type: 'orders',
      reports: [
        { orderId: '1', clientOrderId: '', status: 'open' },
        { orderId: '3', status: 'unknown', statusText: 'new_word' },
        { orderId: '5', status: 'open' },
      ],
    });
  });

  it('does not leave out an open order that it cannot read', async () => {
    const broker = await start(() => orders(row(1), '{"id":4,"status":"open"}'));
    expect(await broker.openOrders()).toMatchObject({ type: 'unavailable', code: 'BAD_ANSWER' });
  });

  it.each([
    [[], {}],
    [['{"symbol":"AAPL","quantity":-3.00000000}'], { AAPL: '-3' }],
    [
      ['{"symbol":"AAPL","quantity":1}', '{"symbol":"MSFT","quantity":2}', '{"symbol":"AAPL","quantity":4}'],
      { AAPL: '5', MSFT: '2' },
    ],
  ])('sums positions by symbol: %j', async (rows, expected) => {
    const broker = await start(() => list('positions', 'position', rows));
    const answer = await broker.positions();
    expect(answer).toEqual({
      type: 'positions',
      quantities: new Map(Object.entries(expected).map(([symbol, qty]) => [symbol, decimal(qty)])),
    });
  });

  it.each(['{"positions":""}', '{}', '{"positions":{"position":[1]}}', list('positions', 'position', ['{"symbol":"AAPL"}'])])(
    'has no positions to tell in %s',
    async (body) => {
      const broker = await start(() => body);
      expect(await broker.positions()).toMatchObject({ type: 'unavailable', code: 'BAD_ANSWER' });
    },
  );

  it('tells equity and cash', async () => {
    let cash = '"total_cash":14343.60,';
    const broker = await start(() => `{"balances":{${cash}"total_equity":17798.360000000000000001,"margin":{}}}`);
    const equity = decimal('17798.360000000000000001');
    expect(await broker.account()).toEqual({ type: 'account', equity, cash: decimal('14343.6') });
    cash = '';
    expect(await broker.account()).toEqual({ type: 'account', equity, cash: null });
  });

  it('names where it sends to, without the token', async () => {
    const broker = await start(() => '');
    expect(await broker.identify()).toEqual({ type: 'identified', venue: 'tradier:sandbox/VA1' });
    expect(broker.venue).toBe('tradier:sandbox/VA1');
    expect(tradier.asked).toEqual([]);
    expect([broker.instant, broker.idempotent, broker.cancelAll]).toEqual([false, false, undefined]);
    const live = openTradier({ token: TOKEN, accountId: 'VA1', environment: 'live' });
    expect(live.venue).toBe('tradier:live/VA1');
    expect(live.capacity()).toBeGreaterThan(0);
    await live.close();
  });
});
