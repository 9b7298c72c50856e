import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { BrokerName } from '../../gateway/broker';
import { Failure } from '../failure';
import { brokerSettings } from './brokerSettings';
import type { Environment } from './environment';
import { ALL_KEYS } from './keys';
import { readSettings } from './readSettings';

const folder = mkdtempSync(join(tmpdir(), 'policygate-brokers-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fileWith = (text: string): string => {
  const file = join(folder, `file-${files++}.yaml`);
  writeFileSync(file, text);
  return file;
};

const SECRET = 'hunter2-hunter2';
const ALPACA = { APCA_API_KEY_ID: 'PK1', APCA_API_SECRET_KEY: SECRET };
const TRADIER = { TRADIER_TOKEN: SECRET, TRADIER_ACCOUNT_ID: 'VA1', TRADIER_ENV: 'sandbox' };
const ALPACA_ACCOUNT = { broker: 'alpaca', keyId: 'PK1', secretKey: SECRET, baseUrl: 'https://paper-api.alpaca.markets' };
const TRADIER_ACCOUNT = { broker: 'tradier', token: SECRET, accountId: 'VA1', environment: 'sandbox', baseUrl: undefined };

/** The line of the Failure; it has one line, and no secret. */
const refusal = async (name: BrokerName, env: Environment, yaml = 'group: a'): Promise<string> => {
  const error: unknown = await brokerSettings(name, { config: fileWith(yaml) }, env).catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${JSON.stringify(error)}`);
  expect(error.message).not.toMatch(/[\r\n]|hunter2/);
  return error.message.replace(/\S*\/file-\d+\.yaml/, 'FILE');
};

describe('what is read', () => {
  it('is the account, how to log in, and the pace', async () => {
    expect(await brokerSettings('alpaca', {}, ALPACA)).toEqual({
      account: ALPACA_ACCOUNT,
      pollEveryMs: 2_000,
      reconcileEveryMs: 60_000,
      warnings: [],
    });
    const pace = { POLICYGATE_POLL_INTERVAL_MS: '200', POLICYGATE_RECONCILE_INTERVAL_MS: '3600000' };
    expect(await brokerSettings('tradier', {}, { ...TRADIER, ...pace })).toEqual({
      account: TRADIER_ACCOUNT,
      pollEveryMs: 200,
      reconcileEveryMs: 3_600_000,
      warnings: [],
    });
  });

  it('may stand in the file, but for the secrets, whose files it names; the environment wins', async () => {
    const secret = fileWith(`${SECRET}\n`);
    const config = fileWith(
      `gateway: {poll_interval_ms: 500, reconcile_interval_ms: 5000}\n` +
        `alpaca: {key_id: PK1, secret_key_file: ${secret}, base_url: "http://127.0.0.1:81"}\n` +
        `tradier: {token_file: ${secret}, account_id: VA1, environment: sandbox, base_url: "http://127.0.0.1:82/v1/"}\n`,
    );
    expect(await brokerSettings('alpaca', { config }, {})).toEqual({
      account: { ...ALPACA_ACCOUNT, baseUrl: 'http://127.0.0.1:81' },
      pollEveryMs: 500,
      reconcileEveryMs: 5_000,
      warnings: [],
    });
    expect((await brokerSettings('tradier', {}, { POLICYGATE_CONFIG: config })).account).toEqual({
      ...TRADIER_ACCOUNT,
      baseUrl: 'http://127.0.0.1:82/v1',
    });
    const env = { APCA_API_KEY_ID: 'PK2', APCA_API_SECRET_KEY: 'other', APCA_API_BASE_URL: 'https://proxy/alpaca' };
    expect((await brokerSettings('alpaca', { config }, env)).account).toEqual({
      broker: 'alpaca',
      keyId: 'PK2',
      secretKey: 'other',
      baseUrl: 'https://proxy/alpaca',
    });
    expect((await brokerSettings('tradier', { config }, { TRADIER_ENV: 'live' })).account).toMatchObject({ environment: 'live' });
  });

  it.each([
    ['alpaca', { APCA_API_KEY_ID: 'PK1', APCA_API_SECRET_KEY_FILE: fileWith(`${SECRET}\r\n`) }, ALPACA_ACCOUNT],
    ['tradier', { ...TRADIER, TRADIER_TOKEN: '', TRADIER_TOKEN_FILE: fileWith(SECRET) }, TRADIER_ACCOUNT],
  ] as const)('%s: a secret may come from a file', async (name, env, account) =>
    expect((await brokerSettings(name, {}, env)).account).toEqual(account),
  );

  it('is nothing but the pace for the paper broker, whatever else is set', async () => {
    const broken = Object.fromEntries(
      ALL_KEYS.filter(({ broker }) => broker !== undefined).map(({ variable }) => [variable, '\n']),
    );
    expect((await brokerSettings('sim', {}, broken)).account).toEqual({ broker: 'sim' });
    expect(
      (await brokerSettings('alpaca', {}, { ...broken, ...ALPACA, APCA_API_SECRET_KEY_FILE: '', APCA_API_BASE_URL: '' })).account,
    ).toEqual(ALPACA_ACCOUNT);
    expect((await readSettings({}, broken)).bus).toBe('embedded');
  });
});

it('names everything that is missing in one line', async () => {
  expect(await refusal('alpaca', {})).toBe(
    "APCA_API_KEY_ID and APCA_API_SECRET_KEY are missing; --broker alpaca needs them: set APCA_API_KEY_ID to the id of the account's " +
      'API key; set APCA_API_SECRET_KEY to its secret, or APCA_API_SECRET_KEY_FILE to the path of a file that holds it',
  );
  const parts = fc.subarray(['TRADIER_TOKEN', 'TRADIER_ACCOUNT_ID', 'TRADIER_ENV'] as const, { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(parts, async (left) => {
      const env = Object.fromEntries(Object.entries(TRADIER).filter(([name]) => left.every((out) => out !== name)));
      const [subject = ''] = (await refusal('tradier', env)).split(' missing;');
      expect(subject.match(/TRADIER_\w+/g)).toEqual(left);
    }),
    { numRuns: 20 },
  );
});

it.each<readonly [BrokerName, Environment, string]>([
  [
    'alpaca',
    { ...ALPACA, APCA_API_SECRET_KEY: 'hunter2 hunter2' },
    'APCA_API_SECRET_KEY: expected a secret of a broker, found spaces',
  ],
  [
    'alpaca',
    { ...ALPACA, APCA_API_KEY_ID: 'hunter2\n' },
    'APCA_API_KEY_ID: expected the id of an API key, found control characters',
  ],
  [
    'alpaca',
    { ...ALPACA, APCA_API_BASE_URL: 'https://user:hunter2@host' },
    'APCA_API_BASE_URL: expected an http or https address',
  ],
  [
    'alpaca',
    { ...ALPACA, APCA_API_SECRET_KEY_FILE: 'x' },
    'APCA_API_SECRET_KEY: expected this or APCA_API_SECRET_KEY_FILE, found both',
  ],
  [
    'alpaca',
    { APCA_API_KEY_ID: 'a', APCA_API_SECRET_KEY_FILE: '/no/hunter2' },
    'APCA_API_SECRET_KEY_FILE or alpaca.secret_key_file: the file',
  ],
  [
    'tradier',
    { ...TRADIER, TRADIER_ENV: 'Live' },
    'TRADIER_ENV: expected `sandbox` or `live`, found the text "Live"; did you mean `live`?',
  ],
  ['tradier', { ...TRADIER, TRADIER_ACCOUNT_ID: 'a/b' }, 'TRADIER_ACCOUNT_ID: expected 1 to 200 letters'],
  ['tradier', { ...TRADIER, TRADIER_BASE_URL: 'https://API.tradier.com./v1' }, 'is the host of live accounts'],
  [
    'tradier',
    { ...TRADIER, TRADIER_ENV: 'live', TRADIER_BASE_URL: 'https://sandbox.tradier.com/v1' },
    'is the host of sandbox accounts',
  ],
  ['sim', { POLICYGATE_POLL_INTERVAL_MS: '199' }, 'POLICYGATE_POLL_INTERVAL_MS: expected a whole number from 200 to 60000'],
  [
    'sim',
    { POLICYGATE_RECONCILE_INTERVAL_MS: '4999' },
    'POLICYGATE_RECONCILE_INTERVAL_MS: expected a whole number from 5000 to 3600000',
  ],
])('refuses a mistake: %s %j', async (name, env, said) => expect(await refusal(name, env)).toContain(said));

it.each([
  [
    'alpaca: {secret_key: hunter2}',
    'alpaca.secret_key: secrets may not stand in this file; expected `secret_key_file`',
    'APCA_API_SECRET_KEY',
  ],
  ['tradier: {token: hunter2}', 'tradier.token: secrets may not stand in this file; expected `token_file`', 'TRADIER_TOKEN'],
])('the file takes no secret: %s', async (yaml, said, variable) => {
  const line = await refusal('sim', {}, yaml);
  expect(line).toContain(said);
  expect(line).toContain(`or ${variable} in the environment`);
});

describe('warnings', () => {
  const said = async (name: BrokerName, env: Environment) => (await brokerSettings(name, {}, env)).warnings;

  it('say that orders trade real money', async () => {
    const live = (broker: string) => [`orders go to a live account of ${broker}: they trade real money`];
    expect(await said('alpaca', { ...ALPACA, APCA_API_BASE_URL: 'https://API.alpaca.markets./v2' })).toEqual(live('alpaca'));
    expect(await said('tradier', { ...TRADIER, TRADIER_ENV: 'live' })).toEqual(live('tradier'));
    expect(await said('alpaca', ALPACA)).toEqual([]);
    expect(await said('tradier', TRADIER)).toEqual([]);
  });

  it('say that credentials can be read on their way', async () => {
    expect(await said('alpaca', { ...ALPACA, APCA_API_BASE_URL: 'http://proxy:81' })).toEqual([
      'APCA_API_BASE_URL or alpaca.base_url: credentials over http can be read by whoever listens on the network; use https',
    ]);
    expect(await said('tradier', { ...TRADIER, TRADIER_BASE_URL: 'http://127.0.0.1:81' })).toEqual([]);
  });
});
