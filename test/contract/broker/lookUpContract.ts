import { FAULTS } from '../../support/brokers/faults';
import type { OpenForTest } from './brokerContract';
import { accepted, d, foundReport, nameOf, restingOrder } from './brokerUnderTest';

const DAY_MS = 86_400_000;

/** `find`: what the broker shows, also on a later page; `absent` only when it was really asked. */
export const lookUpContract = (open: OpenForTest): void => {
  it('says `absent` of an order that was never sent', async () => {
    const { broker } = await open();
    expect(await broker.find(nameOf(restingOrder()))).toEqual({ type: 'absent' });
    await accepted(broker, restingOrder());
    expect(await broker.find(nameOf(restingOrder()))).toEqual({ type: 'absent' });
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ])('finds an order with 1,200 foreign ones %s it', async (_, place) => {
    const { broker, server } = await open();
    const foreign = (): void => {
      for (let count = 0; count < 1_200; count++)
        server.market.foreignOrder({ clientOrderId: `manual-${count}`, symbol: 'AAPL', side: 'buy', qty: d('1') });
    };
    if (place === 0) foreign();
    const order = restingOrder();
    await accepted(broker, order);
    if (place === 1) foreign();
    expect(foundReport(await broker.find(nameOf(order))).orderId).toBe(server.market.the(order.clientOrderId).id);
    expect(await broker.find(nameOf(restingOrder()))).toEqual({ type: 'absent' });
  });

  it('does not take an order for another one whose name begins alike', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    server.market.foreignOrder({ clientOrderId: `${order.clientOrderId}x`, symbol: 'AAPL', side: 'buy', qty: d('10') });
    server.market.foreignOrder({ clientOrderId: order.clientOrderId.slice(0, -1), symbol: 'AAPL', side: 'buy', qty: d('10') });
    server.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: d('10') });
    expect(await broker.find(nameOf(order))).toEqual({ type: 'absent' });
  });

  it('never takes an order that is older than the submission for its own: an earlier run had the name', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    server.market.foreignOrder({ clientOrderId: order.clientOrderId, symbol: 'AAPL', side: 'buy', qty: d('10') });
    const name = nameOf(order, '', Date.now() + 6 * 60_000);
    expect((await broker.find(name)).type).not.toBe('found');
    expect((await broker.cancel(name)).type).not.toBe('requested');
    const others = await Promise.all(Array.from({ length: 5 }, () => accepted(broker, restingOrder())));
    for (let poll = 0; poll < 4; poll++) {
      const polled = await broker.poll([name, ...others]);
      if (polled.type === 'polled')
        expect(polled.reports.map(({ clientOrderId }) => clientOrderId)).not.toContain(order.clientOrderId);
    }
    // The clocks may differ by some minutes.
    expect((await broker.find(nameOf(order, '', Date.now() + 4 * 60_000))).type).toBe('found');
  });

  it('finds an order that has ended', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    const { orderId } = await accepted(broker, order);
    server.market.fill(orderId, d('4'), d('1.5'));
    server.market.cancelled(orderId);
    expect(foundReport(await broker.find(nameOf(order)))).toMatchObject({
      status: 'cancelled',
      filledQty: d('4'),
      averagePrice: d('1.5'),
    });
  });

  it('finds an order of an earlier trading day, by name alone', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    await accepted(broker, order);
    server.market.newSession();
    await accepted(broker, restingOrder());
    expect((await broker.find(nameOf(order, '', Date.now() - 2 * DAY_MS))).type).toBe('found');
  });

  it('says `unavailable`, not `absent`, when a later page cannot be read', async () => {
    const { broker, server } = await open();
    for (let count = 0; count < 1_200; count++) server.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: d('1') });
    const order = restingOrder();
    const before = server.count();
    expect((await broker.find(nameOf(order))).type).toBe('absent');
    const requests = server.count() - before;
    server.fault({ method: 'GET', after: requests - 1, times: Infinity, fault: FAULTS.notMadeThen500 });
    expect((await broker.find(nameOf(order))).type).toBe('unavailable');
  });

  it.each([401, 403, 404])('does not take a web page with status %i for an answer of the broker', async (status) => {
    const { broker, server } = await open();
    const order = restingOrder();
    const name = await accepted(broker, order);
    server.fault({ times: Infinity, fault: { carriedOut: 'never', answer: { type: 'html', status } } });
    for (const one of [name, nameOf(order)]) {
      expect((await broker.find(one)).type).toBe('unavailable');
      expect((await broker.poll([one])).type).toBe('unavailable');
      expect((await broker.cancel(one)).type).toBe('unavailable');
    }
  });

  it('finds the same when pages overlap or show rows twice', async () => {
    const { broker, server } = await open();
    const orders = Array.from({ length: 60 }, () => restingOrder());
    for (const order of orders) await accepted(broker, order);
    for (const fault of [FAULTS.doubled, FAULTS.overlapping]) {
      server.fault({ method: 'GET', times: Infinity, fault });
      for (const order of [orders[0], orders[59]])
        if (order !== undefined) expect((await broker.find(nameOf(order))).type).toBe('found');
      expect((await broker.find(nameOf(restingOrder()))).type).toBe('absent');
      server.clearFaults();
    }
  });
};
