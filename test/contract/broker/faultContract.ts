import type { SubmitOutcome } from '../../../src/gateway/broker';
import { FAULTS, type Fault } from '../../support/brokers/faults';
import type { OpenForTest } from './brokerContract';
import { foundReport, nameOf, orderOf, restingOrder, shown } from './brokerUnderTest';

/** Long enough for a slow machine, short enough to wait for. */
const HANG_MS = 250;
const named = (prefix: string): readonly (readonly [string, Fault])[] =>
  Object.entries(FAULTS).filter(([name]) => name.startsWith(prefix));

/** `submit` when something breaks: one request at most, no word about what is not known, and a look-up that tells the truth. */
export const faultContract = (open: OpenForTest): void => {
  describe.each(named('made').filter(([, { carriedOut }]) => carriedOut === 'now'))('%s', (_, fault) => {
    it('is accepted or unknown, and then found', async () => {
      const { broker, server } = await open({ timeoutMs: HANG_MS, faults: [{ operation: 'submit', fault }] });
      const order = restingOrder();
      const outcome = await broker.submit(order);
      const made = server.market.the(order.clientOrderId);
      expect(['accepted', 'unknown']).toContain(outcome.type);
      if (outcome.type === 'accepted') expect(outcome.orderId).toBe(made.id);
      else expectTrouble(outcome);
      expect(server.count('submit')).toBe(1);
      expect(foundReport(await broker.find(nameOf(order)))).toMatchObject({ orderId: made.id, status: 'open' });
      expect(server.market.orders).toHaveLength(1);
    });
  });

  describe.each(named('notMade').filter(([name]) => name !== 'notMadeThen429'))('%s', (_, fault) => {
    it('is unknown, and then absent', async () => {
      const { broker, server } = await open({ timeoutMs: HANG_MS, faults: [{ operation: 'submit', fault }] });
      const order = restingOrder();
      const outcome = await broker.submit(order);
      expectOutcome(outcome, ['unknown']);
      expectTrouble(outcome);
      expect(server.count('submit')).toBe(1);
      expect(await broker.find(nameOf(order))).toEqual({ type: 'absent' });
      expect(server.market.orders).toHaveLength(0);
    });
  });

  describe.each(named('madeLater'))('%s', (_, fault) => {
    it('is unknown, then absent, then found; a second submission of an idempotent broker stays without effect', async () => {
      const { broker, server } = await open({ timeoutMs: HANG_MS, faults: [{ operation: 'submit', fault }] });
      const order = restingOrder();
      expectOutcome(await broker.submit(order), ['unknown']);
      expect(server.count('submit')).toBe(1);
      expect(await broker.find(nameOf(order))).toEqual({ type: 'absent' });
      if (broker.idempotent) expectOutcome(await broker.submit(order), ['accepted']);
      server.letThrough();
      expect(foundReport(await broker.find(nameOf(order)))).toMatchObject({ clientOrderId: order.clientOrderId, status: 'open' });
      expect(server.market.orders).toHaveLength(1);
    });
  });

  it.each([301, 302, 307, 408, 520, 524, 599])(
    'does not know what became of an order that was answered with %i',
    async (status) => {
      const { broker, server } = await open({
        faults: [{ operation: 'submit', fault: { carriedOut: 'now', answer: { type: 'status', status } } }],
      });
      const order = restingOrder();
      expectOutcome(await broker.submit(order), ['unknown', 'accepted']);
      expect(server.count('submit')).toBe(1);
      expect((await broker.find(nameOf(order))).type).toBe('found');
    },
  );

  it('takes a slow answer as it comes', async () => {
    const { broker } = await open({ faults: [{ operation: 'submit', fault: FAULTS.slow }] });
    expectOutcome(await broker.submit(orderOf()), ['accepted']);
  });

  it('sends nothing twice over a connection that the broker closes while many orders are under way', async () => {
    const { broker, server } = await open({
      faults: [
        { operation: 'submit', after: 3, times: 4, fault: FAULTS.madeThenReset },
        { operation: 'submit', after: 2, times: 4, fault: FAULTS.notMadeThenReset },
      ],
    });
    const orders = Array.from({ length: 24 }, () => restingOrder());
    const outcomes = await Promise.all(orders.map((order) => broker.submit(order)));
    expect(server.count('submit')).toBeLessThanOrEqual(24);
    expect(server.market.doubled()).toEqual([]);
    for (const [index, order] of orders.entries()) {
      const made = server.market.withClientOrderId(order.clientOrderId).length;
      const outcome = outcomes[index];
      expect(['accepted', 'unknown', ...(made === 0 ? ['deferred'] : [])]).toContain(outcome?.type);
      if (outcome?.type === 'accepted') expect(made).toBe(1);
      expect((await broker.find(nameOf(order))).type).toBe(made === 1 ? 'found' : 'absent');
    }
  });

  it('does not say that an order may be there when no connection was made, and never that it was taken', async () => {
    const { broker, server } = await open();
    await server.down();
    const order = restingOrder();
    expectOutcome(await broker.submit(order), ['deferred', 'unknown']);
    expect(await broker.find(nameOf(order))).toMatchObject({ type: 'unavailable' });
    await server.up();
    expect(await broker.find(nameOf(order))).toEqual({ type: 'absent' });
    expectOutcome(await broker.submit(restingOrder()), ['accepted']);
  });

  it('never repeats an order over a connection that went stale', async () => {
    const { broker, server } = await open();
    expectOutcome(await broker.submit(restingOrder()), ['accepted']);
    await server.down();
    await server.up();
    const order = restingOrder();
    const outcome = await broker.submit(order);
    expect(server.market.withClientOrderId(order.clientOrderId).length).toBe(outcome.type === 'accepted' ? 1 : 0);
    expect(server.count('submit')).toBeLessThanOrEqual(2);
  });

  describe.each(Object.entries(LASTING))('a broker that answers everything with %s', (_, fault) => {
    it('gives values, and never claims to know', async () => {
      const { broker, server } = await open({ timeoutMs: HANG_MS });
      const order = restingOrder();
      const outcome = await broker.submit(order);
      if (outcome.type !== 'accepted') throw new Error(shown(outcome));
      const name = nameOf(order, outcome.orderId);
      server.fault({ times: Infinity, fault });
      expect((await broker.find(name)).type).toBe('unavailable');
      expect((await broker.find(nameOf(order))).type).toBe('unavailable');
      expect((await broker.poll([name])).type).toBe('unavailable');
      expect((await broker.openOrders()).type).toBe('unavailable');
      expect((await broker.positions()).type).toBe('unavailable');
      expect((await broker.account()).type).toBe('unavailable');
      expect(['requested', 'unavailable']).toContain((await broker.cancel(name)).type);
      if (broker.cancelAll !== undefined) expect(['requested', 'unavailable']).toContain((await broker.cancelAll()).type);
      expect((await broker.submit(restingOrder())).type).toBe('unknown');
      server.clearFaults();
      expect((await broker.find(name)).type).toBe('found');
    }, 20_000);
  });
};

/** Some carry the request out, and none of them tells. */
const LASTING: Readonly<Record<string, Fault>> = {
  silence: FAULTS.notMadeThenHang,
  resets: FAULTS.notMadeThenReset,
  'answers that stop half way': { carriedOut: 'now', answer: { type: 'stall' } },
  'half answers': { carriedOut: 'never', answer: { type: 'cutOff' } },
  garbage: { carriedOut: 'now', answer: { type: 'garbage' } },
  'truncated JSON': { carriedOut: 'now', answer: { type: 'truncated' } },
  'JSON of another shape': { carriedOut: 'now', answer: { type: 'wrongShape' } },
  'empty bodies': { carriedOut: 'now', answer: { type: 'empty' } },
  'HTML and 200': { carriedOut: 'now', answer: { type: 'html', status: 200 } },
  'HTML and 502': FAULTS.notMadeThenHtml502,
  '500': FAULTS.notMadeThen500,
  '503': FAULTS.notMadeThen503,
};

const expectOutcome = (outcome: SubmitOutcome, types: readonly SubmitOutcome['type'][]): void => {
  if (!types.includes(outcome.type)) throw new Error(`expected ${types.join(' or ')}, found ${shown(outcome)}`);
};

const expectTrouble = (outcome: SubmitOutcome): void => {
  if (!('code' in outcome)) throw new Error(`expected a code, found ${shown(outcome)}`);
  expect(outcome.code).toMatch(/^\S+$/);
  expect(outcome.reason).toMatch(/^[^\n]+$/);
};
