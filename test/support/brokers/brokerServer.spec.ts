import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, startAlpaca } from './alpacaServer';
import type { RunningBroker } from './brokerServer';
import { type Fault, FAULTS } from './faults';

/** Each fault as a plain client sees it, over the Alpaca dialect. */
describe('a faulty broker', () => {
  let server: RunningBroker;
  beforeEach(async () => void (server = await startAlpaca()));
  afterEach(() => server.stop());
  const post = async (timeoutMs = 1_000): Promise<string> => {
    try {
      const response = await fetch(`${server.baseUrl}/v2/orders`, {
        method: 'POST',
        headers: { 'APCA-API-KEY-ID': ALPACA_KEY_ID, 'APCA-API-SECRET-KEY': ALPACA_SECRET_KEY },
        body: '{"symbol":"A","qty":"1","side":"buy","type":"limit","limit_price":"1","time_in_force":"day","client_order_id":"c-1"}',
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'manual',
      });
      const text = await response.text();
      return `${response.status} ${isJson(text) ? 'JSON' : text.startsWith('<') ? 'HTML' : text === '' ? 'nothing' : 'other'}`;
    } catch (error) {
      // Of another realm than the test's own Error.
      return (error as { readonly name?: unknown }).name === 'TimeoutError' ? 'timeout' : 'broken';
    }
  };
  const isJson = (text: string): boolean => {
    try {
      return typeof JSON.parse(text) === 'object';
    } catch {
      return false;
    }
  };

  it.each([
    ['madeThenHang', 'timeout', 1],
    ['madeThenStall', 'timeout', 1],
    ['madeThenReset', 'broken', 1],
    ['madeThenCutOff', 'broken', 1],
    ['madeThenTruncated', '200 other', 1],
    ['madeThenGarbage', '200 other', 1],
    ['madeThenWrongShape', '200 JSON', 1],
    ['madeThenEmpty', '200 nothing', 1],
    ['madeThenHtml', '200 HTML', 1],
    ['madeThenFlood', '200 JSON', 1],
    ['madeThen504', '504 JSON', 1],
    ['notMadeThenHang', 'timeout', 0],
    ['notMadeThenReset', 'broken', 0],
    ['notMadeThenHtml502', '502 HTML', 0],
    ['notMadeThen429', '429 JSON', 0],
    ['madeLaterThenHang', 'timeout', 0],
    ['slow', '200 JSON', 1],
  ] as const)('%s: the client sees `%s`, orders made: %i', async (name, seen, made) => {
    server.fault({ operation: 'submit', fault: FAULTS[name] });
    expect(await post(name.endsWith('Hang') || name.endsWith('Stall') ? 1_000 : 5_000)).toBe(seen);
    expect(server.market.orders).toHaveLength(made);
    expect(server.count('submit')).toBe(1);
    expect(server.requests[0]).toMatchObject({ operation: 'submit', clientOrderId: 'c-1', faulty: true });
  });

  it('carries out later what it held back, by hand or by itself', async () => {
    server.fault({ operation: 'submit', fault: FAULTS.madeLaterThenReset });
    await post();
    expect(server.market.orders).toHaveLength(0);
    server.letThrough();
    server.letThrough();
    expect(server.market.orders).toHaveLength(1);
    const fault: Fault = { ...FAULTS.madeLaterThenReset, laterMs: 2 };
    const second = await startAlpaca({ faults: [{ fault }] });
    await fetch(`${second.baseUrl}/v2/orders`, { method: 'DELETE' }).catch(() => undefined);
    await second.stop();
  });

  it('spoils the requests that a script names, so often, after so many', async () => {
    server.fault({ operation: 'submit', after: 1, times: 2, fault: FAULTS.notMadeThen500 });
    server.fault({ operation: 'cancel', fault: FAULTS.notMadeThen502 });
    server.fault({ path: /nowhere/, fault: FAULTS.notMadeThen502 });
    const seen: string[] = [];
    for (let count = 0; count < 4; count++) seen.push(await post());
    // The last one is refused: the name is taken.
    expect(seen).toEqual(['200 JSON', '500 JSON', '500 JSON', '422 JSON']);
  });

  it('can be down, and up again at the same place', async () => {
    await server.down();
    expect(await post()).toBe('broken');
    await server.up();
    expect(await post()).toBe('200 JSON');
    expect(server.connections()).toBeGreaterThan(0);
  });
});
