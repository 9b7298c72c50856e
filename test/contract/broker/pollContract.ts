import type { Broker, OrderName, OrderReport } from '../../../src/gateway/broker';
import { FAULTS } from '../../support/brokers/faults';
import { BEHAVIOURS, fillWhen } from '../../support/brokers/orderScript';
import type { OpenForTest } from './brokerContract';
import { accepted, d, type Differences, nameOf, orderOf, polledReports, pollOne, restingOrder } from './brokerUnderTest';

/** `poll`: what became of orders, however the market and the broker's lists behave, at a cost that does not grow with the orders that ended. */
export const pollContract = (open: OpenForTest, { tellsFills }: Differences): void => {
  const oneResting = async () => {
    const { broker, server } = await open();
    const order = restingOrder({ qty: d('10') });
    return { broker, server, market: server.market, order, name: await accepted(broker, order) };
  };
  const fillsOf = ({ fills }: OrderReport) => fills.map(({ qty, price, cumQty }) => [qty, price, cumQty]);

  it('sees partial fills one after the other', async () => {
    const { broker, market, name } = await oneResting();
    expect(await pollOne(broker, name)).toMatchObject({ status: 'open', filledQty: 0n, averagePrice: null, fills: [] });
    market.fill(name.orderId, d('4'), d('100'));
    const first = await pollOne(broker, name);
    expect(first).toMatchObject({ status: 'open', filledQty: d('4'), averagePrice: d('100') });
    market.fill(name.orderId, d('1'), d('102.5'));
    market.fill(name.orderId, d('5'), d('101'));
    const last = await pollOne(broker, name);
    expect(last).toMatchObject({ status: 'filled', filledQty: d('10'), averagePrice: d('100.75') });
    expect(fillsOf(first)).toEqual(tellsFills ? [[d('4'), d('100'), d('4')]] : []);
    expect(fillsOf(last)).toEqual(
      tellsFills
        ? [
            [d('4'), d('100'), d('4')],
            [d('1'), d('102.5'), d('5')],
            [d('5'), d('101'), d('10')],
          ]
        : [],
    );
  });

  it('tells a cancelled order with what it had filled', async () => {
    const { broker, market, name } = await oneResting();
    market.fill(name.orderId, d('3'), d('1.5'));
    market.cancelled(name.orderId);
    expect(await pollOne(broker, name)).toMatchObject({ status: 'cancelled', filledQty: d('3'), averagePrice: d('1.5') });
  });

  it('sees a fill that lands after the cancel was confirmed', async () => {
    const { broker, market, name } = await oneResting();
    market.cancelled(name.orderId);
    expect(await pollOne(broker, name)).toMatchObject({ status: 'cancelled', filledQty: 0n });
    market.fill(name.orderId, d('4'), d('1.25'));
    const report = await pollOne(broker, name);
    expect(report).toMatchObject({ status: 'cancelled', filledQty: d('4'), averagePrice: d('1.25') });
    expect(fillsOf(report)).toEqual(tellsFills ? [[d('4'), d('1.25'), d('4')]] : []);
  });

  it('sees the same in a scripted late fill', async () => {
    const { broker } = await open({ orders: [{ steps: BEHAVIOURS.fillAfterCancel }] });
    const name = await accepted(broker, restingOrder({ qty: d('10') }));
    expect(await broker.cancel(name)).toEqual({ type: 'requested' });
    let last: OrderReport | undefined;
    for (let look = 0; look < 3; look++) last = await pollOne(broker, name);
    expect(last).toMatchObject({ status: 'filled', filledQty: d('10') });
  });

  it('tells an expired order, and a rejected one with its reason', async () => {
    const { broker, server } = await open({
      orders: [
        { nth: 1, steps: BEHAVIOURS.expire },
        { nth: 2, steps: BEHAVIOURS.rejectAfterAcceptance },
      ],
    });
    const [expired, rejected] = [await accepted(broker, orderOf()), await accepted(broker, orderOf())];
    expect(await pollOne(broker, expired)).toMatchObject({ status: 'expired', filledQty: 0n });
    const report = await pollOne(broker, rejected);
    expect(report.status).toBe('rejected');
    // Alpaca does not say why.
    if (report.reason !== null) expect(report.reason).toContain('rejected by the exchange');
    expect(server.market.openOrders()).toEqual([]);
  });

  it('takes a word that it does not know for `unknown`, and keeps what it read', async () => {
    const { broker, market, name } = await oneResting();
    market.fill(name.orderId, d('2'), d('1.5'));
    market.the(name.orderId).statusWord = 'quarantined';
    const report = await pollOne(broker, name);
    expect(report).toMatchObject({ status: 'unknown', statusText: 'quarantined', filledQty: d('2') });
    market.the(name.orderId).statusWord = null;
    expect((await pollOne(broker, name)).status).toBe('open');
  });

  it('waits for the price of a fill that shows before it', async () => {
    const { broker } = await open({ orders: [{ steps: BEHAVIOURS.fillBeforeItsPriceShows }] });
    const name = await accepted(broker, orderOf({ qty: d('10') }));
    const first = await pollOne(broker, name);
    expect(first.averagePrice).toBeNull();
    let last = first;
    for (let look = 0; look < 2; look++) last = await pollOne(broker, name);
    expect(last).toMatchObject({ status: 'filled', filledQty: d('10'), averagePrice: d('100') });
  });

  it('tells an average price that was restated', async () => {
    const { broker, market, name } = await oneResting();
    market.fill(name.orderId, d('10'), d('1.5'));
    await pollOne(broker, name);
    market.the(name.orderId).averagePrice = d('1.49');
    expect((await pollOne(broker, name)).averagePrice).toBe(d('1.49'));
  });

  it('tells executions that are listed late, and older than ones that are known', async () => {
    const { broker, server } = await open();
    const [late, other] = [
      await accepted(broker, restingOrder({ qty: d('10') })),
      await accepted(broker, restingOrder({ qty: d('10') })),
    ];
    server.market.the(late.orderId).hidden = 'fills';
    server.market.fill(late.orderId, d('10'), d('1.5'));
    server.market.fill(other.orderId, d('10'), d('1.5'));
    expect(polledReports(await broker.poll([late, other])).map(({ filledQty }) => filledQty)).toEqual([d('10'), d('10')]);
    server.market.the(late.orderId).hidden = null;
    const report = await pollOne(broker, late);
    expect(fillsOf(report)).toEqual(tellsFills ? [[d('10'), d('1.5'), d('10')]] : []);
  });

  it('tells absent orders from those it shows', async () => {
    const { broker, name } = await oneResting();
    const [one, two] = [nameOf(restingOrder()), nameOf(restingOrder())];
    const polled = await broker.poll([one, name, two]);
    if (polled.type !== 'polled') throw new Error(polled.type);
    expect(polled.reports.map(({ clientOrderId }) => clientOrderId)).toEqual([name.clientOrderId]);
    expect([...polled.absent].sort()).toEqual([one.clientOrderId, two.clientOrderId].sort());
  });

  it('shows an order of an earlier trading day', async () => {
    const { broker, market, name } = await oneResting();
    market.newSession();
    market.fill(name.orderId, d('10'), d('1.5'));
    expect(await pollOne(broker, name)).toMatchObject({ status: 'filled', filledQty: d('10') });
  });

  it('reads several pages of orders and of fills', async () => {
    const { broker, server } = await open();
    const names = await submitted(broker, 620);
    for (const { orderId } of names.slice(0, 310)) server.market.fill(orderId, d('10'), d('1.5'));
    const before = server.count();
    const reports = polledReports(await broker.poll(names));
    expect(reports).toHaveLength(620);
    expect(new Set(reports.map(({ orderId }) => orderId)).size).toBe(620);
    expect(reports.filter(({ status }) => status === 'filled')).toHaveLength(310);
    expect(reports.filter(({ status }) => status === 'open')).toHaveLength(310);
    expect(server.count() - before).toBeLessThan(330);
    const filled = polledReports(await broker.poll(names.slice(0, 310)));
    for (const { fills } of filled) expect(fills.map(({ qty }) => qty)).toEqual(tellsFills ? [d('10')] : []);
  }, 30_000);

  it('calls nothing absent when one of its requests fails, whichever', async () => {
    const { broker, server } = await open();
    const names = await submitted(broker, 520);
    for (const { orderId } of names.slice(0, 5)) server.market.fill(orderId, d('10'), d('1.5'));
    const costOf = async (): Promise<number> => {
      const before = server.count();
      await broker.poll(names);
      return server.count() - before;
    };
    for (let after = 0; after < Math.min(12, await costOf()); after++) {
      for (const fault of [FAULTS.madeThenTruncated, FAULTS.notMadeThen500]) {
        server.fault({ method: 'GET', after, times: 3, fault });
        const polled = await broker.poll(names);
        if (polled.type === 'polled') {
          expect(polled.absent).toEqual([]);
          // What could not be looked up may be left out, and comes with the next poll.
          for (const { orderId, status, filledQty } of polled.reports)
            expect([orderId, status, filledQty]).toEqual([
              orderId,
              server.market.the(orderId).status,
              server.market.the(orderId).filledQty,
            ]);
        }
        server.clearFaults();
      }
    }
    expect(polledReports(await broker.poll(names))).toHaveLength(520);
  }, 30_000);

  it('costs no more when there are many orders that ended', async () => {
    const { broker, server } = await open();
    const costOf = async (names: readonly OrderName[]): Promise<number> => {
      const before = server.count();
      expect(polledReports(await broker.poll(names))).toHaveLength(names.length);
      return server.count() - before;
    };
    const names = await submitted(broker, 4);
    await costOf(names);
    const few = await costOf(names);
    for (let count = 0; count < 3_000; count++)
      server.market.cancelled(server.market.foreignOrder({ symbol: 'AAPL', side: 'buy', qty: d('1') }).id);
    await costOf(names);
    expect(await costOf(names)).toBeLessThanOrEqual(few + 1);
  }, 30_000);

  it.each([
    ['twice', FAULTS.doubled],
    ['again on the next page', FAULTS.overlapping],
  ])(
    'counts a fill once that is shown %s',
    async (_, fault) => {
      const { broker, server } = await open();
      const names = await submitted(broker, 130);
      for (const { orderId } of names) server.market.fill(orderId, d('6'), d('1.5'));
      server.fault({ method: 'GET', times: Infinity, fault });
      for (let look = 0; look < 2; look++) {
        const reports = polledReports(await broker.poll(names));
        expect(reports).toHaveLength(130);
        for (const report of reports) {
          expect(report.filledQty).toBe(d('6'));
          expect(fillsOf(report)).toEqual(tellsFills ? [[d('6'), d('1.5'), d('6')]] : []);
        }
      }
    },
    30_000,
  );

  it('follows scripted partial fills to the end', async () => {
    const { broker } = await open({
      orders: [{ steps: [fillWhen('made', '1', '99'), fillWhen('shown', '4', '100'), fillWhen('shown', undefined, '101')] }],
    });
    const name = await accepted(broker, orderOf({ qty: d('10') }));
    const seen: bigint[] = [];
    for (let look = 0; look < 4 && seen.at(-1) !== d('10'); look++) seen.push((await pollOne(broker, name)).filledQty);
    expect(seen.at(-1)).toBe(d('10'));
    expect([...seen].sort((a, b) => (a < b ? -1 : 1))).toEqual(seen);
  });

  const submitted = async (broker: Broker, count: number): Promise<OrderName[]> => {
    const names: OrderName[] = [];
    for (let at = 0; at < count; at += 20)
      names.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(20, count - at) }, () => accepted(broker, restingOrder({ qty: d('10') }))),
        )),
      );
    return names;
  };
};
