import type { OrderName } from '../../broker';
import { DAY_MS, NOW, orderName, orders, row, startTradier, type Asked, type TestTradier } from './testTradier';

let tradier: TestTradier;
afterEach(() => tradier.close());

/** A session of orders with the numbers from 1 on, oldest first, and how many rows Tradier shows at once. */
const session = async (
  count: number,
  most = 1_000,
  spoil: (asked: Asked) => string | undefined = () => undefined,
  now = () => NOW,
) => {
  tradier = await startTradier(
    (asked) => {
      const spoiled = spoil(asked);
      if (spoiled !== undefined) return { status: 500, body: spoiled };
      const id = /orders\/([0-9]+)$/.exec(asked.what)?.[1];
      if (id !== undefined)
        return Number(id) <= count ? `{"order":${row(Number(id))}}` : { status: 401, body: 'Unauthorized Account: VA1' };
      const first = (Number(asked.query.get('page')) - 1) * most + 1;
      const length = Math.max(0, Math.min(most, count - first + 1));
      return orders(...Array.from({ length }, (_, index) => row(first + index)));
    },
    { wallNow: now },
  );
  return tradier.broker;
};
const names = (first: number, last: number, fields: Partial<OrderName> = {}): OrderName[] =>
  Array.from({ length: last - first + 1 }, (_, index) =>
    orderName({ orderId: String(first + index), clientOrderId: `tag-${first + index}`, ...fields }),
  );
const numbers = (polled: Awaited<ReturnType<TestTradier['broker']['poll']>>) =>
  polled.type === 'polled' ? polled.reports.map(({ orderId }) => Number(orderId)) : polled;
const upTo = (first: number, last: number) => names(first, last).map(({ orderId }) => Number(orderId));

describe('looking at many orders', () => {
  it('asks for nothing when there is nothing to look at', async () => {
    const broker = await session(5);
    expect(await broker.poll([])).toEqual({ type: 'polled', reports: [], absent: [] });
    expect(tradier.asked).toHaveLength(0);
  });

  it('reads the list once for many', async () => {
    const broker = await session(20);
    expect(numbers(await broker.poll(names(1, 20)))).toEqual(upTo(1, 20));
    expect(tradier.asked.map(({ what }) => what)).toEqual(['GET /v1/accounts/VA1/orders']);
  });

  it('asks for one order alone', async () => {
    const broker = await session(20);
    expect(numbers(await broker.poll(names(3, 3)))).toEqual([3]);
    expect(tradier.asked.map(({ what }) => what)).toEqual(['GET /v1/accounts/VA1/orders/3']);
  });

  it('reads no further than it must', async () => {
    const broker = await session(2_000, 100);
    await broker.poll(names(1, 50));
    expect(tradier.asked).toHaveLength(1);
  });

  it('pages through many open orders', async () => {
    const broker = await session(2_000, 100);
    expect(numbers(await broker.poll(names(1, 2_000)))).toEqual(upTo(1, 2_000));
    expect(tradier.asked).toHaveLength(20);
  });

  it('gives the list up where orders that ended fill it, and does not try again this session', async () => {
    let now = NOW;
    const broker = await session(10_000, 100, undefined, () => now);
    const open = names(9_981, 10_000);
    expect(numbers(await broker.poll(open))).toEqual(upTo(9_981, 10_000));
    // Two tenths of the orders were spent on finding out, at most.
    expect(tradier.asked.length).toBeLessThanOrEqual(20 + 3);
    const before = tradier.asked.length;
    await broker.poll(open);
    expect(tradier.asked.length - before).toBe(20);
    expect(tradier.asked.slice(before).every(({ what }) => /orders\/[0-9]+$/.test(what))).toBe(true);
    now += DAY_MS;
    const newDay = tradier.asked.length;
    await broker.poll(open.map((order) => ({ ...order, submittedAt: now })));
    expect(tradier.asked[newDay]?.what).toBe('GET /v1/accounts/VA1/orders');
  });

  it('tries the list again when there are twice as many orders', async () => {
    const broker = await session(1_000, 100);
    await broker.poll(names(981, 1_000));
    const before = tradier.asked.length;
    expect(numbers(await broker.poll(names(1, 40)))).toEqual(upTo(1, 40));
    expect(tradier.asked.length - before).toBe(1);
  });

  it('asks for orders of earlier sessions by number: the list does not have them', async () => {
    const broker = await session(20);
    const earlier = names(1, 3, { submittedAt: NOW - DAY_MS });
    expect(numbers(await broker.poll([...earlier, ...names(4, 20)]))).toEqual(upTo(1, 20));
    expect(tradier.asked).toHaveLength(4);
  });

  it('tells which are absent, by client order id', async () => {
    const broker = await session(20);
    expect(await broker.poll([...names(1, 1), ...names(90, 91)])).toMatchObject({
      type: 'polled',
      reports: [{ orderId: '1' }],
      absent: ['tag-90', 'tag-91'],
    });
  });

  it('finds orders without a number by their tag, in the whole list', async () => {
    const broker = await session(60, 50);
    const polled = await broker.poll([...names(1, 1), ...names(60, 61).map((order) => ({ ...order, orderId: '' }))]);
    expect(polled).toMatchObject({ type: 'polled', reports: [{ orderId: '1' }, { orderId: '60' }], absent: ['tag-61'] });
    expect(tradier.asked).toHaveLength(2);
  });

  it('shows several orders under one tag as unknown, without fills', async () => {
    tradier = await startTradier(() =>
      orders(row(1), row(2, { tag: '"x"', exec_quantity: '5', avg_fill_price: '1' }), row(3, { tag: '"x"' })),
    );
    const polled = await tradier.broker.poll([...names(1, 1), orderName({ clientOrderId: 'x' })]);
    expect(polled).toMatchObject({
      reports: [{ orderId: '1' }, { clientOrderId: 'x', orderId: '', status: 'unknown', filledQty: 0n, averagePrice: null }],
    });
  });

  it('asks for each order where the list cannot be had', async () => {
    const broker = await session(20, 1_000, ({ what }) => (what.endsWith('/orders') ? 'out of order' : undefined));
    expect(numbers(await broker.poll(names(1, 5)))).toEqual(upTo(1, 5));
  });

  it('leaves out what cannot be looked up, today and of earlier sessions, and tells the rest', async () => {
    const broker = await session(20, 1_000, ({ what }) =>
      /orders\/[26]$/.test(what) || what.endsWith('/orders') ? 'no' : undefined,
    );
    const earlier = names(1, 3, { submittedAt: NOW - DAY_MS });
    for (let times = 0; times < 3; times++) {
      const polled = await broker.poll([...earlier, ...names(4, 8)]);
      expect(polled).toMatchObject({ type: 'polled', absent: [] });
      expect(numbers(polled)).toEqual([1, 3, 4, 5, 7, 8]);
    }
  });

  it('leaves out an order that cannot be read in the list either', async () => {
    const unreadable = row(2).replace(/"symbol":"[A-Z]+",/, '');
    tradier = await startTradier(({ what }) =>
      what.endsWith('/orders') ? orders(row(1), unreadable, row(3)) : `{"order":${unreadable}}`,
    );
    const polled = await tradier.broker.poll(names(1, 3));
    expect(numbers(polled)).toEqual([1, 3]);
    expect(polled).toMatchObject({ absent: [] });
  });

  it('asks last for those that failed, so that many of them do not keep the others waiting', async () => {
    let broken = /orders\/[1-7]$/;
    const broker = await session(9, 1_000, ({ what }) => (broken.test(what) ? 'no' : undefined));
    const earlier = names(1, 9, { submittedAt: NOW - DAY_MS });
    expect(await broker.poll(earlier)).toMatchObject({ type: 'unavailable' });
    expect(await broker.poll(earlier)).toMatchObject({ type: 'unavailable' });
    expect(numbers(await broker.poll(earlier))).toEqual([8, 9]);
    expect(numbers(await broker.poll(earlier))).toEqual([8, 9]);
    broken = /orders\/[1-3]$/;
    for (let times = 0; times < 2; times++) await broker.poll(earlier);
    expect(numbers(await broker.poll(earlier))).toEqual(upTo(4, 9));
  });

  it('is unavailable when that fails too, without asking for all of them', async () => {
    const broker = await session(20, 1_000, () => 'out of order');
    expect(await broker.poll(names(1, 20))).toMatchObject({ type: 'unavailable', code: 'HTTP_500' });
    // The list and three orders, each with two repetitions.
    expect(tradier.asked).toHaveLength(12);
  });
});
