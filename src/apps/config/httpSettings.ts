/**
 * Reads how `policygate serve` listens: flags win over the environment, that over the file, that over the defaults. Throws a Failure of one line
 * that names every mistake. Tokens and certificates are read by whoever serves; here is where they stand.
 */
import { Refusal } from '../../contracts/documents/kinds';
import type { ContractError } from '../../contracts/contractError';
import { JsonNumber } from '../../contracts/json/value';
import { Failure } from '../failure';
import { errorsInOneLine } from '../files';
import { readVariables } from './environment';
import type { Environment } from './environment';
import { Found } from './found';
import { KEYS, nameOf } from './keys';
import type { Key } from './keys';
import type { BusFlags } from './settings';
import { readNamedFile } from './settingsFile';

/** As a command line says them. */
export interface HttpFlags extends Pick<BusFlags, 'config'> {
  readonly host?: string;
  readonly port?: string;
  readonly tokens?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly rateLimit?: string;
}

export interface HttpSettings {
  readonly host: string;
  /** Zero: any that is free. */
  readonly port: number;
  readonly tokensFile: string | undefined;
  /** One that may do everything, from the environment. */
  readonly token: string | undefined;
  /** Paths, of PEM; undefined: plain HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Requests a second, per token; zero: any number. */
  readonly rateLimit: number;
}

const HTTP_KEYS: readonly Key<unknown>[] = [
  KEYS.httpHost,
  KEYS.httpPort,
  KEYS.httpTokensFile,
  KEYS.httpTlsCertFile,
  KEYS.httpTlsKeyFile,
  KEYS.httpRateLimit,
  KEYS.httpToken,
];

export const httpSettings = async (flags: HttpFlags, env: Environment): Promise<HttpSettings> => {
  const { values, errors } = readVariables(env, HTTP_KEYS);
  const found = new Found(values, await readNamedFile(flags, env));
  const faults: ContractError[] = [...errors];
  const given = <T>(key: Key<T>, flag: string, text: string | undefined): Named<T> | undefined => {
    if (text === undefined) {
      const value = found.value(key);
      return value === undefined ? undefined : { value, setting: nameOf(key) };
    }
    const read = key.kind.read(key.form === 'digits' && /^[0-9]+$/.test(text) ? new JsonNumber(text) : text);
    if (!(read instanceof Refusal)) return { value: read, setting: flag };
    faults.push(...read.faults.map(({ message }) => ({ path: flag, message })));
    return undefined;
  };
  const host = given(KEYS.httpHost, '--host', flags.host);
  const port = given(KEYS.httpPort, '--port', flags.port);
  const rateLimit = given(KEYS.httpRateLimit, '--rate-limit', flags.rateLimit);
  const tokens = given(KEYS.httpTokensFile, '--tokens', flags.tokens);
  const cert = given(KEYS.httpTlsCertFile, '--tls-cert', flags.tlsCert);
  const key = given(KEYS.httpTlsKeyFile, '--tls-key', flags.tlsKey);
  if ((cert === undefined) !== (key === undefined))
    faults.push({
      path: cert === undefined ? '--tls-cert' : '--tls-key',
      message: `is missing; expected together with ${(cert ?? key)?.setting ?? ''}`,
    });
  if (faults.length > 0) throw new Failure(errorsInOneLine(faults));
  return {
    host: host?.value ?? KEYS.httpHost.standard,
    port: port?.value ?? KEYS.httpPort.standard,
    tokensFile: tokens?.value,
    token: found.value(KEYS.httpToken),
    tls: cert === undefined || key === undefined ? undefined : { certFile: cert.value, keyFile: key.value },
    rateLimit: rateLimit?.value ?? KEYS.httpRateLimit.standard,
  };
};

interface Named<T> {
  readonly value: T;
  /** The flag, or the setting, that said it. */
  readonly setting: string;
}
