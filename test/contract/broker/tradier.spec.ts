import { openTradier } from '../../../src/gateway/brokers/tradier/tradier';
import { startTradier, TRADIER_ACCOUNT_ID, TRADIER_TOKEN } from '../../support/brokers/tradierServer';
import { brokerContract } from './brokerContract';
import { accepted, d, foundReport, nameOf, openedForEachTest, type OpenBroker, orderOf, restingOrder } from './brokerUnderTest';

const openOne: OpenBroker = async ({ timeoutMs = 2_000, wrongSecret, requestsPerMinute = 100_000, ...script }, clock) => {
  const server = await startTradier(script);
  const broker = openTradier({
    ...clock,
    token: wrongSecret ?? TRADIER_TOKEN,
    accountId: TRADIER_ACCOUNT_ID,
    environment: 'sandbox',
    baseUrl: `${server.baseUrl}/v1`,
    perMinute: requestsPerMinute,
    timeoutMs,
  });
  return { broker, server };
};

brokerContract('tradier', { wholeSharesOnly: true, tellsFills: false, secrets: [TRADIER_TOKEN] }, openOne);

describe('tradier alone', () => {
  const open = openedForEachTest(openOne);
  const answer = (status: number, body: string) =>
    ({ operation: 'submit', fault: { carriedOut: 'never', answer: { type: 'status', status, body } } }) as const;

  it.each([
    ['one text', '{"errors":{"error":"AccountMarginRuleViolation: Margin rules prohibit this transaction."}}'],
    ['several', '{"errors":{"error":["Backoffice rejected override of the order.","DayTradingBuyingPowerExceeded"]}}'],
  ])('takes a refusal that comes with 200, as %s', async (_, body) => {
    const { broker } = await open({ faults: [answer(200, body)] });
    expect(['rejected', 'failed']).toContain((await broker.submit(orderOf())).type);
  });

  it('names the side by what is held', async () => {
    const { broker, server } = await open({ positions: { LONG: d('5'), SHORT: d('-5') } });
    for (const [symbol, side, held] of [
      ['NONE', 'buy', '0'],
      ['NONE2', 'sell', '0'],
      ['LONG', 'buy', '5'],
      ['LONG', 'sell', '5'],
      ['SHORT', 'buy', '-5'],
      ['SHORT', 'sell', '-5'],
    ] as const)
      await accepted(broker, orderOf({ symbol, side, qty: d('2') }, { held: d(held) }));
    expect(server.market.orders.map(({ instruction }) => instruction)).toEqual([
      'buy',
      'sell_short',
      'buy',
      'sell',
      'buy_to_cover',
      'sell_short',
    ]);
  });

  it('takes an order that the broker makes and rejects at once for accepted, and finds it rejected', async () => {
    const { broker, server } = await open({ positions: { AAPL: d('3') } });
    const order = restingOrder();
    const { orderId } = await accepted(broker, order);
    server.market.rejected(orderId, 'Sell order cannot be placed unless you are closing a long position.');
    expect(foundReport(await broker.find(nameOf(order)))).toMatchObject({
      status: 'rejected',
      reason: 'Sell order cannot be placed unless you are closing a long position.',
    });
  });

  it('never takes two orders under one tag for one', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    const name = await accepted(broker, order);
    server.market.foreignOrder({ clientOrderId: order.clientOrderId, symbol: 'AAPL', side: 'buy', qty: d('10') });
    expect((await broker.find(nameOf(order))).type).toBe('unavailable');
    const polled = await broker.poll([nameOf(order)]);
    if (polled.type === 'polled') {
      expect(polled.absent).toEqual([]);
      expect(polled.reports.every(({ status }) => status === 'unknown')).toBe(true);
    }
    expect(foundReport(await broker.find(name)).orderId).toBe(name.orderId);
  });

  it('does not take orders for absent because the account is none of the token’s', async () => {
    const server = await startTradier({ accountId: 'VA00000002' });
    const broker = openTradier({
      token: TRADIER_TOKEN,
      accountId: TRADIER_ACCOUNT_ID,
      environment: 'sandbox',
      baseUrl: `${server.baseUrl}/v1`,
    });
    const name = nameOf(restingOrder(), server.market.foreignOrder({ symbol: 'A', side: 'buy', qty: d('1') }).id);
    expect((await broker.find(name)).type).toBe('unavailable');
    expect((await broker.poll([name])).type).toBe('unavailable');
    expect((await broker.cancel(name)).type).toBe('unavailable');
    expect((await broker.submit(restingOrder())).type).toBe('failed');
    await broker.close();
    await server.stop();
  });

  it('reads on when pages are smaller than was asked for', async () => {
    const server = await startTradier({ mostRows: 100 });
    const broker = openTradier({
      token: TRADIER_TOKEN,
      accountId: TRADIER_ACCOUNT_ID,
      environment: 'sandbox',
      baseUrl: `${server.baseUrl}/v1`,
      perMinute: 100_000,
    });
    for (let count = 0; count < 250; count++) server.market.foreignOrder({ symbol: 'A', side: 'buy', qty: d('1') });
    const order = restingOrder();
    await accepted(broker, order);
    expect((await broker.find(nameOf(order))).type).toBe('found');
    expect(await broker.openOrders()).toMatchObject({ type: 'orders', reports: { length: 251 } });
    await broker.close();
    await server.stop();
  });

  it('reads a list whose rows move to later pages while it is read', async () => {
    const server = await startTradier({
      listing: 'newest',
      onRequest: ({ operation }) => {
        if (operation === 'orders')
          for (let count = 0; count < 7; count++) server.market.foreignOrder({ symbol: 'A', side: 'buy', qty: d('1') });
      },
    });
    const broker = openTradier({
      token: TRADIER_TOKEN,
      accountId: TRADIER_ACCOUNT_ID,
      environment: 'sandbox',
      baseUrl: `${server.baseUrl}/v1`,
      perMinute: 100_000,
    });
    const order = restingOrder();
    await accepted(broker, order);
    for (let count = 0; count < 2_300; count++) server.market.foreignOrder({ symbol: 'A', side: 'buy', qty: d('1') });
    const open = await broker.openOrders();
    if (open.type === 'orders') {
      const ids = open.reports.map(({ orderId }) => orderId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toContain(server.market.the(order.clientOrderId).id);
    }
    expect((await broker.find(nameOf(order))).type).toBe('found');
    await broker.close();
    await server.stop();
  });

  it('takes a finished cancel for one, whatever status the plain text comes with', async () => {
    const server = await startTradier({ finishedCancelStatus: 200 });
    const broker = openTradier({
      token: TRADIER_TOKEN,
      accountId: TRADIER_ACCOUNT_ID,
      environment: 'sandbox',
      baseUrl: `${server.baseUrl}/v1`,
    });
    const name = await accepted(broker, orderOf());
    expect(await broker.cancel(name)).toEqual({ type: 'finished' });
    await broker.close();
    await server.stop();
  });
});
