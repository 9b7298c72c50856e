import { FAULTS } from '../../support/brokers/faults';
import type { OpenForTest } from './brokerContract';
import { accepted, d, type Differences, nameOf, restingOrder, shown } from './brokerUnderTest';

/** Rate limits, what must never be said, and `close`. */
export const limitContract = (open: OpenForTest, { secrets }: Differences): void => {
  it('sends nothing after a 429 before its Retry-After, and what got it was surely not taken', async () => {
    const { broker, server, clock } = await open();
    const order = restingOrder();
    server.fault({
      operation: 'submit',
      fault: { ...FAULTS.notMadeThen429, answer: { type: 'status', status: 429, retryAfter: '7' } },
    });
    const outcome = await broker.submit(order);
    const limitedAt = clock.wallNow();
    expect(broker.idempotent ? ['deferred'] : ['rejected', 'failed', 'unknown']).toContain(outcome.type);
    if (outcome.type === 'deferred') expect(outcome.afterMs).toBeGreaterThanOrEqual(6_900);
    expect(broker.capacity()).toBe(0);
    expect((await broker.submit(restingOrder())).type).toBe('deferred');
    expect(server.count()).toBe(1);
    expect(await broker.find(nameOf(order))).toEqual({ type: 'absent' });
    expect((server.requests.at(-1)?.at ?? 0) - limitedAt).toBeGreaterThanOrEqual(6_900);
    expect(broker.capacity()).toBeGreaterThan(0);
    expect((await broker.submit(order)).type).toBe('accepted');
    expect(server.market.doubled()).toEqual([]);
  });

  it('repeats a look-up that got 429, after its Retry-After', async () => {
    const { broker, server, clock } = await open();
    const name = await accepted(broker, restingOrder());
    const begunAt = clock.wallNow();
    server.fault({
      method: 'GET',
      fault: { ...FAULTS.notMadeThen429, answer: { type: 'status', status: 429, retryAfter: '3' } },
    });
    const found = await broker.find(name);
    if (found.type === 'found') expect(clock.wallNow() - begunAt).toBeGreaterThanOrEqual(2_900);
    else expect(found.type).toBe('unavailable');
  });

  it('stops at the limit that the broker’s headers tell', async () => {
    const { broker, server } = await open({ rateLimit: { limit: 10, windowMs: 60_000 } });
    let submitted = 0;
    while (broker.capacity() > 0 && submitted < 50) {
      await broker.submit(restingOrder());
      submitted += 1;
    }
    expect(submitted).toBeLessThanOrEqual(10);
    expect(submitted).toBeGreaterThan(0);
    const before = server.count();
    expect((await broker.submit(restingOrder())).type).toBe('deferred');
    expect(server.count()).toBe(before);
    expect(server.market.orders).toHaveLength(submitted);
  });

  it('does not run into the limit with many orders at once, when others use the account too', async () => {
    const { broker, server } = await open({ rateLimit: { limit: 10, windowMs: 60_000 } });
    await accepted(broker, restingOrder());
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => broker.submit(restingOrder())));
    expect(server.count()).toBeLessThanOrEqual(10);
    for (const { type } of outcomes) expect(['accepted', 'deferred']).toContain(type);
  });

  it('keeps some of the limit back for cancels and look-ups', async () => {
    const { broker, server, clock } = await open({ requestsPerMinute: 100 });
    const begunAt = clock.wallNow();
    const first = await accepted(broker, restingOrder());
    while (broker.capacity() > 0 && server.count() < 200) await broker.submit(restingOrder());
    expect(server.count('submit')).toBeLessThan(100);
    expect(await broker.cancel(first)).toEqual({ type: 'requested' });
    expect(clock.wallNow() - begunAt).toBeLessThan(1_000);
  });

  it('never says a secret, whatever the broker echoes', async () => {
    const { broker, server } = await open();
    const name = await accepted(broker, restingOrder());
    const echo = secrets.join(' and ');
    const bodies = [
      echo,
      JSON.stringify({ code: 40010001, message: `bad request with ${echo}` }),
      JSON.stringify({ errors: { error: [`refused ${echo}`, echo] } }),
      JSON.stringify({ fault: { faultstring: echo, detail: { errorcode: echo } } }),
    ];
    for (const status of [200, 400, 401, 403, 404, 422, 500])
      for (const body of bodies) {
        server.clearFaults();
        server.fault({ times: Infinity, fault: { carriedOut: 'never', answer: { type: 'status', status, body } } });
        const outcomes = [
          await broker.submit(restingOrder()),
          await broker.find(name),
          await broker.poll([name]),
          await broker.cancel(name),
          await broker.openOrders(),
          await broker.positions(),
          await broker.account(),
          await broker.identify(),
        ];
        for (const secret of secrets) expect(shown(outcomes)).not.toContain(secret);
        expect(outcomes[0]?.type).not.toBe('accepted');
      }
  }, 30_000);

  it('ends its connections when it is closed, and answers with values after it', async () => {
    const { broker, server } = await open();
    const name = await accepted(broker, restingOrder());
    await Promise.all(Array.from({ length: 5 }, () => broker.find(name)));
    expect(server.connections()).toBeGreaterThan(0);
    await broker.close();
    for (let wait = 0; wait < 100 && server.connections() > 0; wait++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(server.connections()).toBe(0);
    const before = server.count();
    expect((await broker.submit(restingOrder())).type).not.toBe('accepted');
    expect((await broker.find(name)).type).toBe('unavailable');
    expect(broker.capacity()).toBe(0);
    expect(server.count()).toBe(before);
  });

  it('gives up a request that hangs when it is closed', async () => {
    const { broker, server } = await open({ timeoutMs: 10_000 });
    const order = restingOrder({ qty: d('3') });
    server.fault({ operation: 'submit', fault: FAULTS.madeThenHang });
    const submission = broker.submit(order);
    while (server.count('submit') === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await broker.close();
    expect((await submission).type).toBe('unknown');
  });
};
