import { writeFileSync, mkdirSync } from 'node:fs';
import type { InjectOptions } from 'fastify';
import { closeServers, testRoute, testServer } from '../../../test/support/httpServer';
import type { TestServer } from '../../../test/support/httpServer';
import { temporaryFolder } from '../../../test/support/program';
import { BusError } from '../../processor/bus';
import { Problem } from './problem';
import { Tokens } from './tokens';

afterEach(closeServers);
const folder = temporaryFolder();
afterAll(folder.remove);

const ROUTES = [
  testRoute('POST', '/intent', { roles: ['submit'] }),
  testRoute('POST', '/intents', {
    roles: ['submit'],
    body: { contentType: 'application/x-ndjson', description: 'Lines', schema: {}, mostBytes: 64 },
  }),
  testRoute('GET', '/decisions/{run}/{intent}', { roles: ['read', 'submit'] }),
  testRoute('GET', '/policies'),
  testRoute('PUT', '/policies', { roles: ['operate'] }),
  testRoute('GET', '/policies/{hash}'),
  testRoute('POST', '/policies/diff'),
  testRoute('GET', '/livez', { roles: undefined }),
];
const TOKEN = 'a-token-of-enough-length';
const tokens = (): Promise<Tokens | undefined> => Tokens.open({ token: { text: TOKEN, setting: 'POLICYGATE_TOKEN' } });
const BEARER = { authorization: `Bearer ${TOKEN}` };
const JSON_TYPE = { 'content-type': 'application/json' };

interface Refused {
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The answer, which must be a problem document. */
const refused = async ({ app }: TestServer, request: InjectOptions): Promise<Refused> => {
  const { statusCode, headers, payload } = await app.inject(request);
  expect(headers['content-type']).toBe('application/problem+json');
  const document = JSON.parse(payload) as Record<string, unknown>;
  expect(document).toMatchObject({ status: statusCode, error: document.code, message: document.detail });
  return { ...(document as unknown as Refused), headers };
};

describe('what is asked', () => {
  it('reaches the handler: decoded parts of the path, the body, who asks', async () => {
    const { app } = await testServer(ROUTES);
    const path = await app.inject(`/decisions/${encodeURIComponent('a/b')}/${encodeURIComponent('%2F ü')}`);
    expect(path.json()).toMatchObject({ params: { run: 'a/b', intent: '%2F ü' }, caller: 'anonymous' });
    expect((await app.inject('/decisions/__proto__/constructor')).json()).toMatchObject({
      params: { run: '__proto__', intent: 'constructor' },
    });
    const long = 'é'.repeat(1_000);
    expect((await app.inject(`/decisions/r/${encodeURIComponent(long)}`)).json()).toMatchObject({ params: { intent: long } });
    const body = await app.inject({ method: 'POST', url: '/intent', headers: JSON_TYPE, payload: '{"n":1e400}' });
    expect(body.json()).toMatchObject({ body: '{"n":1e400}' });
  });

  it('is answered to HEAD as to GET, without the body', async () => {
    const { app } = await testServer(ROUTES);
    const [got, head] = [await app.inject('/policies'), await app.inject({ method: 'HEAD', url: '/policies' })];
    expect(head).toMatchObject({ statusCode: 200, payload: '' });
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
  });

  it('is answered with headers that let a browser do nothing with it, and keep nothing', async () => {
    const { app } = await testServer(ROUTES);
    for (const url of ['/policies', '/nowhere']) {
      const { headers } = await app.inject(url);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers).not.toHaveProperty('strict-transport-security');
    }
  });
});

describe('what is refused', () => {
  it.each<readonly [string, InjectOptions, string, Partial<Refused>]>([
    ['a path that is none', { url: '/nowhere' }, 'not_found', { status: 404 }],
    ['a path of Object.prototype', { url: '/__proto__' }, 'not_found', {}],
    ['a slash too many', { url: '/policies/' }, 'not_found', {}],
    ['an escape that is none', { url: '/decisions/%zz/b' }, 'bad_request', { status: 400 }],
    ['bytes that are no UTF-8', { url: '/decisions/%ff/b' }, 'bad_request', { status: 400 }],
    ['a method beyond those of the path', { method: 'DELETE', url: '/policies' }, 'method_not_allowed', { status: 405 }],
    ['GET where only POST is', { url: '/intent' }, 'method_not_allowed', { status: 405 }],
    ['OPTIONS', { method: 'OPTIONS', url: '/intent' }, 'method_not_allowed', { status: 405 }],
    ['PUT at a path that is none', { method: 'PUT', url: '/nowhere' }, 'method_not_allowed', { status: 405 }],
    [
      'no type',
      { method: 'POST', url: '/intent', payload: '{}' },
      'invalid_content_type',
      { status: 400, field: 'Content-Type' },
    ],
    [
      'another type',
      { method: 'POST', url: '/intent', payload: '{}', headers: { 'content-type': 'application/json-seq' } },
      'invalid_content_type',
      { status: 400 },
    ],
    [
      'another charset',
      { method: 'POST', url: '/intent', payload: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } },
      'invalid_content_type',
      {},
    ],
    [
      'a body that is packed',
      { method: 'POST', url: '/intent', payload: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
      'invalid_content_type',
      { field: 'Content-Encoding' },
    ],
    ['no length', { method: 'POST', url: '/intent', headers: JSON_TYPE }, 'missing_content_length', { status: 400 }],
    [
      'chunks where one document is expected',
      { method: 'POST', url: '/intent', headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' } },
      'missing_content_length',
      {},
    ],
    [
      'a length that is none',
      { method: 'POST', url: '/intent', payload: '{}', headers: { ...JSON_TYPE, 'content-length': '1e3' } },
      'invalid_content_length',
      { status: 400 },
    ],
    [
      'a length that is not the body’s',
      { method: 'POST', url: '/intent', payload: '{}', headers: { ...JSON_TYPE, 'content-length': '7' } },
      'invalid_content_length',
      {},
    ],
    [
      'a body that is too large',
      { method: 'POST', url: '/intent', headers: JSON_TYPE, payload: `"${'x'.repeat(1_023)}"` },
      'payload_too_large',
      { status: 413, detail: 'the body is too large; expected at most 1,024 bytes' },
    ],
    ['a parameter that nobody knows', { url: '/policies?wiat=3' }, 'invalid_parameter', { status: 400, field: 'wiat' }],
  ])('%s', async (_, request, code, more) => {
    expect(await refused(await testServer(ROUTES), request)).toMatchObject({ code, ...more });
  });

  it('says which methods there are', async () => {
    const server = await testServer(ROUTES);
    expect((await refused(server, { method: 'PATCH', url: '/policies' })).headers.allow).toBe('GET, HEAD, PUT');
    expect((await refused(server, { method: 'POST', url: '/decisions/a%2Fb/c' })).headers.allow).toBe('GET, HEAD');
    expect((await refused(server, { method: 'PUT', url: '/nowhere' })).headers.allow).toBe('');
    expect((await refused(server, { url: '/policies/diff?x=1' })).headers.allow).toBe('POST');
  });

  it('takes a body of exactly as many bytes as are allowed, and lines without a length', async () => {
    const { app } = await testServer(ROUTES);
    const whole = { method: 'POST', url: '/intent', headers: JSON_TYPE, payload: `"${'x'.repeat(1_022)}"` } as const;
    expect((await app.inject(whole)).statusCode).toBe(200);
    const typed = { ...whole, headers: { 'content-type': 'Application/JSON; charset="UTF-8"; profile=x' } } as const;
    expect((await app.inject(typed)).statusCode).toBe(200);
    const headers = { 'content-type': 'application/x-ndjson', 'transfer-encoding': 'chunked' };
    expect((await app.inject({ method: 'POST', url: '/intents', headers, payload: 'a\n' })).statusCode).toBe(200);
  });
});

describe('a handler', () => {
  const failing = (error: unknown) => (): never => {
    throw error;
  };

  it('refuses with a problem of its own', async () => {
    const problem = new Problem('queue_full', { detail: 'try later', headers: { 'retry-after': '1' }, members: { waiting: 3 } });
    const server = await testServer([testRoute('GET', '/x', { handle: failing(problem) })]);
    const answer = await refused(server, { url: '/x' });
    expect(answer).toMatchObject({ status: 429, code: 'queue_full', waiting: 3 });
    expect(answer.headers['retry-after']).toBe('1');
  });

  it('that was wrong is 500, and what went wrong is in the log alone', async () => {
    const server = await testServer([testRoute('GET', '/x', { handle: () => Promise.reject(new TypeError('secret cause')) })]);
    const answer = await refused(server, { url: '/x?' });
    expect(answer).toMatchObject({ status: 500, code: 'internal_error' });
    expect(JSON.stringify(answer)).not.toContain('secret cause');
    const { request_id: id } = answer as unknown as Record<string, unknown>;
    expect(server.log.lines).toMatchObject([
      { level: 'error', fields: { request_id: id, route: '/x', err: { message: 'secret cause' } } },
    ]);
  });

  it('whose bus fails is not ready, or does not know the outcome of what it changed', async () => {
    const handle = failing(new BusError('BUS_UNREACHABLE', '/srv/data'));
    const server = await testServer([testRoute('GET', '/x', { handle }), testRoute('PUT', '/x', { handle })]);
    const read = await refused(server, { url: '/x' });
    expect(read).toMatchObject({ status: 503, code: 'not_ready' });
    expect(read.detail).not.toContain('/srv/data');
    const payload = { method: 'PUT', url: '/x', headers: JSON_TYPE, payload: '{}' } as const;
    expect(await refused(server, payload)).toMatchObject({ status: 503, code: 'outcome_unknown' });
  });
});

describe('with tokens', () => {
  it('asks for one at every path that is not public, existing or not, and names the scheme', async () => {
    const server = await testServer(ROUTES, { tokens: await tokens() });
    for (const request of [
      { url: '/policies' },
      { url: '/nowhere' },
      { url: '/intent' },
      { url: '/decisions/%zz/b' },
      { method: 'POST', url: '/intent' },
      { method: 'PUT', url: '/policies' },
      { method: 'HEAD', url: '/policies' },
    ] as const satisfies readonly InjectOptions[]) {
      const { statusCode, headers } = await server.app.inject(request);
      expect([request, statusCode]).toEqual([request, 401]);
      expect(headers['www-authenticate']).toBe('Bearer realm="policygate"');
    }
    expect((await server.app.inject('/livez')).statusCode).toBe(200);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE'] as const)(
    'refuses %s where it is not for, before it asks for one',
    async (method) => {
      const server = await testServer(ROUTES, { tokens: await tokens() });
      expect(await refused(server, { method: method as 'PUT', url: '/intent' })).toMatchObject({
        code: 'method_not_allowed',
        headers: { allow: 'POST' },
      });
    },
  );

  it('lets in who shows one, in any case of the scheme', async () => {
    const { app } = await testServer(ROUTES, { tokens: await tokens() });
    expect((await app.inject({ url: '/policies', headers: BEARER })).json()).toMatchObject({ caller: 'environment' });
    expect((await app.inject({ url: '/policies', headers: { authorization: `bearer ${TOKEN}` } })).statusCode).toBe(200);
    expect((await app.inject({ url: '/nowhere', headers: BEARER })).statusCode).toBe(404);
  });

  it.each([`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, `Bearer ${'x'.repeat(7_000)}`, TOKEN])(
    'refuses %.30s and shows it nowhere',
    async (authorization) => {
      const server = await testServer(ROUTES, { tokens: await tokens() });
      const answer = await refused(server, { url: '/policies', headers: { authorization } });
      expect(answer).toMatchObject({ status: 401, code: 'unauthorized' });
      expect(JSON.stringify([answer.detail, server.log.lines])).not.toContain(authorization);
    },
  );

  it('tells the log of refused ones once in a while, not each time', async () => {
    const { app, log } = await testServer(ROUTES, { tokens: await tokens() });
    for (let n = 0; n < 5; n++) await app.inject('/policies');
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { address: '127.0.0.1', requests: 1 } }]);
  });

  it('asks for the role of the route', async () => {
    writeFileSync(
      folder.path('tokens.yaml'),
      [
        'tokens:',
        '  - { name: strategy, token: submit-submit-submit, roles: [submit] }',
        '  - { name: desk, token: operate-operate-operate, roles: [operate] }',
      ].join('\n'),
      { mode: 0o600 },
    );
    const server = await testServer(ROUTES, { tokens: await Tokens.open({ file: folder.path('tokens.yaml') }) });
    const strategy = { authorization: 'Bearer submit-submit-submit' };
    const desk = { authorization: 'Bearer operate-operate-operate' };
    const put = { method: 'PUT', url: '/policies', payload: '{}' } as const;
    expect(await refused(server, { url: '/policies', headers: strategy })).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await refused(server, { ...put, headers: { ...strategy, ...JSON_TYPE } })).toMatchObject({ code: 'forbidden' });
    // Who may operate may look.
    expect((await server.app.inject({ url: '/policies', headers: desk })).statusCode).toBe(200);
    expect((await server.app.inject({ ...put, headers: { ...desk, ...JSON_TYPE } })).statusCode).toBe(200);
  });

  it('lets a token ask so often a second, and an address fail so often a minute', async () => {
    const server = await testServer(ROUTES, { tokens: await tokens(), rateLimit: 3 });
    const statuses = async (times: number, headers: Record<string, string>): Promise<readonly number[]> => {
      const statuses: number[] = [];
      while (statuses.length < times) statuses.push((await server.app.inject({ url: '/policies', headers })).statusCode);
      return statuses;
    };
    expect(await statuses(5, BEARER)).toEqual([200, 200, 200, 429, 429]);
    const failed = await statuses(125, {});
    expect(failed.filter((status) => status === 401)).toHaveLength(120);
    const limited = await refused(server, { url: '/policies' });
    expect(limited).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    // The others behind the same address are not locked out.
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect((await server.app.inject({ url: '/policies', headers: BEARER })).statusCode).toBe(200);
  });

  it('may not be left out beyond the loopback interface', async () => {
    await expect(testServer(ROUTES, { host: '0.0.0.0' })).rejects.toThrow(
      '--host 0.0.0.0: others could reach this server, and no tokens are configured; give --tokens FILE, or listen on 127.0.0.1',
    );
  });
});

describe('without tokens, pages of other origins', () => {
  const headers = (more: Record<string, string>): InjectOptions => ({
    method: 'POST',
    url: '/intent',
    payload: '{}',
    headers: { ...JSON_TYPE, host: '127.0.0.1:8100', ...more },
  });

  it.each([
    { host: 'evil.example' },
    { host: '127.0.0.1.evil.example:8100' },
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'http://127.0.0.1:8100.evil.example' },
    { origin: 'null' },
  ])('may not send %j', async (more) => {
    expect(await refused(await testServer(ROUTES), headers(more as Record<string, string>))).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
  });

  it.each([
    {},
    { origin: 'http://127.0.0.1:8100' },
    { host: 'LOCALHOST:8100', origin: 'http://localhost:8100' },
    { host: '[::1]:8100', origin: 'http://[::1]:8100' },
  ])('but our own, and programs, may: %j', async (more) => {
    const { app } = await testServer(ROUTES);
    expect((await app.inject(headers(more as Record<string, string>))).statusCode).toBe(200);
  });

  it('may not read either, once their name points here', async () => {
    expect(await refused(await testServer(ROUTES), { url: '/policies', headers: { host: 'evil.example' } })).toMatchObject({
      status: 403,
    });
  });
});

describe('the dashboard', () => {
  const assets = (): string => {
    mkdirSync(folder.path('assets/assets'), { recursive: true });
    writeFileSync(folder.path('assets/index.html'), '<!doctype html>');
    writeFileSync(folder.path('assets/assets/main-AB12CD34.js'), 'run()');
    return folder.path('assets');
  };

  it('needs no token, may run only what we serve, and what has a hash in its name is kept', async () => {
    const { app } = await testServer(ROUTES, { tokens: await tokens(), assetsDirectory: assets() });
    const page = await app.inject('/');
    expect(page).toMatchObject({ statusCode: 200, payload: '<!doctype html>' });
    expect(page.headers).toMatchObject({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';img-src 'self' data:;worker-src 'self';base-uri 'none';frame-ancestors 'none';form-action 'none'",
    );
    const script = await app.inject('/assets/main-AB12CD34.js');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it('is nothing but its files: no folder, nothing above it, no other method', async () => {
    const server = await testServer(ROUTES, { assetsDirectory: assets() });
    for (const url of ['/assets', '/assets/', '/..%2fpackage.json', '/assets%2fmain-AB12CD34.js', '/.git'])
      expect(await refused(server, { url })).toMatchObject({ code: 'not_found' });
    const posted = await refused(server, { method: 'POST', url: '/' });
    expect(posted).toMatchObject({ code: 'method_not_allowed', headers: { allow: 'GET, HEAD' } });
    const headers = { 'if-match': '"x"', range: 'bytes=9-' };
    const odd = await server.app.inject({ url: '/', headers });
    expect(odd.statusCode).toBeLessThan(500);
  });
});

it('counts requests by template, method and status, and logs them where that is wanted', async () => {
  const { app, registry, log } = await testServer(ROUTES, { logRequests: true });
  await app.inject('/decisions/r-1/i-1');
  await app.inject('/no/such/thing');
  const metrics = await registry.metrics();
  expect(metrics).toContain(
    'policygate_http_request_seconds_count{method="GET",route="/decisions/{run}/{intent}",status="200"} 1',
  );
  expect(metrics).toContain('policygate_http_request_seconds_count{method="GET",route="none",status="404"} 1');
  expect(metrics).toContain('policygate_http_event_streams 0');
  expect(metrics).not.toContain('r-1');
  expect(log.lines).toMatchObject([
    { level: 'debug', fields: { method: 'GET', route: '/decisions/{run}/{intent}', status: 200, caller: 'anonymous' } },
    { level: 'debug', fields: { route: 'none', status: 404 } },
  ]);
});
