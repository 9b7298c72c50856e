/** From the first connection to the last: streams, stopping, TLS, and tokens and certificates that change while it runs. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:net';
import type { ApiRequest, Route } from '../../src/apps/http/route';
import { Tokens } from '../../src/apps/http/tokens';
import { closeServers, testRoute, testServer } from '../support/httpServer';
import { temporaryFolder } from '../support/program';
import { until } from '../support/services';
import { dropSockets, rawSocket } from './rawSockets';

afterEach(async () => {
  dropSockets();
  await closeServers();
});
const folder = temporaryFolder();
afterAll(folder.remove);

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Events until the client goes or the server stops; then it says so. */
const events = (said: string[] = []): Route =>
  testRoute('GET', '/events', {
    handle: ({ signal }: ApiRequest) => ({
      status: 200,
      contentType: 'text/event-stream; charset=utf-8',
      body: (async function* () {
        yield 'data: first\n\n';
        await aborted(signal);
        said.push('aborted');
      })(),
    }),
  });

/** Answers when it is told to. */
const slow = (): { readonly route: Route; readonly asked: Promise<ApiRequest>; readonly go: () => void } => {
  let go: () => void = () => undefined;
  let heard: (request: ApiRequest) => void = () => undefined;
  const asked = new Promise<ApiRequest>((resolve) => (heard = resolve));
  const gone = new Promise<void>((resolve) => (go = resolve));
  const handle = async (request: ApiRequest): Promise<{ status: number; body: string }> => {
    heard(request);
    await Promise.race([gone, aborted(request.signal)]);
    return { status: 200, body: JSON.stringify({ aborted: request.signal.aborted }) };
  };
  return { route: testRoute('GET', '/slow', { handle }), asked, go: () => go() };
};

const get = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');

describe('a stream', () => {
  it('is seen as it is made, and its source is told when the client goes', async () => {
    const said: string[] = [];
    const { url, registry } = await testServer([events(said)]);
    const { socket, text } = await rawSocket(url, get('/events'));
    await until('the first event', () => text().includes('data: first'));
    expect(text()).toContain('content-type: text/event-stream; charset=utf-8\r\n');
    expect(await registry.metrics()).toContain('policygate_http_event_streams 1');
    expect(said).toEqual([]);
    socket.destroy();
    await until('told', () => said.length > 0);
    expect(await registry.metrics()).toContain('policygate_http_event_streams 0');
  });

  it('is not begun for HEAD', async () => {
    const { url, registry } = await testServer([events()]);
    expect(await (await fetch(`${url}/events`, { method: 'HEAD' })).text()).toBe('');
    await until('gone', async () => (await registry.metrics()).includes('policygate_http_event_streams 0'));
  });

  it('that fails is cut off, so that nobody takes it for whole', async () => {
    const body = async function* (): AsyncGenerator<string> {
      yield 'half';
      await Promise.reject(new TypeError('broken'));
    };
    const server = await testServer([testRoute('GET', '/x', { handle: () => ({ status: 200, body: body() }) })]);
    const answer = await fetch(`${server.url}/x`);
    await expect(answer.text()).rejects.toThrow();
    expect(server.log.lines).toMatchObject([{ level: 'error', fields: { err: { message: 'broken' } } }]);
  });

  it('tells a handler that waits when its client goes', async () => {
    const { route, asked } = slow();
    const { url } = await testServer([route]);
    const { socket } = await rawSocket(url, get('/slow'));
    const { signal } = await asked;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await aborted(signal);
  });
});

describe('when it stops', () => {
  it('lets what is in flight end, ends streams, and takes nothing more', async () => {
    const said: string[] = [];
    const { route, asked, go } = slow();
    const server = await testServer([route, events(said)]);
    const stream = await rawSocket(server.url, get('/events'));
    const waiting = await rawSocket(server.url, get('/slow'));
    const idle = await rawSocket(server.url);
    await asked;
    await until('the first event', () => stream.text().includes('data: first'));
    const closed = server.close();
    await stream.closed;
    expect(said).toEqual(['aborted']);
    expect(stream.text()).toMatch(/\r\n0\r\n\r\n$/);
    await expect(rawSocket(server.url)).rejects.toThrow('ECONNREFUSED');
    expect(waiting.text()).toBe('');
    go();
    await closed;
    await Promise.all([waiting.closed, idle.closed]);
    expect(waiting.text()).toContain('{"aborted":false}');
    expect(waiting.text().toLowerCase()).toContain('connection: close');
  });

  it('waits no longer than it may', async () => {
    const { route, asked } = slow();
    const server = await testServer([route], { drainMs: 200 });
    const { text, closed } = await rawSocket(server.url, get('/slow'));
    await asked;
    const startedAt = performance.now();
    await server.close();
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await closed;
    expect(text()).toContain('{"aborted":true}');
  });

  it('tells a request that still comes that it is too late', async () => {
    const { route, asked, go } = slow();
    const server = await testServer([route, testRoute('GET', '/x')]);
    const { text, closed } = await rawSocket(server.url, get('/slow') + get('/x'));
    await asked;
    const stopped = server.close();
    const late = await server.app.inject({ url: '/x', headers: { host: 'localhost' } });
    expect(late).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5', connection: 'close' } });
    expect(late.json()).toMatchObject({ code: 'not_ready' });
    go();
    await Promise.all([stopped, closed]);
    expect(text()).toContain('"aborted":false');
  });

  it('does not start where somebody else listens, and says so in one line', async () => {
    const { url } = await testServer([]);
    const { port } = new URL(url);
    await expect(testServer([], { port: Number(port) })).rejects.toThrow(
      `HTTP on 127.0.0.1:${port}: EADDRINUSE; choose another --host or --port`,
    );
  });
});

describe('tokens that are read again', () => {
  const file = folder.path('tokens.yaml');
  const write = (...entries: readonly string[]): void => writeFileSync(file, `tokens:\n${entries.join('\n')}\n`, { mode: 0o600 });
  const entry = (name: string, token: string, role = 'read'): string =>
    `  - { name: ${name}, token: ${token}, roles: [${role}] }`;
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

  it('are valid from then on; streams of those that are gone end, the others go on', async () => {
    write(entry('desk', 'old-old-old-old-old'), entry('other', 'other-other-other'));
    const server = await testServer([events(), testRoute('GET', '/x')], { tokens: await Tokens.open({ file }) });
    const ask = async (token: string): Promise<number> => (await fetch(`${server.url}/x`, { headers: bearer(token) })).status;
    const stream = async (token: string): Promise<Awaited<ReturnType<typeof rawSocket>>> => {
      const raw = await rawSocket(server.url, get('/events', `Authorization: Bearer ${token}`));
      await until('the first event', () => raw.text().includes('data: first'));
      return raw;
    };
    const [desk, other] = [await stream('old-old-old-old-old'), await stream('other-other-other')];

    write(entry('desk', 'old-old-old-old-old'), entry('desk', 'new-new-new-new-new'), entry('other', 'other-other-other'));
    await server.reload();
    expect([await ask('old-old-old-old-old'), await ask('new-new-new-new-new')]).toEqual([200, 200]);
    expect(desk.socket.closed).toBe(false);

    write(entry('desk', 'new-new-new-new-new', 'submit'), entry('other', 'other-other-other'));
    await server.reload();
    expect([await ask('old-old-old-old-old'), await ask('new-new-new-new-new')]).toEqual([401, 403]);
    desk.socket.end();
    await desk.closed;
    expect(other.socket.closed).toBe(false);

    write(entry('desk', 'short'));
    await expect(server.reload()).rejects.toThrow('tokens[0].token: expected a token of 16 to 512');
    expect(await ask('other-other-other')).toBe(200);
  });
});

describe('over TLS', () => {
  const [certFile, keyFile] = [folder.path('gate.pem'), folder.path('gate.key')];
  const certify = (): Buffer => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '2'];
    const command = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', keyFile, '-out', certFile, ...subject];
    execFileSync('openssl', command, { stdio: 'ignore' });
    return readFileSync(certFile);
  };
  const secure = (url: string, ca: Buffer, more: object = {}): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(url).port), ca, ...more }, () => resolve(socket));
      socket.on('error', reject);
    });
  const asked = (socket: TLSSocket): Promise<string> =>
    new Promise((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
      socket.write(get('/x', 'Connection: close'));
    });

  it('answers, promises to stay with it, and takes a new certificate while it runs', async () => {
    const first = certify();
    const server = await testServer([testRoute('GET', '/x')], { tls: { certFile, keyFile } });
    expect(server.url).toMatch(/^https:/);
    const answer = await asked(await secure(server.url, first));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('strict-transport-security: max-age=31536000');

    const second = certify();
    await server.reload();
    expect(await asked(await secure(server.url, second))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await expect(secure(server.url, first)).rejects.toThrow();

    writeFileSync(keyFile, 'no key');
    await expect(server.reload()).rejects.toThrow('--tls-key: expected a private key in PEM');
    expect(await asked(await secure(server.url, second))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('takes nothing older than TLS 1.2, no plain HTTP, and no handshake that never ends', async () => {
    const ca = certify();
    const { url } = await testServer([testRoute('GET', '/x')], { tls: { certFile, keyFile } });
    await expect(secure(url, ca, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
    const silent = connect(Number(new URL(url).port), '127.0.0.1');
    const since = performance.now();
    const plain = await rawSocket(url, get('/x'));
    await plain.closed;
    expect(plain.text()).not.toContain('200');
    await new Promise((resolve) => silent.resume().on('close', resolve).on('error', resolve));
    expect(performance.now() - since).toBeLessThan(6_000);
  }, 15_000);
});
