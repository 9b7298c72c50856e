import { openAlpaca } from '../../../src/gateway/brokers/alpaca/alpaca';
import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, startAlpaca } from '../../support/brokers/alpacaServer';
import { brokerContract } from './brokerContract';
import { accepted, d, nameOf, openedForEachTest, type OpenBroker, orderOf, restingOrder } from './brokerUnderTest';

const openOne: OpenBroker = async ({ timeoutMs = 2_000, wrongSecret, requestsPerMinute = 100_000, ...script }, clock) => {
  const server = await startAlpaca(script);
  const broker = openAlpaca({
    ...clock,
    keyId: ALPACA_KEY_ID,
    secretKey: wrongSecret ?? ALPACA_SECRET_KEY,
    baseUrl: server.baseUrl,
    requestsPerMinute,
    timeoutMs,
  });
  return { broker, server };
};

brokerContract('alpaca', { wholeSharesOnly: false, tellsFills: true, secrets: [ALPACA_KEY_ID, ALPACA_SECRET_KEY] }, openOne);

describe('alpaca alone', () => {
  const open = openedForEachTest(openOne);
  const answer = (status: number, code: number, message: string) =>
    ({
      operation: 'submit',
      fault: { carriedOut: 'never', answer: { type: 'status', status, body: JSON.stringify({ code, message }) } },
    }) as const;

  it('does not take every 422 with code 40010001 for a duplicate', async () => {
    const { broker } = await open({ faults: [answer(422, 40010001, 'us_equity orders not allowed for account')] });
    expect(['rejected', 'failed']).toContain((await broker.submit(orderOf())).type);
  });

  it('says `failed`, and adopts nothing, when another order of the account has the name', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    const name = await accepted(broker, order);
    for (const other of [
      restingOrder({ qty: d('3') }),
      restingOrder({ side: 'sell' }),
      restingOrder({ symbol: 'MSFT' }),
      orderOf(),
      { ...restingOrder(), submittedAt: Date.now() + 6 * 60_000 },
    ])
      expect(await broker.submit({ ...other, clientOrderId: name.clientOrderId })).toMatchObject({
        type: 'failed',
        code: 'DUPLICATE_NAME',
      });
    expect(await broker.submit(order)).toMatchObject({ type: 'accepted', orderId: name.orderId });
    expect(server.market.orders).toHaveLength(1);
  });

  it('tells accounts apart that are reached at one place', async () => {
    const servers = [await startAlpaca(), await startAlpaca({ accountNumber: 'PA3OTHER' })];
    const venues = [];
    for (const { baseUrl } of servers) {
      const broker = openAlpaca({ keyId: ALPACA_KEY_ID, secretKey: ALPACA_SECRET_KEY, baseUrl });
      await broker.identify();
      venues.push(broker.venue);
      await broker.close();
    }
    for (const server of servers) await server.stop();
    expect(venues).toEqual(['alpaca:PA3SIMULATED', 'alpaca:PA3OTHER']);
  });

  it('says `unknown` when the broker knows the name and the look-up fails', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    await accepted(broker, order);
    server.fault({ operation: 'find', times: Infinity, fault: { carriedOut: 'never', answer: { type: 'status', status: 500 } } });
    expect((await broker.submit(order)).type).toBe('unknown');
  });

  it('does not take the answer about another order for that of its own', async () => {
    const { broker, server } = await open();
    const order = restingOrder();
    await accepted(broker, order);
    const body = await fetch(`${server.baseUrl}/v2/orders:by_client_order_id?client_order_id=${order.clientOrderId}`, {
      headers: { 'APCA-API-KEY-ID': ALPACA_KEY_ID, 'APCA-API-SECRET-KEY': ALPACA_SECRET_KEY },
    }).then((response) => response.text());
    server.fault({ operation: 'submit', fault: { carriedOut: 'now', answer: { type: 'status', status: 200, body } } });
    expect((await broker.submit(restingOrder())).type).toBe('unknown');
    server.fault({ operation: 'find', fault: { carriedOut: 'now', answer: { type: 'status', status: 200, body } } });
    expect((await broker.find(nameOf(restingOrder()))).type).toBe('unavailable');
  });

  it('tells a refusal with 403 and code 40310000 by its code', async () => {
    const { broker, server } = await open({ buyingPower: d('500') });
    const outcome = await broker.submit(orderOf({ qty: d('10') }));
    expect(outcome).toMatchObject({ code: '40310000', reason: expect.stringContaining('insufficient buying power') });
    expect(['rejected', 'failed']).toContain(outcome.type);
    server.fault(answer(403, 40310000, 'account is restricted to liquidation only'));
    expect(['rejected', 'failed']).toContain((await broker.submit(orderOf({ qty: d('1') }))).type);
    await accepted(broker, orderOf({ qty: d('1') }));
  });
});
