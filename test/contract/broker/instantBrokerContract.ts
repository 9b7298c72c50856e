import type { Broker } from '../../../src/gateway/broker';
import { d, nameOf, orderOf } from './brokerUnderTest';

/** What holds for a broker that answers from memory: everything is over when `submit` answers, and the same order always gets the same answer. */
export const instantBrokerContract = (name: string, broker: Broker): void => {
  describe(`broker contract: ${name}`, () => {
    it('is instant and idempotent', () => expect(broker).toMatchObject({ instant: true, idempotent: true }));

    it('is known without being asked', async () =>
      expect(await broker.identify()).toEqual({ type: 'identified', venue: broker.venue }));

    it('fills whole and at once, with a report that says so', async () => {
      const order = orderOf({ qty: d('7') });
      expect(await broker.submit(order)).toMatchObject({
        type: 'accepted',
        report: {
          clientOrderId: order.clientOrderId,
          symbol: 'AAPL',
          side: 'buy',
          status: 'filled',
          qty: d('7'),
          filledQty: d('7'),
          averagePrice: d('100'),
          fills: [{ qty: d('7'), price: d('100'), cumQty: d('7') }],
        },
      });
    });

    it('answers the same order with the same words', async () => {
      for (const order of [orderOf(), orderOf({ order_type: 'limit', limit_price: d('1.5') })])
        expect(await broker.submit(order)).toEqual(await broker.submit(order));
    });

    it('rejects with a code and a reason', async () => {
      const outcome = await broker.submit(orderOf({ order_type: 'limit', limit_price: d('1.5') }));
      if (outcome.type !== 'rejected') throw new Error(outcome.type);
      expect(outcome.code).toMatch(/^\S+$/);
      expect(outcome.reason).toMatch(/^[^\n]+$/);
    });

    it('has nothing open, and nothing to look up', async () => {
      const order = orderOf();
      await broker.submit(order);
      expect(await broker.openOrders()).toEqual({ type: 'orders', reports: [] });
      expect(['absent', 'found']).toContain((await broker.find(nameOf(order))).type);
      expect(await broker.find(nameOf(orderOf()))).toEqual({ type: 'absent' });
      expect(['absent', 'finished']).toContain((await broker.cancel(nameOf(order))).type);
      expect((await broker.poll([nameOf(order)])).type).toBe('polled');
      expect(broker.capacity()).toBeGreaterThan(0);
      await expect(broker.close()).resolves.toBeUndefined();
    });
  });
};
