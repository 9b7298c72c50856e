import { intentOf } from '../../../../test/support/situations';
import { decimal } from '../../../contracts/decimal';
import type { OrderIntent } from '../../../contracts/messages';
import type { Broker, BrokerOrder, OrderName } from '../../broker';
import { reply, type React } from '../http/testServer';
import { openAlpaca, type AlpacaOptions } from './alpaca';
import { openTestAlpaca, orderOf, type JsonOrder, type TestAlpaca } from './testAlpaca';

const SUBMITTED = Date.parse('2026-03-02T15:00:00Z');
const SECRET = 'sssecret';
let alpaca: TestAlpaca;
let broker: Broker;
let open: (options?: Partial<AlpacaOptions>) => Broker;

beforeEach(async () => {
  alpaca = await openTestAlpaca();
  let clock = 0;
  open = (options = {}) =>
    openAlpaca({
      keyId: 'key-id',
      secretKey: SECRET,
      baseUrl: alpaca.url,
      timeoutMs: 300,
      requestsPerMinute: 100_000,
      now: () => clock,
      sleep: (ms) => {
        clock += ms;
        return Promise.resolve();
      },
      ...options,
    });
  broker = open();
});
afterEach(async () => {
  await broker.close();
  await alpaca.close();
});

const orderFor = (fields: Partial<OrderIntent> = {}, clientOrderId = 'c-1'): BrokerOrder => {
  const intent = intentOf(fields);
  const zero = decimal('0');
  return {
    runId: 'r-1',
    clientOrderId,
    intent,
    referencePrice: decimal('200'),
    number: 1,
    submittedAt: SUBMITTED,
    held: zero,
    openBuys: zero,
    openSells: zero,
    mayBeSent: () => true,
  };
};
const nameOf = (clientOrderId: string, orderId = `id-${clientOrderId}`): OrderName => ({
  clientOrderId,
  orderId,
  submittedAt: SUBMITTED,
});
const answering =
  (method: string, react: React): TestAlpaca['fault'] =>
  (request, response) => {
    if (request.method !== method) return false;
    react(request, response);
    return true;
  };
const bodies = () => alpaca.received.map(({ body }) => JSON.parse(body === '' ? 'null' : body) as unknown);

describe('submit', () => {
  it.each<[string, Partial<OrderIntent>, object]>([
    [
      'a market order of shares',
      { qty: decimal('1.000000001') },
      { symbol: 'AAPL', qty: '1.000000001', side: 'buy', type: 'market', time_in_force: 'day', client_order_id: 'c-1' },
    ],
    [
      'a limit order of crypto',
      {
        instrument: { symbol: 'BTC/USD', asset_class: 'crypto' },
        side: 'sell',
        order_type: 'limit',
        qty: decimal('2'),
        limit_price: decimal('70000.50'),
      },
      {
        symbol: 'BTC/USD',
        qty: '2',
        side: 'sell',
        type: 'limit',
        time_in_force: 'gtc',
        limit_price: '70000.5',
        client_order_id: 'c-1',
      },
    ],
  ])('sends %s', async (_, fields, expected) => {
    expect(await broker.submit(orderFor(fields))).toMatchObject({
      type: 'accepted',
      orderId: 'id-c-1',
      report: { clientOrderId: 'c-1', status: 'open', statusText: 'accepted' },
    });
    expect(bodies()).toEqual([expected]);
    expect(alpaca.received[0]).toMatchObject({
      method: 'POST',
      url: '/v2/orders',
      headers: { 'apca-api-key-id': 'key-id', 'apca-api-secret-key': SECRET },
    });
  });

  it.each<[string, Partial<OrderIntent>, string]>([
    ['currencies', { instrument: { symbol: 'EURUSD', asset_class: 'fx' } }, 'UNSUPPORTED'],
    ['futures', { instrument: { symbol: 'ESZ6', asset_class: 'futures' } }, 'UNSUPPORTED'],
    ['ten decimal places', { qty: decimal('0.0000000001') }, 'UNSUPPORTED'],
    ['a limit order without a limit', { order_type: 'limit', limit_price: null }, 'INVALID_ORDER'],
  ])('rejects %s and sends nothing', async (_, fields, code) => {
    expect(await broker.submit(orderFor(fields))).toMatchObject({ type: 'rejected', orderId: '', code });
    expect(alpaca.received).toEqual([]);
  });

  it.each<[string, React, object]>([
    [
      'too little money',
      (_, response) => reply(response, 403, { code: 40310000, message: 'insufficient buying power' }),
      { type: 'failed', code: '40310000', reason: 'insufficient buying power' },
    ],
    [
      'wrong keys',
      (_, response) => reply(response, 401, { message: 'unauthorized.' }),
      { type: 'failed', code: 'HTTP_401', reason: 'unauthorized.' },
    ],
    ['a page of a proxy', (_, response) => reply(response, 403, '<html>'), { type: 'failed', code: 'HTTP_403' }],
    [
      'a sub-penny price',
      (_, response) => reply(response, 422, { code: 42210000, message: 'sub-penny increment' }),
      { type: 'failed', code: '42210000' },
    ],
    [
      '429',
      (_, response) => reply(response, 429, '', { 'retry-after': '4' }),
      { type: 'deferred', afterMs: 4_000, code: 'HTTP_429' },
    ],
    [
      '500',
      (_, response) => reply(response, 500, { code: 50010000, message: 'internal' }),
      { type: 'unknown', code: '50010000' },
    ],
    ['504 in HTML', (_, response) => reply(response, 504, '<html>'), { type: 'unknown', code: 'HTTP_504' }],
    ['408', (_, response) => reply(response, 408), { type: 'unknown', code: 'HTTP_408' }],
    ['a redirect', (_, response) => reply(response, 302), { type: 'unknown', code: 'HTTP_302' }],
    ['a reset', (_, response) => void response.socket?.resetAndDestroy(), { type: 'unknown', code: 'RESET' }],
    ['no answer', () => undefined, { type: 'unknown', code: 'TIMEOUT' }],
    ['an empty 200', (_, response) => reply(response, 200), { type: 'unknown', code: 'BAD_ANSWER' }],
    ['garbage', (_, response) => reply(response, 200, '{"id": "x"'), { type: 'unknown', code: 'BAD_ANSWER' }],
    ['a list', (_, response) => reply(response, 200, []), { type: 'unknown', code: 'BAD_ANSWER' }],
    [
      'another order',
      (_, response) => reply(response, 200, orderOf({ client_order_id: 'c-2' })),
      { type: 'unknown', code: 'BAD_ANSWER' },
    ],
  ])('answered with %s is sent once and told as it is', async (_, react, expected) => {
    alpaca.fault = answering('POST', react);
    expect(await broker.submit(orderFor())).toMatchObject(expected);
    expect(alpaca.requests()).toEqual(['POST /v2/orders']);
  });

  it('is put off when there is no connection', async () => {
    await alpaca.close();
    expect(await broker.submit(orderFor())).toMatchObject({ type: 'deferred', code: 'UNREACHABLE' });
  });

  it('is put off when the rate limit leaves nothing, and not sent', async () => {
    await broker.close();
    broker = open({ requestsPerMinute: 10 });
    expect(broker.capacity()).toBe(0);
    expect(await broker.submit(orderFor())).toMatchObject({ type: 'deferred', code: 'RATE_LIMITED' });
    expect(alpaca.received).toEqual([]);
  });

  it('is put off when it is too late, and not sent', async () => {
    expect(await broker.submit({ ...orderFor(), mayBeSent: () => false })).toMatchObject({ type: 'deferred', code: 'TOO_LATE' });
    expect(alpaca.received).toEqual([]);
  });

  it('never shows the secret, even if it is echoed', async () => {
    alpaca.fault = answering('POST', (_, response) => reply(response, 403, { code: 1, message: `no such key ${SECRET}` }));
    expect(await broker.submit(orderFor())).toMatchObject({ type: 'failed', reason: 'no such key [secret]' });
  });

  describe('of what was already sent', () => {
    const duplicate = { code: 40010001, message: 'client_order_id must be unique' };

    it('is the order that is there', async () => {
      alpaca.orders.push(
        orderOf({ client_order_id: 'c-1', id: 'first', status: 'filled', filled_qty: '10', filled_avg_price: '199.5' }),
      );
      alpaca.fault = answering('POST', (_, response) => reply(response, 422, duplicate));
      expect(await broker.submit(orderFor())).toMatchObject({
        type: 'accepted',
        orderId: 'first',
        report: { status: 'filled', averagePrice: decimal('199.5') },
      });
    });

    it.each<[string, Partial<JsonOrder>]>([
      ['symbol', { symbol: 'MSFT' }],
      ['side', { side: 'sell' }],
      ['quantity', { qty: '9' }],
      ['quantity, by money', { qty: null, notional: '100' }],
      ['type', { type: 'limit' }],
      ['time', { created_at: '2026-03-02T14:54:59.999Z' }],
    ])('is not taken when the order of that name has another %s', async (_, fields) => {
      alpaca.orders.push(orderOf({ client_order_id: 'c-1', id: 'first', ...fields }));
      alpaca.fault = answering('POST', (_request, response) => reply(response, 422, duplicate));
      expect(await broker.submit(orderFor())).toMatchObject({
        type: 'failed',
        code: 'DUPLICATE_NAME',
        reason: expect.stringMatching(/c-1 .*first.*start with another run id$/),
      });
    });

    it('is unknown when the broker does not say when it was made', async () => {
      alpaca.orders.push(orderOf({ client_order_id: 'c-1', submitted_at: undefined }));
      alpaca.fault = answering('POST', (_, response) => reply(response, 422, duplicate));
      expect(await broker.submit(orderFor())).toMatchObject({ type: 'unknown', code: '40010001' });
    });

    it('is unknown as long as it is not shown', async () => {
      alpaca.fault = answering('POST', (_, response) => reply(response, 422, duplicate));
      expect(await broker.submit(orderFor())).toMatchObject({ type: 'unknown', code: '40010001' });
    });

    it('is no matter of the code alone', async () => {
      alpaca.fault = answering('POST', (_, response) => reply(response, 422, { code: 40010001, message: 'invalid symbol' }));
      expect(await broker.submit(orderFor())).toMatchObject({ type: 'failed', code: '40010001', reason: 'invalid symbol' });
    });
  });
});

describe('find', () => {
  it('shows the order with its executions', async () => {
    alpaca.orders.push(
      orderOf({ client_order_id: 'c-1', status: 'canceled', filled_qty: '3', filled_avg_price: '200.333333333333333333333' }),
    );
    fill('c-1', '1', '1', '200');
    fill('c-1', '2', '3', '200.5');
    expect(await broker.find(nameOf('c-1', ''))).toEqual({
      type: 'found',
      report: {
        clientOrderId: 'c-1',
        orderId: 'id-c-1',
        symbol: 'AAPL',
        side: 'buy',
        status: 'cancelled',
        statusText: 'canceled',
        qty: decimal('10'),
        filledQty: decimal('3'),
        averagePrice: decimal('200.333333333333333333'),
        fills: [
          { qty: decimal('1'), price: decimal('200'), cumQty: decimal('1') },
          { qty: decimal('2'), price: decimal('200.5'), cumQty: decimal('3') },
        ],
        reason: null,
      },
    });
  });

  it('shows that there is no such order', async () => expect(await broker.find(nameOf('c-9'))).toEqual({ type: 'absent' }));

  it.each<[string, React, string]>([
    ['a 404 that Alpaca did not write', (_, response) => reply(response, 404, '<html>not here</html>'), 'HTTP_404'],
    ['a 404 of a proxy in JSON', (_, response) => reply(response, 404, { message: 'no route matched' }), 'HTTP_404'],
    ['another order', (_, response) => reply(response, 200, orderOf({ client_order_id: 'c-2' })), 'BAD_ANSWER'],
    ['503', (_, response) => reply(response, 503), 'HTTP_503'],
    ['half an answer', (_, response) => reply(response, 200, '{"id":'), 'BAD_ANSWER'],
  ])('learns nothing from %s', async (_, react, code) => {
    alpaca.fault = answering('GET', react);
    expect(await broker.find(nameOf('c-1'))).toMatchObject({ type: 'unavailable', code });
  });

  it.each([
    ['new', 'open'],
    ['held', 'open'],
    ['pending_cancel', 'open'],
    ['stopped', 'open'],
    ['suspended', 'open'],
    ['calculated', 'open'],
    ['done_for_day', 'open'],
    ['filled', 'open'],
    ['canceled', 'cancelled'],
    ['expired', 'expired'],
    ['rejected', 'rejected'],
    ['replaced', 'unknown'],
    ['constructor', 'unknown'],
  ])('takes %s for %s', async (status, expected) => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', status }));
    expect(await broker.find(nameOf('c-1'))).toMatchObject({ report: { status: expected, statusText: status } });
  });
});

it.each([
  [{ filled_qty: '10' }, 'filled', '10'],
  [{ filled_qty: '9.999999999' }, 'open', '9.999999999'],
  [{ filled_qty: '0' }, 'open', '0'],
  [{ filled_qty: null }, 'open', '0'],
  [{ filled_qty: undefined }, 'open', '0'],
  [{ filled_qty: null, qty: null }, 'open', '0'],
  [{ filled_qty: '3', qty: null }, 'filled', '3'],
])('the word filled is believed when the quantity is shown: %j', async (fields, status, filled) => {
  alpaca.orders.push(orderOf({ client_order_id: 'c-1', status: 'filled', ...fields }));
  expect(await broker.find(nameOf('c-1'))).toMatchObject({ report: { status, filledQty: decimal(filled) } });
});

describe('what has the name but was made before', () => {
  const FIVE_MINUTES = 300_000;
  const made = (at: number) => ({ created_at: new Date(at).toISOString() });
  const unknown = nameOf('c-1', '');

  it.each([
    ['found', made(SUBMITTED - FIVE_MINUTES)],
    ['unavailable', made(SUBMITTED - FIVE_MINUTES - 1)],
    ['unavailable', { created_at: null, submitted_at: undefined }],
  ])('is %s with %j', async (type, fields) => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', ...fields }));
    expect(await broker.find(unknown)).toMatchObject({ type, ...(type === 'found' ? {} : { code: 'NAME_IN_USE' }) });
    expect(await broker.find(nameOf('c-1'))).toMatchObject({ type: 'found' });
  });

  it('is not cancelled', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', ...made(0) }));
    expect(await broker.cancel(unknown)).toMatchObject({ type: 'unavailable', code: 'NAME_IN_USE' });
    expect(alpaca.requests()).toEqual(['GET /v2/orders:by_client_order_id']);
  });

  it('is in no poll, and hides the others no longer than other troubles do', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', ...made(0) }), orderOf({ client_order_id: 'c-2' }));
    const polled = [];
    for (let times = 0; times < 3; times++) polled.push(await broker.poll([unknown, nameOf('c-2')]));
    expect(polled[0]).toMatchObject({ type: 'unavailable', code: 'NAME_IN_USE' });
    expect(polled[2]).toMatchObject({ type: 'polled', reports: [{ clientOrderId: 'c-2' }], absent: [] });
  });
});

let fillNumber = 0;
const fill = (
  clientOrderId: string,
  qty: string,
  cum_qty: string,
  price = '200',
  transaction_time = '2026-03-02T15:00:01.5Z',
) => {
  alpaca.fills.push({ id: `f-${fillNumber++}`, order_id: `id-${clientOrderId}`, qty, cum_qty, price, transaction_time });
};

describe('poll', () => {
  it('looks one order up and reads no executions that it does not need', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1' }));
    expect(await broker.poll([nameOf('c-1')])).toMatchObject({
      type: 'polled',
      reports: [{ status: 'open', fills: [] }],
      absent: [],
    });
    expect(alpaca.requests()).toEqual(['GET /v2/orders:by_client_order_id']);
  });

  it('lists open orders once, looks up the others, and says which are absent', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1' }), orderOf({ client_order_id: 'c-2' }));
    alpaca.orders.push(orderOf({ client_order_id: 'c-3', status: 'expired' }), orderOf({ client_order_id: 'else' }));
    const polled = await broker.poll(['c-1', 'c-2', 'c-3', 'c-4'].map((name) => nameOf(name)));
    expect(polled).toMatchObject({
      type: 'polled',
      reports: [{ clientOrderId: 'c-1' }, { clientOrderId: 'c-2' }, { clientOrderId: 'c-3', status: 'expired' }],
      absent: ['c-4'],
    });
    expect(alpaca.requests()).toEqual([
      'GET /v2/orders',
      'GET /v2/orders:by_client_order_id',
      'GET /v2/orders:by_client_order_id',
    ]);
  });

  it('asks for ended orders in one page when many of its orders ended', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `c-${index}`);
    for (const client_order_id of names) alpaca.orders.push(orderOf({ client_order_id, status: 'canceled' }));
    expect(await broker.poll(names.map((name) => nameOf(name)))).toMatchObject({ reports: { length: 100 }, absent: [] });
    expect(alpaca.requests()).toEqual(['GET /v2/orders', 'GET /v2/orders']);
    // No more of what ended than can be among them.
    expect(alpaca.received[1]?.url).toContain(`after=${encodeURIComponent('2026-03-02T14:59:00Z')}`);
  });

  it('joins executions to their orders by the number filled after them, and reads on from where it was', async () => {
    const [first, second] = [orderOf({ client_order_id: 'c-1' }), orderOf({ client_order_id: 'c-2' })];
    alpaca.orders.push(first, second);
    const names = [nameOf('c-1'), nameOf('c-2')];
    Object.assign(first, { status: 'partially_filled', filled_qty: '4', filled_avg_price: '200' });
    fill('c-1', '3', '4', '201');
    fill('else', '1', '1');
    fill('c-1', '1', '1', '197');
    expect(await broker.poll(names)).toMatchObject({
      reports: [{ fills: [{ qty: decimal('1') }, { qty: decimal('3'), cumQty: decimal('4') }] }, { fills: [] }],
    });
    // Nothing new was filled: no request for executions.
    const before = alpaca.requests().length;
    await broker.poll(names);
    expect(alpaca.requests().slice(before)).toEqual(['GET /v2/orders']);
    Object.assign(second, { status: 'filled', filled_qty: '10', filled_avg_price: '200' });
    fill('c-2', '10', '10', '200', '2026-03-02T16:00:00Z');
    expect(await broker.poll(names)).toMatchObject({
      reports: [{ fills: { length: 2 } }, { status: 'filled', fills: { length: 1 } }],
    });
    Object.assign(first, { filled_qty: '10' });
    await broker.poll(names);
    const last = alpaca.received.at(-1)?.url ?? '';
    expect(decodeURIComponent(last)).toContain('after=2026-03-02T15:59:00Z');
  });

  it('tells only executions that follow from zero without a gap and that the order has counted', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', status: 'partially_filled', filled_qty: '5', filled_avg_price: '200' }));
    fill('c-1', '1', '1');
    fill('c-1', '2', '5'); // the one before it is late
    expect(await broker.poll([nameOf('c-1')])).toMatchObject({ reports: [{ filledQty: decimal('5'), fills: { length: 1 } }] });
    fill('c-1', '2', '3', '200', '2026-03-02T15:00:01Z');
    fill('c-1', '5', '10'); // newer than the order
    expect(await broker.poll([nameOf('c-1')])).toMatchObject({ reports: [{ fills: { length: 3 } }] });
  });

  it('pages through executions and goes on where it stopped', async () => {
    alpaca.orders.push(
      orderOf({ client_order_id: 'c-1', qty: '5000', status: 'filled', filled_qty: '4500', filled_avg_price: '200' }),
    );
    for (let cum = 1; cum <= 4_500; cum++) fill('c-1', '1', String(cum));
    const told: unknown[] = [];
    for (let poll = 0; poll < 4; poll++) {
      const polled = await broker.poll([nameOf('c-1')]);
      told.push(polled.type === 'polled' && polled.reports[0]?.fills.length);
    }
    expect(told).toEqual([2_000, 4_000, 4_500, 4_500]);
  });

  it('goes back for executions of an older order only if those that are new do not tell it', async () => {
    const week = 7 * 86_400_000;
    const order = orderOf({ client_order_id: 'c-1', status: 'filled', filled_qty: '10', filled_avg_price: '200' });
    const older = orderOf({ client_order_id: 'c-2' });
    alpaca.orders.push(order, older);
    const names = [nameOf('c-1'), { ...nameOf('c-2'), submittedAt: SUBMITTED - week }];
    const readFrom = async () => {
      const before = alpaca.received.length;
      const polled = await broker.poll(names);
      if (polled.type !== 'polled') throw new Error(polled.reason);
      const fills = polled.reports.find(({ clientOrderId }) => clientOrderId === 'c-2')?.fills.length;
      const reads = alpaca.received.slice(before).map(({ url }) => new URL(url, 'http://a').searchParams.get('after'));
      return { fills, reads: reads.filter((after) => after !== null) };
    };
    fill('c-1', '10', '10');
    expect(await readFrom()).toEqual({ fills: 0, reads: ['2026-03-02T14:59:00Z'] });
    Object.assign(older, { status: 'partially_filled', filled_qty: '3', filled_avg_price: '200' });
    fill('c-2', '3', '3', '200', '2026-03-02T15:30:00Z');
    expect(await readFrom()).toEqual({ fills: 1, reads: ['2026-03-02T14:59:01Z'] });
    // A row of last week that comes late.
    Object.assign(older, { filled_qty: '5' });
    alpaca.fills.unshift({
      id: 'late',
      order_id: 'id-c-2',
      qty: '2',
      cum_qty: '5',
      price: '200',
      transaction_time: '2026-02-24T15:00:00Z',
    });
    expect(await readFrom()).toEqual({ fills: 2, reads: ['2026-03-02T15:29:00Z', '2026-02-23T14:59:00Z'] });
  });

  it('reads executions once for many look-ups at the same time', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `c-${index}`);
    for (const name of names) {
      alpaca.orders.push(orderOf({ client_order_id: name, status: 'filled', filled_qty: '10', filled_avg_price: '200' }));
      fill(name, '10', '10');
    }
    const found = await Promise.all(names.map((name) => broker.find(nameOf(name))));
    expect(found.every((each) => each.type === 'found' && each.report.fills.length === 1)).toBe(true);
    expect(alpaca.requests().filter((request) => request.includes('FILL'))).toHaveLength(1);
  });

  it('does not wait for executions for ever', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', status: 'filled', filled_qty: '10', filled_avg_price: '200' }));
    alpaca.fault = ({ url }, response) => url.includes('FILL') && (reply(response, 403, { message: 'forbidden' }), true);
    const names = [nameOf('c-1')];
    expect([await broker.poll(names), await broker.poll(names)]).toMatchObject([
      { type: 'unavailable' },
      { type: 'unavailable' },
    ]);
    expect(await broker.poll(names)).toMatchObject({ reports: [{ status: 'filled', averagePrice: decimal('200'), fills: [] }] });
  });

  it('is whole or unavailable, but leaves out an order that cannot be looked up time and again', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1' }), orderOf({ client_order_id: 'c-2' }));
    alpaca.fault = ({ url }, response) => url.includes('c-bad') && (reply(response, 500), true);
    const names = ['c-1', 'c-bad', 'c-2'].map((name) => nameOf(name));
    const polled = [await broker.poll(names), await broker.poll(names), await broker.poll(names)];
    expect(polled).toMatchObject([
      { type: 'unavailable', code: 'HTTP_500' },
      { type: 'unavailable', code: 'HTTP_500' },
      { reports: { length: 2 }, absent: [] },
    ]);
    // With nothing else to tell, it is what there is to say.
    expect(await broker.poll([nameOf('c-bad')])).toMatchObject({ type: 'unavailable', code: 'HTTP_500' });
  });

  it('looks up at most forty orders at a time, in turns', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `c-${index}`);
    const ask = async () => {
      const polled = await broker.poll(names.map((name) => nameOf(name)));
      return polled.type === 'polled' ? polled.absent : [];
    };
    const [first, second] = [await ask(), await ask()];
    expect([first.length, second.length, new Set([...first, ...second]).size]).toEqual([40, 40, 50]);
  });

  it('has few look-ups under way at the same time', async () => {
    let [underWay, most] = [0, 0];
    alpaca.fault = ({ url }, response) => {
      if (!url.includes('by_client_order_id')) return false;
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay -= 1;
        reply(response, 404, { code: 40410000, message: 'order not found' });
      }, 5);
      return true;
    };
    expect(await broker.poll(Array.from({ length: 30 }, (_, index) => nameOf(`c-${index}`)))).toMatchObject({
      absent: { length: 30 },
    });
    expect(most).toBe(8);
  });

  it.each<[string, React]>([
    ['garbage', (_, response) => reply(response, 200, '<html>')],
    ['one order that cannot be read', (_, response) => reply(response, 200, [{ id: 'x' }])],
    ['500', (_, response) => reply(response, 500)],
  ])('learns nothing from %s', async (_, react) => {
    alpaca.fault = answering('GET', react);
    expect(await broker.poll([nameOf('c-1'), nameOf('c-2')])).toMatchObject({ type: 'unavailable' });
  });
});

describe('open orders', () => {
  it('come in pages, each once, though many were sent in the same instant', async () => {
    for (let index = 0; index < 1_200; index++) {
      const submitted_at = `2026-03-02T15:00:0${Math.floor(index / 300)}.123${String(index % 3).padStart(3, '0')}Z`;
      alpaca.orders.push(orderOf({ client_order_id: `c-${index}`, submitted_at }));
    }
    for (let index = 0; index < 3_000; index++)
      alpaca.orders.push(orderOf({ client_order_id: `old-${index}`, status: 'filled' }));
    const listed = await broker.openOrders();
    if (listed.type !== 'orders') throw new Error(listed.reason);
    expect(new Set(listed.reports.map(({ clientOrderId }) => clientOrderId)).size).toBe(1_200);
    expect(listed.reports).toHaveLength(1_200);
    expect(alpaca.requests().length).toBeLessThanOrEqual(6);
  });

  it('come in pages even if all were sent in the same millisecond', async () => {
    for (let index = 0; index < 1_500; index++) {
      const submitted_at = `2026-03-02T15:00:00.123${String(Math.floor(index / 2)).padStart(3, '0')}Z`;
      alpaca.orders.push(orderOf({ client_order_id: `c-${index}`, submitted_at }));
    }
    const listed = await broker.openOrders();
    expect(listed).toMatchObject({ type: 'orders', reports: { length: 1_500 } });
  });

  it('are not shown in part if the pages cannot be told apart', async () => {
    for (let index = 0; index < 501; index++) alpaca.orders.push(orderOf({ client_order_id: `c-${index}` }));
    expect(await broker.openOrders()).toMatchObject({ type: 'unavailable', code: 'BAD_ANSWER' });
  });

  it('may be those of others, of kinds that we never send', async () => {
    alpaca.orders.push(
      orderOf({ client_order_id: 'by-money', qty: null, notional: '500', filled_qty: '1.5', filled_avg_price: '10' }),
    );
    alpaca.orders.push(orderOf({ client_order_id: 'legs', symbol: '', side: '', order_class: 'mleg' }));
    expect(await broker.openOrders()).toMatchObject({
      reports: [{ qty: decimal('1.5') }, { clientOrderId: 'legs', symbol: '' }],
    });
  });
});

describe('cancel', () => {
  it.each<[string, React, object]>([
    ['204', (_, response) => reply(response, 204), { type: 'requested' }],
    ['422', (_, response) => reply(response, 422, { code: 42210000, message: 'order is not cancelable' }), { type: 'finished' }],
    [
      'its end',
      (_, response) => reply(response, 422, { code: 42210000, message: 'order is already in "filled" state' }),
      { type: 'finished' },
    ],
    [
      'a cancel that is under way',
      (_, response) => reply(response, 422, { code: 42210000, message: 'order is already in "pending_cancel" state' }),
      { type: 'requested' },
    ],
    [
      'a malformed id',
      (_, response) => reply(response, 422, { code: 40010001, message: 'order_id is missing' }),
      { type: 'unavailable', code: '40010001' },
    ],
    [
      'another 422',
      (_, response) => reply(response, 422, { code: 42210000, message: 'order is already in "pending_replace" state' }),
      { type: 'unavailable', code: '42210000' },
    ],
    ['404', (_, response) => reply(response, 404, { code: 40410000, message: 'order not found' }), { type: 'absent' }],
    ['a 404 that Alpaca did not write', (_, response) => reply(response, 404, 'nothing here'), { type: 'unavailable' }],
    ['500', (_, response) => reply(response, 500), { type: 'unavailable', code: 'HTTP_500' }],
  ])('answered with %s', async (_, react, expected) => {
    alpaca.fault = answering('DELETE', react);
    expect(await broker.cancel(nameOf('c-1', 'an/id'))).toMatchObject(expected);
    expect(alpaca.requests()[0]).toBe('DELETE /v2/orders/an%2Fid');
  });

  it('finds out first which order it is', async () => {
    alpaca.orders.push(orderOf({ client_order_id: 'c-1', id: 'real' }));
    alpaca.fault = answering('DELETE', (_, response) => reply(response, 204));
    expect(await broker.cancel(nameOf('c-1', ''))).toEqual({ type: 'requested' });
    expect(alpaca.requests().at(-1)).toBe('DELETE /v2/orders/real');
    expect(await broker.cancel(nameOf('c-2', ''))).toEqual({ type: 'absent' });
  });

  it('of everything is one request', async () => {
    alpaca.fault = answering('DELETE', (_, response) => reply(response, 207, [{ id: 'a', status: 500 }]));
    expect(await broker.cancelAll?.()).toEqual({ type: 'requested' });
    expect(alpaca.requests()).toEqual(['DELETE /v2/orders']);
    alpaca.fault = answering('DELETE', (_, response) => reply(response, 500, { message: 'failed to cancel orders' }));
    expect(await broker.cancelAll?.()).toMatchObject({ type: 'unavailable', reason: 'failed to cancel orders' });
  });
});

describe('the account', () => {
  it('holds quantities with their sign', async () => {
    alpaca.fault = answering('GET', (_, response) =>
      reply(response, 200, [
        { symbol: 'AAPL', qty: '1.5', side: 'long', asset_class: 'us_equity' },
        { symbol: 'TSLA', qty: '-2', side: 'short', asset_class: 'us_equity' },
        { symbol: 'BTCUSDT', qty: '0.1', side: 'long', asset_class: 'crypto' },
        { symbol: 'ETHUSD', qty: '3', side: 'long', asset_class: 'crypto' },
      ]),
    );
    expect(await broker.positions()).toEqual({
      type: 'positions',
      quantities: new Map([
        ['AAPL', decimal('1.5')],
        ['TSLA', decimal('-2')],
        ['BTC/USDT', decimal('0.1')],
        ['ETH/USD', decimal('3')],
      ]),
    });
  });

  it('has equity and cash', async () => {
    alpaca.fault = answering('GET', (_, response) =>
      reply(response, 200, { equity: '100000.25', cash: '-12.5', status: 'ACTIVE' }),
    );
    expect(await broker.account()).toEqual({ type: 'account', equity: decimal('100000.25'), cash: decimal('-12.5') });
  });

  it('is identified by its number, asked for once', async () => {
    expect(() => broker.venue).toThrow('identify()');
    const identified = { type: 'identified', venue: 'alpaca:PA3TEST' };
    expect(await broker.identify()).toEqual(identified);
    expect(await broker.identify()).toEqual(identified);
    expect(broker.venue).toBe('alpaca:PA3TEST');
    expect(alpaca.requests()).toEqual(['GET /v2/account']);
  });

  it.each([{}, { account_number: '' }, { account_number: 'a b' }, { account_number: 7 }])(
    'is not identified by %j',
    async (answer) => {
      alpaca.fault = answering('GET', (_, response) => reply(response, 200, answer));
      expect(await broker.identify()).toMatchObject({ type: 'unavailable', code: 'BAD_ANSWER' });
      expect(() => broker.venue).toThrow('identify()');
    },
  );

  it('is unavailable without the right keys', async () => {
    alpaca.fault = answering('GET', (_, response) => reply(response, 401, { message: 'unauthorized.' }));
    expect(await broker.account()).toEqual({ type: 'unavailable', code: 'HTTP_401', reason: 'unauthorized.' });
    expect(await broker.positions()).toMatchObject({ type: 'unavailable' });
    expect(await broker.identify()).toMatchObject({ type: 'unavailable', code: 'HTTP_401' });
  });
});

it('keeps a part of 200 requests a minute for cancels and look-ups', async () => {
  await broker.close();
  broker = openAlpaca({ keyId: 'k', secretKey: 's', baseUrl: `${alpaca.url}/v2/` });
  expect(broker).toMatchObject({ name: 'alpaca', instant: false, idempotent: true });
  expect(broker.capacity()).toBe(16);
  await broker.find(nameOf('c-1'));
  expect(alpaca.requests()).toEqual(['GET /v2/orders:by_client_order_id']);
});
