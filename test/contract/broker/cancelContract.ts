import { FAULTS } from '../../support/brokers/faults';
import type { OpenForTest } from './brokerContract';
import { accepted, d, nameOf, orderOf, pollOne, restingOrder } from './brokerUnderTest';

/** `cancel` and `cancelAll`: the broker is asked; only a poll tells how the order ended. */
export const cancelContract = (open: OpenForTest): void => {
  it('cancels an open order, by the broker’s id and by name alone', async () => {
    const { broker, server } = await open();
    const [one, two] = [restingOrder(), restingOrder()];
    const name = await accepted(broker, one);
    await accepted(broker, two);
    expect(await broker.cancel(name)).toEqual({ type: 'requested' });
    expect(await broker.cancel(nameOf(two))).toEqual({ type: 'requested' });
    expect(server.market.openOrders()).toEqual([]);
    expect((await pollOne(broker, name)).status).toBe('cancelled');
  });

  it('says `requested` as long as the broker has not cancelled it, and the order stays open', async () => {
    const { broker, server } = await open({ cancels: 'pending' });
    const name = await accepted(broker, restingOrder());
    expect(await broker.cancel(name)).toEqual({ type: 'requested' });
    expect((await pollOne(broker, name)).status).toBe('open');
    server.market.cancelled(name.orderId);
    expect((await pollOne(broker, name)).status).toBe('cancelled');
  });

  it('says `finished` of an order that was filled, cancelled, expired or rejected', async () => {
    const { broker, server } = await open();
    const filled = await accepted(broker, orderOf());
    const [cancelled, expired, rejected] = [
      await accepted(broker, restingOrder()),
      await accepted(broker, restingOrder()),
      await accepted(broker, restingOrder()),
    ];
    server.market.cancelled(cancelled.orderId);
    server.market.expired(expired.orderId);
    server.market.rejected(rejected.orderId, 'halted');
    for (const name of [filled, cancelled, expired, rejected]) expect(await broker.cancel(name)).toEqual({ type: 'finished' });
    expect(await broker.cancel({ ...filled, orderId: '' })).toEqual({ type: 'finished' });
  });

  it('says `absent` of an order that was never sent', async () => {
    const { broker } = await open();
    expect(await broker.cancel(nameOf(restingOrder()))).toEqual({ type: 'absent' });
  });

  it('does not take an id that the broker does not know for an order that ended', async () => {
    const { broker } = await open();
    const unknown = nameOf(restingOrder(), '99999999');
    expect(['absent', 'unavailable']).toContain((await broker.cancel(unknown)).type);
    expect(['absent', 'unavailable']).toContain((await broker.find(unknown)).type);
    const polled = await broker.poll([unknown]);
    if (polled.type === 'polled') expect(polled).toMatchObject({ reports: [], absent: [unknown.clientOrderId] });
  });

  it.each(Object.entries(FAULTS).filter(([, { carriedOut }]) => carriedOut !== 'later'))(
    'does not claim to know after one %s',
    async (_, fault) => {
      const { broker, server } = await open({ timeoutMs: 250 });
      const name = await accepted(broker, restingOrder());
      server.fault({ operation: 'cancel', fault });
      const outcome = await broker.cancel(name);
      const { status } = server.market.the(name.orderId);
      // `finished` is true of an order whose first cancel went through unseen.
      expect(['requested', 'unavailable', ...(status === 'cancelled' ? ['finished'] : [])]).toContain(outcome.type);
      expect(server.count('submit')).toBe(1);
      expect(['requested', 'finished']).toContain((await broker.cancel(name)).type);
      expect(server.market.the(name.orderId).status).toBe('cancelled');
    },
  );

  it('cancels everything with one request, foreign orders too, where the broker has such a request', async () => {
    const { broker, server } = await open();
    if (broker.cancelAll === undefined) return;
    for (let count = 0; count < 3; count++) await accepted(broker, restingOrder());
    server.market.foreignOrder({ symbol: 'TSLA', side: 'sell', qty: d('2') });
    const before = server.count();
    expect(await broker.cancelAll()).toEqual({ type: 'requested' });
    expect(server.count() - before).toBe(1);
    expect(server.market.openOrders()).toEqual([]);
    expect(await broker.cancelAll()).toEqual({ type: 'requested' });
  });
};
