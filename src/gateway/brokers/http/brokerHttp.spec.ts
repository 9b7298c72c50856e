import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { openBrokerHttp, type BrokerCall, type BrokerHttp, type BrokerHttpOptions, type BrokerRequest } from './brokerHttp';
import { openTestServer, reply, type React, type TestServer } from './testServer';

const SECRET = 'very-secret-value';
const READ: BrokerRequest = { operation: 'find', kind: 'read', method: 'GET', path: '/v2/orders' };
const SUBMIT: BrokerRequest = { operation: 'submit', kind: 'submit', method: 'POST', path: '/v2/orders', json: { qty: '1.50' } };

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** A client whose waits take no time but move its clock; the sockets are real. */
const clientOf = (baseUrl: string, options: Partial<BrokerHttpOptions> = {}) => {
  let clock = 0;
  const calls: BrokerCall[] = [];
  const waits: number[] = [];
  const http: BrokerHttp = openBrokerHttp({
    baseUrl,
    headers: { authorization: `Bearer ${SECRET}` },
    secrets: [SECRET],
    perMinute: 200,
    burst: 20,
    timeoutMs: 2_000,
    onCall: (call) => calls.push(call),
    now: () => clock,
    wallNow: () => 0,
    random: () => 0.5,
    sleep: (ms) => {
      waits.push(ms);
      clock += ms;
      return Promise.resolve();
    },
    ...options,
  });
  opened.push(http);
  return { http, calls, waits, pass: (ms: number) => void (clock += ms) };
};

const served = async (react: React, options: Partial<BrokerHttpOptions> = {}) => {
  const server: TestServer = await openTestServer(react);
  opened.push(server);
  return { server, ...clientOf(server.url, options) };
};

/** Takes connections and says nothing, or what the test makes it say. */
const silentServer = async (answer: (socket: Socket) => void = () => undefined) => {
  const sockets = new Set<Socket>();
  let text = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });
  opened.push({ close });
  return { port: (server.address() as AddressInfo).port, text: () => text };
};

describe('a request', () => {
  it('goes below the path of the base URL, with query and JSON body', async () => {
    const server = await openTestServer((_, response) => reply(response, 200, 'yes'));
    opened.push(server);
    const { http } = clientOf(`${server.url}/proxy/alpaca/`);
    const answer = await http.request({ ...SUBMIT, query: { a: 'x y', none: undefined } });
    expect(answer).toEqual({ type: 'answer', status: 200, body: 'yes', retryAfterMs: undefined });
    expect(server.received).toMatchObject([
      {
        method: 'POST',
        url: '/proxy/alpaca/v2/orders?a=x+y',
        body: '{"qty":"1.50"}',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
      },
    ]);
  });

  it('sends forms', async () => {
    const { http, server } = await served((_, response) => reply(response, 200));
    await http.request({ operation: 'submit', kind: 'submit', method: 'POST', path: '/', form: { symbol: 'BRK.B', tag: 'a-1' } });
    expect(server.received).toMatchObject([
      { body: 'symbol=BRK.B&tag=a-1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ]);
  });

  it('uses a kept-alive connection again', async () => {
    const ports = new Set<unknown>();
    const { http } = await served((_, response) => {
      ports.add(response.socket?.remotePort);
      reply(response, 200);
    });
    for (let request = 0; request < 10; request++) await http.request(READ);
    // A connection rests for one turn of the event loop before it is used again.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('tells its listener what came of each try', async () => {
    const { http, calls } = await served((_, response) => reply(response, 404, '{}'));
    await http.request(READ);
    expect(calls).toEqual([{ operation: 'find', outcome: 'refused', status: 404, ms: 0 }]);
  });
});

describe('a submission', () => {
  it.each(['at once', 'after an answer on the same connection'])('is sent once if the connection is reset %s', async (when) => {
    const { http, server, calls } = await served((request, response) => {
      if (request.method === 'GET') reply(response, 200);
      else response.socket?.resetAndDestroy();
    });
    if (when !== 'at once') await http.request(READ);
    expect(await http.request(SUBMIT)).toMatchObject({ type: 'failed', code: 'RESET', sent: true });
    await http.request(READ);
    expect(server.received.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(calls).toContainEqual(expect.objectContaining({ operation: 'submit', outcome: 'lost', status: 0 }));
  });

  it.each([500, 503, 429])('is sent once if it is answered with %d', async (status) => {
    const { http, server } = await served((_, response) => reply(response, status));
    expect(await http.request(SUBMIT)).toMatchObject({ type: 'answer', status });
    expect(server.received).toHaveLength(1);
  });

  it('says that nothing was sent if the connection is refused', async () => {
    const server = await openTestServer(() => undefined);
    await server.close();
    const { http, calls } = clientOf(server.url);
    expect(await http.request(SUBMIT)).toMatchObject({
      code: 'UNREACHABLE',
      sent: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    expect(calls).toMatchObject([{ outcome: 'unreachable' }]);
  });

  it('says that nothing was sent if the connection never got ready', async () => {
    const server = await silentServer();
    const { http } = clientOf(`https://127.0.0.1:${server.port}`, { timeoutMs: 200 });
    expect(await http.request(SUBMIT)).toMatchObject({ type: 'failed', sent: false });
    expect(server.text()).not.toContain('POST');
  });

  it('that waited for a connection is begun within its deadline or not at all', async () => {
    const { http, server } = await served(() => undefined, { connections: 1, timeoutMs: 300 });
    const first = http.request(SUBMIT);
    const second = http.request(SUBMIT);
    expect(await first).toMatchObject({ code: 'TIMEOUT', sent: true });
    const { sent } = (await second) as { sent: boolean };
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.received).toHaveLength(sent ? 2 : 1);
  });

  it('is given up when the road would begin it a second time', async () => {
    const aborted: Error[] = [];
    const controller = { abort: (reason: Error) => void aborted.push(reason) };
    const dispatch = (_: unknown, handler: { onRequestStart(begun: unknown): void }) => {
      handler.onRequestStart(controller);
      handler.onRequestStart(controller);
      return true;
    };
    const destroy = () => Promise.resolve();
    const { http } = clientOf('http://127.0.0.1:1', { dispatcher: { dispatch, destroy } as unknown as Dispatcher });
    expect(await http.request(SUBMIT)).toMatchObject({ code: 'RESET', sent: true });
    expect(aborted.length).toBeGreaterThan(0);
  });

  it('is not begun after its deadline: the process may have been stopped', async () => {
    let clock = 0;
    const { http, server } = await served((_, response) => reply(response, 200), {
      // Every look at the clock finds it two minutes later, as after a long stop.
      now: () => (clock += 120_000),
      totalMs: 1e9,
    });
    expect(await http.request(SUBMIT)).toMatchObject({ code: 'TIMEOUT', sent: false });
    expect(server.received).toEqual([]);
  });

  it('is not begun when it is too late for whoever asked', async () => {
    const { http, server } = await served((_, response) => reply(response, 200));
    const asked: number[] = [];
    const mayBeSent = () => asked.push(server.received.length) > 1;
    expect(await http.request({ ...SUBMIT, mayBeSent })).toMatchObject({ code: 'TOO_LATE', sent: false });
    expect(await http.request({ ...SUBMIT, mayBeSent })).toMatchObject({ status: 200 });
    expect([server.received.length, asked]).toEqual([1, [0, 0]]);
  });

  it('never waits for a token', async () => {
    const { http, server } = await served((_, response) => reply(response, 200));
    const capacity = http.capacity();
    const answers = await Promise.all(Array.from({ length: capacity + 1 }, () => http.request(SUBMIT)));
    expect(answers.filter(({ type }) => type === 'answer')).toHaveLength(capacity);
    expect(answers.at(-1)).toMatchObject({ code: 'RATE_LIMITED', sent: false, retryAfterMs: expect.any(Number) });
    expect(server.received).toHaveLength(capacity);
    // Cancels have their share left.
    expect(await http.request({ operation: 'cancel', kind: 'cancel', method: 'DELETE', path: '/' })).toMatchObject({
      status: 200,
    });
  });
});

describe('a read', () => {
  it('is repeated twice, with growing waits', async () => {
    const { http, server, waits } = await served((_, response) => reply(response, 502, '<html>'));
    expect(await http.request(READ)).toMatchObject({ type: 'answer', status: 502 });
    expect(server.received).toHaveLength(3);
    expect(waits).toEqual([250, 500]);
  });

  it('is repeated after a reset', async () => {
    let tries = 0;
    const { http } = await served((_, response) => {
      if (++tries < 3) response.socket?.resetAndDestroy();
      else reply(response, 200, 'there');
    });
    expect(await http.request(READ)).toMatchObject({ body: 'there' });
  });

  it('waits as Retry-After says, and so does everything else', async () => {
    const times: number[] = [];
    let clock = 0;
    const sleep = (ms: number) => {
      clock += ms;
      return Promise.resolve();
    };
    const { http } = await served(
      (_, response) => {
        times.push(clock);
        if (times.length === 1) reply(response, 429, '', { 'retry-after': '7' });
        else reply(response, 200);
      },
      { now: () => clock, sleep },
    );
    const reading = http.request(READ);
    expect(await reading).toMatchObject({ status: 200 });
    expect(times[1]).toBeGreaterThanOrEqual(7_000);
  });

  it('stops everything after a 429 until its time has come', async () => {
    const { http, pass } = await served((_, response) => reply(response, 429, '', { 'retry-after': '90' }));
    expect(http.capacity()).toBe(16);
    // Longer than the call may take: it answers at once.
    expect(await http.request(READ)).toMatchObject({ status: 429, retryAfterMs: 90_000 });
    expect(http.capacity()).toBe(0);
    pass(89_000);
    expect(http.capacity()).toBe(0);
    pass(1_000);
    expect(http.capacity()).toBe(16);
  });

  it('stops when the broker says that nothing is left, until the reset', async () => {
    const { http, pass } = await served((_, response) =>
      reply(response, 200, '', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }),
    );
    await http.request(READ);
    expect(http.capacity()).toBe(0);
    pass(29_000);
    expect(http.capacity()).toBe(0);
    pass(1_000);
    expect(http.capacity()).toBeGreaterThan(0);
  });
});

describe('what the broker says of its limit', () => {
  const submitAll = async (headers: Record<string, string>, status = 200) => {
    const held: (() => void)[] = [];
    const { http, pass } = await served((_, response) => {
      held.push(() => reply(response, status, '', headers));
    });
    const answers = [http.request(SUBMIT), http.request(SUBMIT), http.request(SUBMIT)];
    while (held.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    held.shift()?.();
    await Promise.race(answers);
    const capacity = http.capacity();
    held.forEach((answer) => answer());
    await Promise.all(answers);
    return { capacity, http, pass };
  };

  it('does not yet count what is under way', async () => {
    const { capacity } = await submitAll({ 'x-ratelimit-remaining': '10' });
    // Ten, less the two that have no answer yet, less the four that are kept back.
    expect(capacity).toBe(4);
  });

  it.each([
    ['a limit that is reset in a year', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '31536000' }, 200, 60_000],
    ['Retry-After a year', { 'retry-after': '31536000' }, 429, 300_000],
  ])('is not believed for ever: %s', async (_, headers, status, longest) => {
    const { http, pass } = await submitAll(headers, status);
    expect(http.capacity()).toBe(0);
    pass(longest);
    expect(http.capacity()).toBeGreaterThan(0);
  });
});

describe('an answer', () => {
  it.each<[string, React]>([
    ['no headers', () => undefined],
    ['a body that never ends', (_, response) => void response.writeHead(200).write('{"a":')],
    [
      'a body that drips',
      (_, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('with %s ends at the deadline', async (_, react) => {
    const { http, server } = await served(react, { timeoutMs: 200 });
    expect(await http.request(READ)).toMatchObject({ code: 'TIMEOUT', sent: true });
    expect(server.received).toHaveLength(1);
  });

  it('that is too large is not kept', async () => {
    const { http } = await served((_, response) => reply(response, 200, 'x'.repeat(2_000)), { mostBytes: 1_000 });
    expect(await http.request(READ)).toMatchObject({ code: 'ANSWER_TOO_LARGE', sent: true });
  });

  it('that is cut off is none', async () => {
    const { http } = await served((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"id":');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    expect(await http.request(SUBMIT)).toMatchObject({ code: 'RESET', sent: true });
  });

  it('that is no HTTP is none', async () => {
    const server = await silentServer((socket) => socket.end('garbage\r\n\r\n'));
    const { http } = clientOf(`http://127.0.0.1:${server.port}`);
    expect(await http.request(SUBMIT)).toMatchObject({ type: 'failed', code: 'RESET', sent: true });
  });

  it('that redirects is not followed', async () => {
    const { http, server } = await served((_, response) => reply(response, 307, '', { location: '/elsewhere' }));
    expect(await http.request(SUBMIT)).toMatchObject({ status: 307 });
    expect(server.received).toHaveLength(1);
  });
});

describe('secrets', () => {
  it('are in no failure, whatever is wrong with them', async () => {
    const { http } = await served((_, response) => reply(response, 200), { headers: { authorization: `Bearer ${SECRET}\n` } });
    const answer = await http.request(SUBMIT);
    expect(answer).toMatchObject({ code: 'INVALID_REQUEST', sent: false });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  it('are taken out of what others say, in one short line', () => {
    const { http } = clientOf('http://127.0.0.1:1');
    expect(http.forPeople(`no\r\nsuch\u001b[31m key ${SECRET}!`)).toBe('no such [31m key [secret]!');
    expect(http.forPeople('x'.repeat(1_000)).length).toBeLessThan(310);
  });
});

it('is closed for good', async () => {
  const { http, server } = await served(() => undefined);
  const hanging = http.request(SUBMIT);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await http.close();
  expect(await hanging).toMatchObject({ type: 'failed', sent: true });
  expect(await http.request(READ)).toMatchObject({ code: 'CLOSED', sent: false });
  expect([http.capacity(), server.received.length]).toEqual([0, 1]);
});

it.each(['paper-api.alpaca.markets', 'ftp://a.example', 'https://user:pw@a.example', 'https://a.example/?x=1', ''])(
  'refuses the base URL `%s` without repeating it',
  (baseUrl) => {
    expect(() => clientOf(baseUrl)).toThrow(RangeError);
    expect(() => clientOf(baseUrl)).not.toThrow(/user:pw/);
  },
);
