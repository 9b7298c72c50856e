/**
 * Reads what it takes to send orders to a broker: from the environment and the settings file, and only that broker's own settings. Throws a
 * Failure of one line that names everything that is missing; what a secret is stands in no message.
 */
import { alternatives } from '../../contracts/contractError';
import type { ContractError } from '../../contracts/contractError';
import type { BrokerName } from '../../gateway/broker';
import { Failure } from '../failure';
import { errorsInOneLine } from '../files';
import { readVariables } from './environment';
import type { Environment } from './environment';
import { Found, secretOf, setTwice } from './found';
import { ALL_KEYS, KEYS, nameOf } from './keys';
import type { Key } from './keys';
import type { BrokerAccount, BrokerSettings, BusFlags } from './settings';
import { readNamedFile } from './settingsFile';

const PACE: readonly Key<unknown>[] = [KEYS.pollIntervalMs, KEYS.reconcileIntervalMs];

/** The settings file is the one of `--config`, else of its variable, as for every other setting. */
export const brokerSettings = async (
  name: BrokerName,
  flags: Pick<BusFlags, 'config'>,
  env: Environment,
): Promise<BrokerSettings> => {
  const keys = [...PACE, ...ALL_KEYS.filter(({ broker }) => broker === name)];
  const { values, errors } = readVariables(env, keys);
  const found = new Found(values, await readNamedFile(flags, env));
  const twice = [
    ...setTwice(found, KEYS.alpacaSecretKey, KEYS.alpacaSecretKeyFile),
    ...setTwice(found, KEYS.tradierToken, KEYS.tradierTokenFile),
  ];
  if (errors.length + twice.length > 0) throw new Failure(errorsInOneLine([...errors, ...twice]));
  const account = await accountOf(name, found);
  return {
    account,
    pollEveryMs: found.or(KEYS.pollIntervalMs),
    reconcileEveryMs: found.or(KEYS.reconcileIntervalMs),
    warnings: warningsOf(account),
  };
};

const accountOf = async (name: BrokerName, found: Found): Promise<BrokerAccount> => {
  switch (name) {
    case 'sim':
      return { broker: 'sim' };
    case 'alpaca': {
      const keyId = found.value(KEYS.alpacaKeyId);
      const secret = found.secretOr(KEYS.alpacaSecretKey, KEYS.alpacaSecretKeyFile);
      if (keyId === undefined || secret === undefined)
        throw missing(name, [
          [KEYS.alpacaKeyId, keyId, "the id of the account's API key"],
          [
            KEYS.alpacaSecretKey,
            secret,
            `its secret, or ${KEYS.alpacaSecretKeyFile.variable} to the path of a file that holds it`,
          ],
        ]);
      const secretKey = (await secretOf(found, KEYS.alpacaSecretKey, KEYS.alpacaSecretKeyFile)) ?? '';
      return { broker: 'alpaca', keyId, secretKey, baseUrl: found.or(KEYS.alpacaBaseUrl) };
    }
    case 'tradier': {
      const token = found.secretOr(KEYS.tradierToken, KEYS.tradierTokenFile);
      const accountId = found.value(KEYS.tradierAccountId);
      const environment = found.value(KEYS.tradierEnvironment);
      if (token === undefined || accountId === undefined || environment === undefined)
        throw missing(name, [
          [
            KEYS.tradierToken,
            token,
            `the access token, or ${KEYS.tradierTokenFile.variable} to the path of a file that holds it`,
          ],
          [KEYS.tradierAccountId, accountId, 'the number of the account'],
          [KEYS.tradierEnvironment, environment, '`sandbox` or `live`'],
        ]);
      const baseUrl = found.value(KEYS.tradierBaseUrl);
      const mistake = wrongEnvironment(environment, baseUrl);
      if (mistake !== undefined) throw new Failure(errorsInOneLine([mistake]));
      return {
        broker: 'tradier',
        token: (await secretOf(found, KEYS.tradierToken, KEYS.tradierTokenFile)) ?? '',
        accountId,
        environment,
        baseUrl,
      };
    }
  }
};

/** All that is missing, in one line. */
const missing = (name: BrokerName, parts: readonly (readonly [Key<unknown>, unknown, string])[]): Failure => {
  const lacking = parts.filter(([, value]) => value === undefined);
  const names = lacking.map(([{ variable }]) => variable);
  const last = names.pop() ?? '';
  const subject = names.length === 0 ? `${last} is` : `${names.join(', ')} and ${last} are`;
  return new Failure(
    `${subject} missing; --broker ${name} needs ${lacking.length === 1 ? 'it' : 'them'}: ` +
      lacking.map(([{ variable }, , what]) => `set ${variable} to ${what}`).join('; '),
  );
};

const TRADIER_HOSTS = { sandbox: 'sandbox.tradier.com', live: 'api.tradier.com' } as const;
const ALPACA_LIVE = 'api.alpaca.markets';

/** Who says sandbox and dials the live host, or the other way round, has one of the two wrong. */
const wrongEnvironment = (environment: 'sandbox' | 'live', baseUrl: string | undefined): ContractError | undefined => {
  const other = environment === 'sandbox' ? 'live' : 'sandbox';
  if (baseUrl === undefined || hostOf(baseUrl) !== TRADIER_HOSTS[other]) return undefined;
  return {
    path: nameOf(KEYS.tradierBaseUrl),
    message: `is the host of ${other} accounts, and ${nameOf(KEYS.tradierEnvironment)} is \`${environment}\`; expected ${alternatives([`https://${TRADIER_HOSTS[environment]}/v1`])}, or leave it out`,
  };
};

const warningsOf = (account: BrokerAccount): readonly string[] => {
  if (account.broker === 'sim') return [];
  const { broker, baseUrl } = account;
  const isLive = broker === 'alpaca' ? hostOf(account.baseUrl) === ALPACA_LIVE : account.environment === 'live';
  const key = broker === 'alpaca' ? KEYS.alpacaBaseUrl : KEYS.tradierBaseUrl;
  return [
    ...(isLive ? [`orders go to a live account of ${broker}: they trade real money`] : []),
    ...(baseUrl !== undefined && /^http:/i.test(baseUrl) && !isLocal(hostOf(baseUrl))
      ? [`${nameOf(key)}: credentials over http can be read by whoever listens on the network; use https`]
      : []),
  ];
};

/** As DNS takes it: in small letters, without the dot that may end it. */
const hostOf = (url: string): string => new URL(url).hostname.replace(/\.$/, '');

const isLocal = (host: string): boolean => /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(host);
