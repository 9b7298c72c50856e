/** A thousand clients that hold on to their sockets, while those that mean it are answered. */
import { Agent, request } from 'node:http';
import { closeServers, testRoute, testServer } from '../support/httpServer';
import { until } from '../support/services';
import { dropSockets, rawSocket } from './rawSockets';
import type { RawSocket } from './rawSockets';

jest.setTimeout(60_000);
afterEach(async () => {
  dropSockets();
  await closeServers();
});

const ROUTES = [testRoute('POST', '/intent', { roles: ['submit'] }), testRoute('GET', '/livez', { roles: undefined })];

const HEAD = 'POST /intent HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n';
/** What each kind sends first, and then again and again. */
const SLOW: Readonly<Record<string, readonly [string, string]>> = {
  'sends nothing': ['', ''],
  'never ends its headers': ['GET /livez HTTP/1.1\r\nHost: localhost\r\n', 'X-More: 1\r\n'],
  'never sends its body': [`${HEAD}\r\n`, ''],
  'dribbles its body': [`${HEAD}\r\n`, ' '],
  'reads nothing of many answers': ['GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50), ''],
};
const CLIENTS = 1_000;
const LONGEST_MS = 6_000;
const DRIBBLE_MS = 400;

const valid = (url: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const body = '{"n":1}';
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(`${url}/intent`, { agent, method: 'POST', headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new Error(`answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

it('cuts 1,000 slow clients off within 6 s, and answers the others meanwhile', async () => {
  const { url, app } = await testServer(ROUTES);
  const kinds = Object.entries(SLOW);
  const clients: { readonly kind: string; readonly again: string; readonly raw: RawSocket }[] = [];
  for (let n = 0; n < CLIENTS; n += 100) {
    const some = Array.from({ length: 100 }, async (_, index) => {
      const [kind, [first, again]] = kinds[index % kinds.length] ?? ['', ['', '']];
      const raw = await rawSocket(url, first);
      if (kind.startsWith('reads nothing')) raw.socket.pause();
      raw.socket.on('error', () => undefined);
      clients.push({ kind, again, raw });
    });
    await Promise.all(some);
  }
  const dribbling = setInterval(() => {
    for (const { again, raw } of clients) if (again !== '' && raw.socket.writable) raw.socket.write(again);
  }, DRIBBLE_MS);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const took: number[] = [];
  const end = performance.now() + LONGEST_MS;
  try {
    while (performance.now() < end) {
      took.push(await valid(url, agent));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const open = await new Promise<number>((resolve) => void app.server.getConnections((_, count) => resolve(count)));
    expect(open).toBeLessThanOrEqual(agent.maxSockets);
    // A socket that is paused hears of its end when it reads on.
    for (const { raw } of clients) raw.socket.resume();
    await Promise.all(clients.map(({ raw }) => raw.closed));
  } finally {
    clearInterval(dribbling);
    agent.destroy();
  }
  expect(took.length).toBeGreaterThan(100);
  expect(percentile(took, 0.5)).toBeLessThan(100);
  for (const { kind, raw } of clients) {
    const answers = raw.text().match(/HTTP\/1\.1 \d+|"code":"[a-z_]+"/g) ?? [];
    const expected = kind.includes('nothing') ? expect.not.stringContaining('5') : 'HTTP/1.1 408,"code":"request_timeout"';
    expect([kind, answers.join()]).toEqual([kind, expected]);
  }
});

it('takes no more connections than it is told to, and is there again when they are gone', async () => {
  const { url } = await testServer(ROUTES, { connections: 5 });
  const held = await Promise.all(Array.from({ length: 5 }, () => rawSocket(url)));
  const sixth = await rawSocket(url, 'GET /livez HTTP/1.0\r\n\r\n');
  await sixth.closed;
  expect(sixth.text()).toBe('');
  for (const { socket } of held) socket.destroy();
  await Promise.all(held.map(({ closed }) => closed));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { text, closed } = await rawSocket(url, 'GET /livez HTTP/1.0\r\n\r\n');
  await closed;
  expect(text()).toMatch(/^HTTP\/1\.1 200 OK/);
});

it('cuts off who takes nothing of a stream, and asks no more of it meanwhile', async () => {
  let made = 0;
  const ends: number[] = [];
  const endless = testRoute('GET', '/stream', {
    handle: () => ({
      status: 200,
      contentType: 'text/event-stream',
      body: (async function* () {
        try {
          for (;;) {
            made += 1;
            yield 'x'.repeat(65_536);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          ends.push(performance.now());
        }
      })(),
    }),
  });
  const { url } = await testServer([endless], { stallMs: 1_000 });
  const { socket } = await rawSocket(url, 'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 800));
  const before = made;
  expect(ends).toEqual([]);
  await until('cut off', () => ends.length > 0);
  expect(made - before).toBeLessThanOrEqual(1);
});
