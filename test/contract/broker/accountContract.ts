import type { Broker, OrderReport } from '../../../src/gateway/broker';
import { FAULTS } from '../../support/brokers/faults';
import type { OpenForTest } from './brokerContract';
import { accepted, d, orderOf, restingOrder } from './brokerUnderTest';

/** `openOrders`, `positions` and `account`: the whole account, whoever traded in it. */
export const accountContract = (open: OpenForTest): void => {
  const openOrdersOf = async (broker: Broker): Promise<readonly OrderReport[]> => {
    const answer = await broker.openOrders();
    if (answer.type !== 'orders') throw new Error(`expected \`orders\`, found \`${answer.type}\`: ${answer.reason}`);
    return answer.reports;
  };

  it('shows no open orders, one, and several', async () => {
    const { broker } = await open();
    expect(await openOrdersOf(broker)).toEqual([]);
    const one = await accepted(broker, restingOrder());
    expect((await openOrdersOf(broker)).map(({ orderId }) => orderId)).toEqual([one.orderId]);
    const two = await accepted(broker, restingOrder());
    expect((await openOrdersOf(broker)).map(({ orderId }) => orderId).sort()).toEqual([one.orderId, two.orderId].sort());
  });

  it('shows orders that are not ours, with or without a name, and none that ended', async () => {
    const { broker, server } = await open();
    const ours = await accepted(broker, restingOrder());
    await accepted(broker, orderOf());
    const named = server.market.foreignOrder({ clientOrderId: 'by-hand-1', symbol: 'TSLA', side: 'sell', qty: d('2') });
    const bare = server.market.foreignOrder({ symbol: 'TSLA', side: 'buy', qty: d('9') });
    server.market.fill(bare.id, d('4'), d('210'));
    const reports = new Map((await openOrdersOf(broker)).map((report) => [report.orderId, report]));
    expect([...reports.keys()].sort()).toEqual([ours.orderId, named.id, bare.id].sort());
    expect(reports.get(named.id)).toMatchObject({ clientOrderId: 'by-hand-1', symbol: 'TSLA', side: 'sell', qty: d('2') });
    expect(reports.get(bare.id)).toMatchObject({ clientOrderId: '', filledQty: d('4'), qty: d('9'), status: 'open' });
  });

  it.each([
    ['as they are', undefined],
    ['twice', FAULTS.doubled],
    ['again on the next page', FAULTS.overlapping],
  ])('reads 1,100 open orders, each once, when rows are shown %s', async (_, fault) => {
    const { broker, server } = await open();
    for (let count = 0; count < 1_100; count++) server.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: d('1') });
    if (fault !== undefined) server.fault({ method: 'GET', times: Infinity, fault });
    const ids = (await openOrdersOf(broker)).map(({ orderId }) => orderId);
    expect(new Set(ids).size).toBe(1_100);
    expect(ids).toHaveLength(1_100);
  });

  it('says `unavailable` when one of the pages cannot be read', async () => {
    const { broker, server } = await open();
    for (let count = 0; count < 1_100; count++) server.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: d('1') });
    server.fault({ operation: 'orders', after: 1, times: Infinity, fault: FAULTS.madeThenTruncated });
    expect((await broker.openOrders()).type).toBe('unavailable');
  });

  it('shows an open order with a word that it does not know as `unknown`, not at all as ended', async () => {
    const { broker, server } = await open();
    const { orderId } = await accepted(broker, restingOrder());
    server.market.the(orderId).statusWord = 'quarantined';
    expect(await openOrdersOf(broker)).toMatchObject([{ orderId, status: 'unknown', statusText: 'quarantined' }]);
  });

  it('shows positions with their sign, none, one, and several', async () => {
    const { broker, server } = await open();
    const quantities = async () => {
      const answer = await broker.positions();
      if (answer.type !== 'positions') throw new Error(answer.reason);
      return Object.fromEntries(answer.quantities);
    };
    expect(await quantities()).toEqual({});
    server.market.positions.set('AAPL', d('12'));
    expect(await quantities()).toEqual({ AAPL: d('12') });
    server.market.positions.set('TSLA', d('-7'));
    server.market.positions.set('BRK.B', d('0.25'));
    expect(await quantities()).toEqual({ AAPL: d('12'), TSLA: d('-7'), 'BRK.B': d('0.25') });
  });

  it('is known by its number, asked for once at most, wherever the broker is reached', async () => {
    const [one, two] = [await open(), await open()];
    const identity = await one.broker.identify();
    expect(identity).toEqual({ type: 'identified', venue: one.broker.venue });
    expect(await two.broker.identify()).toEqual(identity);
    const asked = one.server.count();
    expect(asked).toBeLessThanOrEqual(1);
    expect(await one.broker.identify()).toEqual(identity);
    expect(one.server.count()).toBe(asked);
    expect(one.broker.venue).toMatch(new RegExp(`^${one.broker.name}:`));
    expect(one.broker.venue).not.toContain('127.0.0.1');
  });

  it('shows equity and cash to the last digit', async () => {
    const { broker } = await open({ cash: d('90071992547409.93'), positions: { AAPL: d('-10') }, prices: { AAPL: d('199.95') } });
    expect(await broker.account()).toEqual({ type: 'account', equity: d('90071992545410.43'), cash: d('90071992547409.93') });
  });
};
