import type { OpenForTest } from './brokerContract';
import { accepted, d, type Differences, foundReport, nameOf, orderOf, pollOne, restingOrder } from './brokerUnderTest';
import { BEHAVIOURS } from '../../support/brokers/orderScript';

/** Whether the next order may pass is not always in the broker's words; that this one was not taken is. */
const REFUSED = ['rejected', 'failed'];

/** `submit` with a broker that behaves: what the order is there, what is refused, and what a second submission does. */
export const submitContract = (open: OpenForTest, { wholeSharesOnly }: Differences): void => {
  it('makes the order that was asked for, once, under its name', async () => {
    const { broker, server } = await open();
    const order = orderOf({ symbol: 'MSFT', side: 'buy', qty: d('37'), order_type: 'limit', limit_price: d('99.25') });
    const { orderId } = await accepted(broker, order);
    expect(server.market.the(order.clientOrderId)).toMatchObject({
      id: orderId,
      symbol: 'MSFT',
      side: 'buy',
      type: 'limit',
      qty: d('37'),
      limitPrice: d('99.25'),
    });
    expect(server.market.orders).toHaveLength(1);
    expect(server.count('submit')).toBe(1);
  });

  it('sells what is held', async () => {
    const { broker, server } = await open({ positions: { AAPL: d('50') } });
    const order = orderOf({ side: 'sell', qty: d('20') }, { held: d('50') });
    await accepted(broker, order);
    expect(server.market.the(order.clientOrderId)).toMatchObject({ side: 'sell', type: 'market', status: 'filled' });
    expect(server.market.positions.get('AAPL')).toBe(d('30'));
  });

  it('sells short, and buys back', async () => {
    const { broker, server } = await open();
    await accepted(broker, orderOf({ side: 'sell', qty: d('20') }));
    expect(server.market.positions.get('AAPL')).toBe(d('-20'));
    await accepted(broker, orderOf({ side: 'buy', qty: d('20') }, { held: d('-20') }));
    expect(server.market.positions.get('AAPL')).toBeUndefined();
  });

  it('sends nothing when it is too late for it', async () => {
    const { broker, server } = await open();
    const order = orderOf({}, { mayBeSent: () => false });
    expect((await broker.submit(order)).type).toBe('deferred');
    expect(server.count()).toBe(0);
    expect(server.connections()).toBeLessThanOrEqual(1);
    await accepted(broker, { ...order, mayBeSent: () => true });
  });

  it('never lets an order cross zero', async () => {
    const { broker, server } = await open({ positions: { AAPL: d('5') } });
    const outcome = await broker.submit(orderOf({ side: 'sell', qty: d('8') }, { held: d('5') }));
    expect(REFUSED).toContain(outcome.type);
    expect(server.market.positions.get('AAPL')).toBe(d('5'));
    expect(server.count('submit')).toBeLessThanOrEqual(1);
  });

  if (wholeSharesOnly) {
    it('rejects a fraction of a share before anything is sent', async () => {
      const { broker, server } = await open();
      const outcome = await broker.submit(orderOf({ qty: d('10.5') }));
      expect(outcome).toMatchObject({ type: 'rejected', orderId: '' });
      expect(server.count()).toBe(0);
    });
  } else {
    it('keeps every digit of a fraction', async () => {
      const { broker, server } = await open();
      const order = orderOf({ qty: d('0.123456789') });
      const name = await accepted(broker, order);
      expect(server.market.the(order.clientOrderId).qty).toBe(d('0.123456789'));
      expect(await pollOne(broker, name)).toMatchObject({ status: 'filled', filledQty: d('0.123456789') });
    });
  }

  it('keeps every digit of a large quantity', async () => {
    const { broker, server } = await open({ otherwise: 'rest' });
    const order = orderOf({ qty: d('9007199254740993') });
    await accepted(broker, order);
    expect(server.market.the(order.clientOrderId).qty).toBe(d('9007199254740993'));
  });

  it('sees a fill that came before the acknowledgement', async () => {
    const { broker } = await open({ orders: [{ steps: BEHAVIOURS.fillBeforeAcknowledgement }] });
    const name = await accepted(broker, orderOf({ qty: d('10') }));
    expect(await pollOne(broker, name)).toMatchObject({ status: 'filled', filledQty: d('10'), averagePrice: d('100') });
  });

  it('reports no more at once than the broker says', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    const outcome = await broker.submit(order);
    if (outcome.type !== 'accepted') throw new Error(outcome.type);
    if (outcome.report === undefined) return;
    const { id, symbol, qty } = server.market.the(order.clientOrderId);
    expect(outcome.report).toMatchObject({ orderId: id, symbol, qty, filledQty: 0n, averagePrice: null, fills: [] });
    expect(['open', 'unknown']).toContain(outcome.report.status);
  });

  it('says of what the broker refuses that it was surely not taken, with a code and a reason; the next order may pass', async () => {
    const { broker, server } = await open({ positions: { AAPL: d('5') } });
    // The account holds less than we believe.
    const outcome = await broker.submit(orderOf({ side: 'sell', qty: d('20') }, { held: d('50') }));
    if (outcome.type !== 'rejected' && outcome.type !== 'failed')
      throw new Error(`expected a refusal, found \`${outcome.type}\``);
    expect(outcome.code).toMatch(/^\S+$/);
    expect(outcome.reason).toMatch(/^[^\n]+$/);
    expect(server.market.orders).toHaveLength(0);
    expect(server.count('submit')).toBe(1);
    await accepted(broker, orderOf({ side: 'sell', qty: d('5') }, { held: d('5') }));
  });

  it('takes an order that is rejected after it was accepted for accepted first', async () => {
    const { broker } = await open({ orders: [{ steps: BEHAVIOURS.rejectAfterAcceptance }] });
    const report = await pollOne(broker, await accepted(broker, orderOf()));
    expect(report).toMatchObject({ status: 'rejected', filledQty: 0n });
  });

  it('sends many at once without mixing them up', async () => {
    const { broker, server } = await open();
    const orders = Array.from({ length: 40 }, (_, index) => restingOrder({ qty: d(String(index + 1)) }));
    const names = await Promise.all(orders.map((order) => accepted(broker, order)));
    expect(server.count('submit')).toBe(40);
    expect(server.market.doubled()).toEqual([]);
    names.forEach(({ clientOrderId, orderId }, index) =>
      expect(server.market.the(clientOrderId)).toMatchObject({ id: orderId, qty: d(String(index + 1)) }),
    );
  });

  it('is as idempotent as it says: a second submission makes no second order, before and after the first has ended', async () => {
    const { broker, server } = await open();
    if (!broker.idempotent) return;
    const order = restingOrder();
    const { orderId } = await accepted(broker, order);
    expect(await broker.submit(order)).toMatchObject({ type: 'accepted', orderId });
    server.market.cancelled(orderId);
    expect(await broker.submit(order)).toMatchObject({ type: 'accepted', orderId });
    expect(server.market.orders).toHaveLength(1);
    expect(server.count('submit')).toBe(3);
  });

  it('says `failed` when the credentials are wrong, and finds nothing out', async () => {
    const { broker, server } = await open({ wrongSecret: 'wrong-secret-0123456789' });
    const order = orderOf();
    const outcome = await broker.submit(order);
    expect(outcome.type).toBe('failed');
    expect(JSON.stringify(outcome)).not.toContain('wrong-secret');
    expect(server.market.orders).toHaveLength(0);
    expect(await broker.find(nameOf(order))).toMatchObject({ type: 'unavailable' });
    expect(await broker.poll([nameOf(order, '38450000')])).toMatchObject({ type: 'unavailable' });
    expect(await broker.cancel(nameOf(order, '38450000'))).toMatchObject({ type: 'unavailable' });
  });

  it('finds what it has submitted', async () => {
    const { broker } = await open();
    const order = restingOrder({ symbol: 'NVDA', qty: d('3') });
    const { orderId } = await accepted(broker, order);
    for (const name of [nameOf(order), nameOf(order, orderId)])
      expect(foundReport(await broker.find(name))).toMatchObject({
        clientOrderId: order.clientOrderId,
        orderId,
        symbol: 'NVDA',
        side: 'buy',
        status: 'open',
        qty: d('3'),
        filledQty: 0n,
        averagePrice: null,
      });
  });
};
