/** What is no HTTP, or pretends to be: refused with a problem document or cut off, never a failure of ours, and the next client is answered. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { closeServers, testRoute, testServer } from '../support/httpServer';
import type { TestServer } from '../support/httpServer';
import { dropSockets, rawAnswer, rawSocket } from './rawSockets';

jest.setTimeout(60_000);
let server: TestServer;
let seen: string[] = [];
beforeAll(async () => {
  server = await testServer([
    testRoute('POST', '/intent', {
      handle: async ({ body }) => {
        seen.push(body.toString('latin1'));
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { status: 200, body: '{"done":true}' };
      },
    }),
    testRoute('GET', '/livez', { roles: undefined }),
  ]);
});
beforeEach(() => {
  seen = [];
});
afterEach(() => {
  dropSockets();
  expect(server.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
afterAll(closeServers);

const lines = (...all: readonly string[]): string => `${all.join('\r\n')}\r\n\r\n`;
const POST = ['POST /intent HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'Connection: close'];

it.each<readonly [string, string, string]>([
  ['no HTTP', 'hello\r\n\r\n', 'bad_request'],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 'bad_request'],
  ['a version of the future', lines('GET /livez HTTP/3.7', 'Host: localhost'), 'bad_request'],
  ['a method that is none', lines('FETCH /livez HTTP/1.1', 'Host: localhost'), 'bad_request'],
  ['no Host', lines('GET /livez HTTP/1.1', 'Connection: close'), 'bad_request'],
  ['two Hosts', lines('GET /livez HTTP/1.1', 'Host: localhost', 'Host: evil', 'Connection: close'), 'bad_request'],
  [
    'two tokens',
    lines('GET /livez HTTP/1.1', 'Host: localhost', 'Authorization: Bearer a', 'Authorization: Bearer b', 'Connection: close'),
    'bad_request',
  ],
  ['two lengths', `${lines(...POST, 'Content-Length: 2', 'Content-Length: 3')}{} `, 'invalid_content_length'],
  ['a length that is no number', `${lines(...POST, 'Content-Length: two')}{}`, 'invalid_content_length'],
  ['a negative length', `${lines(...POST, 'Content-Length: -2')}{}`, 'invalid_content_length'],
  ['a length beyond all numbers', lines(...POST, `Content-Length: ${'9'.repeat(40)}`), 'invalid_content_length'],
  ['chunks and a length', `${lines(...POST, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 'bad_request'],
  ['a header with a line feed alone', 'GET /livez HTTP/1.1\nHost: localhost\n\n', 'bad_request'],
  ['a folded header', lines('GET /livez HTTP/1.1', 'Host: localhost', 'X-A: 1', ' 2', 'Connection: close'), ''],
  ['a header without a name', lines('GET /livez HTTP/1.1', 'Host: localhost', ': 1'), 'bad_request'],
  ['a NUL in a header', lines('GET /livez HTTP/1.1', 'Host: localhost', 'X-A: \u0000'), 'bad_request'],
  ['headers without an end', `GET /livez HTTP/1.1\r\nX-A: ${'x'.repeat(9_000)}`, 'headers_too_large'],
  ['an address without an end', `GET /${'x'.repeat(9_000)}`, 'headers_too_large'],
  ['an upgrade', lines('GET /livez HTTP/1.1', 'Host: localhost', 'Connection: Upgrade, close', 'Upgrade: websocket'), ''],
  ['an expectation', lines('GET /livez HTTP/1.1', 'Host: localhost', 'Expect: wonders', 'Connection: close'), ''],
  ['the whole address', lines('GET http://localhost/livez HTTP/1.1', 'Host: localhost', 'Connection: close'), ''],
  ['a tunnel', lines('CONNECT evil:443 HTTP/1.1', 'Host: evil:443'), ''],
  ['the server as a whole', lines('OPTIONS * HTTP/1.1', 'Host: localhost', 'Connection: close'), 'method_not_allowed'],
  ['a way out', lines('GET /../../etc/passwd HTTP/1.1', 'Host: localhost', 'Connection: close'), 'not_found'],
  ['a fragment', lines('GET /livez#x HTTP/1.1', 'Host: localhost', 'Connection: close'), ''],
])('%s', async (_, sent, code) => {
  const answer = await rawAnswer(server.url, Buffer.from(sent, 'latin1'));
  expect(answer).not.toMatch(/^HTTP\/1\.1 5/);
  if (code !== '') {
    expect(answer).toMatch(/^HTTP\/1\.1 4/);
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
    expect(answer).toContain(`"code":"${code}"`);
  }
  expect(seen).toEqual([]);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

it('never answers a request that is being dealt with for what comes after it', async () => {
  const whole = `${lines(...POST.slice(0, 3), 'Content-Length: 2')}{}`;
  const { text, closed } = await rawSocket(server.url, `${whole}NONSENSE\r\n\r\n`);
  await closed;
  // Cut off: the sender does not know what became of it, rather than being told that it was refused.
  expect(text()).toBe('');
  expect(seen).toEqual(['{}']);
});

it('deals with a body in many chunks as with one that is not there: a length is needed', async () => {
  const chunks = '1\r\n{\r\n'.repeat(1_000);
  const answer = await rawAnswer(server.url, `${lines(...POST, 'Transfer-Encoding: chunked')}${chunks}0\r\n\r\n`);
  expect(answer).toContain('"code":"missing_content_length"');
});

it('lives through whatever is sent', async () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      ...POST,
      'GET ',
      '/livez',
      ' HTTP/1.1',
      '\r\n',
      '\r\n\r\n',
      '\n',
      '\u0000',
      'Content-Length: ',
      'Transfer-Encoding: chunked\r\n',
      '0\r\n\r\n',
      '%',
      '?',
      ':',
    ),
    fc.string({ maxLength: 20 }),
    fc.constant(randomBytes(8).toString('latin1')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 20 }), async (parts) => {
      const { socket, text, closed } = await rawSocket(server.url, Buffer.from(`${parts.join('')}\r\n\r\n`, 'latin1'));
      socket.end();
      await closed;
      expect(text()).not.toMatch(/^HTTP\/1\.1 5/m);
    }),
    { seed: 8, numRuns: 300 },
  );
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});
