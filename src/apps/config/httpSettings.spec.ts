import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpSettings } from './httpSettings';
import type { HttpFlags } from './httpSettings';
import type { Environment } from './environment';

const folder = mkdtempSync(join(tmpdir(), 'policygate-http-'));
afterAll(() => rmSync(folder, { recursive: true }));
const config = join(folder, 'settings.yaml');

const IN_FILE = 'http: {host: "::1", port: 1, tokens_file: tokens, tls_cert_file: cert, tls_key_file: key, rate_limit: 5}';
const VARIABLES = {
  POLICYGATE_HTTP_HOST: '0.0.0.0',
  POLICYGATE_HTTP_PORT: '2',
  POLICYGATE_HTTP_TOKENS_FILE: 'v-tokens',
  POLICYGATE_HTTP_TLS_CERT_FILE: 'v-cert',
  POLICYGATE_HTTP_TLS_KEY_FILE: 'v-key',
  POLICYGATE_HTTP_RATE_LIMIT: '6',
  POLICYGATE_TOKEN: 'hunter2-hunter2-hunter2',
};
const FLAGS = { host: '127.0.0.2', port: '0', tokens: 'f-tokens', tlsCert: 'f-cert', tlsKey: 'f-key', rateLimit: '0' };

it('listens on the loopback interface, for anybody there, unless somebody says more', async () =>
  expect(await httpSettings({}, {})).toEqual({
    host: '127.0.0.1',
    port: 8_100,
    tokensFile: undefined,
    token: undefined,
    tls: undefined,
    rateLimit: 2_000,
  }));

it('takes flags before variables, and variables before the file', async () => {
  writeFileSync(config, IN_FILE);
  const ofFile = { host: '::1', port: 1, tls: { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') }, rateLimit: 5 };
  expect(await httpSettings({ config }, {})).toEqual({ ...ofFile, tokensFile: join(folder, 'tokens'), token: undefined });
  const ofVariables = { host: '0.0.0.0', port: 2, tls: { certFile: 'v-cert', keyFile: 'v-key' }, rateLimit: 6 };
  const token = VARIABLES.POLICYGATE_TOKEN;
  expect(await httpSettings({ config }, VARIABLES)).toEqual({ ...ofVariables, tokensFile: 'v-tokens', token });
  const ofFlags = { host: '127.0.0.2', port: 0, tls: { certFile: 'f-cert', keyFile: 'f-key' }, rateLimit: 0 };
  expect(await httpSettings({ config, ...FLAGS }, VARIABLES)).toEqual({ ...ofFlags, tokensFile: 'f-tokens', token });
});

it.each<readonly [HttpFlags, Environment, string]>([
  [{ port: '65536' }, {}, '--port: expected a whole number from 0 to 65535, found 65536'],
  [{ port: 'http' }, {}, '--port: expected a whole number from 0 to 65535, found the text "http"'],
  [{ rateLimit: '-1' }, {}, '--rate-limit: expected a whole number from 0 to 1000000, found the text "-1"'],
  [{ host: 'a b' }, {}, '--host: expected the name of a host or an IP address, without a port, found the text "a b"'],
  [{ tlsCert: 'cert' }, {}, '--tls-key: is missing; expected together with --tls-cert'],
  [{ tlsKey: 'key' }, {}, '--tls-cert: is missing; expected together with --tls-key'],
  [
    {},
    { POLICYGATE_HTTP_TLS_CERT_FILE: 'cert' },
    '--tls-key: is missing; expected together with POLICYGATE_HTTP_TLS_CERT_FILE or http.tls_cert_file',
  ],
])('refuses %j %j in one line', async (flags, env, line) => {
  await expect(httpSettings(flags, env)).rejects.toThrow(line);
});

it('shows no token that is wrong', async () => {
  const refused = await httpSettings({}, { POLICYGATE_TOKEN: 'hunter2 hunter2' }).catch((error: unknown) => String(error));
  expect(refused).toMatch(/^Failure: POLICYGATE_TOKEN: expected a secret/);
  expect(refused).not.toContain('hunter2');
});
