/**
 * Reads what a service or a command is configured with. Flags win over the environment, that over the file, that over the defaults; a secret comes
 * from the environment or from a file of its own. Throws a Failure of one line that names every mistake by its variable or its path, never by
 * what a secret is. Passwords and certificates are read only where the bus is Kafka.
 */
import type { KafkaOptions, RegistryOptions, SaslOptions, TlsOptions } from '../../bus/kafka/options';
import { alternatives, quoted } from '../../contracts/contractError';
import type { ContractError } from '../../contracts/contractError';
import { didYouMean } from '../../contracts/nearest';
import { Failure } from '../failure';
import { errorsInOneLine } from '../files';
import { readEnvironment } from './environment';
import type { Environment } from './environment';
import { Found, secretOf, setTwice } from './found';
import { KEYS, nameOf } from './keys';
import type { Key } from './keys';
import { readCertificates, readIdentity } from './secretFiles';
import type { BusFlags, BusKind, Settings } from './settings';
import { readNamedFile } from './settingsFile';

export interface ReadSettings extends Settings {
  /** What works and is still worth saying, in one line each. */
  readonly warnings: readonly string[];
}

export const readSettings = async (flags: BusFlags, env: Environment): Promise<ReadSettings> => {
  const environment = readEnvironment(env);
  const found = new Found(environment.values, await readNamedFile(flags, env));
  const bus = busOf(flags, found);
  // A value that could not be read would be missed below, which is no news.
  const errors = environment.errors.length > 0 ? environment.errors : mistakes(bus, found);
  if (errors.length > 0) throw new Failure(errorsInOneLine(errors));

  const registry: RegistryOptions = bus === 'kafka' ? await registryOptions(found) : { url: '' };
  const kafka = await kafkaOptions(bus, found);
  const port = found.value(KEYS.monitoringPort);
  return {
    bus,
    dataDir: flags.dataDir ?? found.value(KEYS.dataDir),
    kafka,
    registry,
    group: found.or(KEYS.group),
    limits: { batchRecords: found.or(KEYS.batchRecords), sessionTimeoutMs: found.or(KEYS.sessionTimeoutMs) },
    checkpoints: {
      keyFile: found.value(KEYS.checkpointKeyFile),
      everyRecords: found.or(KEYS.checkpointEveryRecords),
      everySeconds: found.or(KEYS.checkpointEverySeconds),
      file: found.value(KEYS.checkpointFile),
    },
    monitoring: port === undefined ? undefined : { host: found.or(KEYS.monitoringHost), port },
    logLevel: found.or(KEYS.logLevel),
    warnings: [
      ...environment.warnings,
      ...(port === undefined && found.value(KEYS.monitoringHost) !== undefined
        ? [`${nameOf(KEYS.monitoringHost)}: serves nothing without a port; set ${nameOf(KEYS.monitoringPort)}`]
        : []),
      ...(bus === 'kafka' ? doubts(kafka, registry) : []),
    ],
  };
};

const BUSES = ['embedded', 'kafka'] as const satisfies readonly BusKind[];

const busOf = (flags: BusFlags, found: Found): BusKind => {
  const { bus: flag } = flags;
  const named = flag === undefined ? undefined : BUSES.find((each) => each === flag);
  if (flag !== undefined && named === undefined)
    throw new Failure(`--bus: expected ${alternatives(BUSES)}, found ${quoted(flag)}${didYouMean(flag, BUSES)}`);
  if (flags.dataDir === '') throw new Failure('--data-dir: expected the path of a directory, found an empty text');
  if (flags.dataDir !== undefined && named === 'kafka')
    throw new Failure('--data-dir: expected with the embedded bus only, found with --bus kafka; leave one of the two out');
  // Who names a directory means it, whatever the environment says of a cluster.
  if (flags.dataDir !== undefined) return 'embedded';
  return named ?? found.value(KEYS.bus) ?? (found.value(KEYS.brokers) === undefined ? 'embedded' : 'kafka');
};

const TLS_DETAILS = [KEYS.tlsCaFile, KEYS.tlsCertFile, KEYS.tlsKeyFile, KEYS.tlsServerName];

/** What each setting allows alone, and the others do not. */
const mistakes = (bus: BusKind, found: Found): readonly ContractError[] => {
  const errors: ContractError[] = [];
  const fault = (key: Key<unknown>, message: string): void => void errors.push({ path: nameOf(key), message });
  const together = (one: Key<unknown>, other: Key<unknown>): void => {
    const [first, second] = [one, other].map((key) => found.value(key) !== undefined);
    if (first !== second)
      fault(first === true ? other : one, `is missing; expected together with ${nameOf(first === true ? one : other)}`);
  };

  errors.push(...setTwice(found, KEYS.saslPassword, KEYS.saslPasswordFile));
  errors.push(...setTwice(found, KEYS.registryPassword, KEYS.registryPasswordFile));
  together(KEYS.tlsCertFile, KEYS.tlsKeyFile);
  if (found.value(KEYS.tls) === false) {
    for (const key of TLS_DETAILS.filter((each) => found.inEnvironment(each)))
      errors.push({ path: key.variable, message: `expected with TLS only, found with ${nameOf(KEYS.tls)} set to false` });
  }

  const password = found.secretOr(KEYS.saslPassword, KEYS.saslPasswordFile);
  const sasl = [found.value(KEYS.saslMechanism), found.value(KEYS.saslUsername), password];
  if (sasl.some((part) => part !== undefined)) {
    const parts = [KEYS.saslMechanism, KEYS.saslUsername, KEYS.saslPasswordFile];
    for (const [index, key] of parts.entries())
      if (sasl[index] === undefined) fault(key, 'is missing; SASL needs a mechanism, a user name and a password');
  }
  const login = found.secretOr(KEYS.registryPassword, KEYS.registryPasswordFile);
  if ((found.value(KEYS.registryUsername) === undefined) !== (login === undefined))
    fault(
      login === undefined ? KEYS.registryPasswordFile : KEYS.registryUsername,
      'is missing; the registry needs a user name and a password, or neither',
    );

  if (bus === 'kafka') {
    if (found.value(KEYS.brokers) === undefined)
      fault(KEYS.brokers, 'is missing; the Kafka bus needs the addresses of brokers as `host:port`');
    if (found.value(KEYS.registryUrl) === undefined)
      fault(KEYS.registryUrl, 'is missing; the Kafka bus needs a schema registry, such as "http://127.0.0.1:8081"');
  }
  return errors;
};

const kafkaOptions = async (bus: BusKind, found: Found): Promise<Omit<KafkaOptions, 'log'>> => {
  const tls = bus === 'kafka' ? await tlsOptions(found) : undefined;
  const sasl = bus === 'kafka' ? await saslOptions(found) : undefined;
  return {
    brokers: found.value(KEYS.brokers) ?? [],
    clientId: found.or(KEYS.clientId),
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
    topicPrefix: found.or(KEYS.topicPrefix),
    bufferBytes: found.or(KEYS.bufferBytes),
    inputTimestamps: found.or(KEYS.inputTimestamps),
  };
};

const tlsOptions = async (found: Found): Promise<TlsOptions | undefined> => {
  const [ca, cert, key, serverName] = TLS_DETAILS.map((detail) => found.value(detail));
  if (!(found.value(KEYS.tls) ?? [ca, cert, key, serverName].some((detail) => detail !== undefined))) return undefined;
  return {
    ...(ca === undefined ? {} : { ca: await readCertificates(ca, nameOf(KEYS.tlsCaFile)) }),
    ...(cert === undefined || key === undefined
      ? {}
      : await readIdentity({ file: cert, setting: nameOf(KEYS.tlsCertFile) }, { file: key, setting: nameOf(KEYS.tlsKeyFile) })),
    ...(serverName === undefined ? {} : { serverName }),
  };
};

const saslOptions = async (found: Found): Promise<SaslOptions | undefined> => {
  const mechanism = found.value(KEYS.saslMechanism);
  const username = found.value(KEYS.saslUsername);
  const password = await secretOf(found, KEYS.saslPassword, KEYS.saslPasswordFile);
  return mechanism === undefined || username === undefined || password === undefined
    ? undefined
    : { mechanism, username, password };
};

const registryOptions = async (found: Found): Promise<RegistryOptions> => {
  const username = found.value(KEYS.registryUsername);
  const password = await secretOf(found, KEYS.registryPassword, KEYS.registryPasswordFile);
  const ca = found.value(KEYS.registryCaFile);
  return {
    url: found.value(KEYS.registryUrl) ?? '',
    ...(username === undefined || password === undefined ? {} : { username, password }),
    ...(ca === undefined ? {} : { ca: await readCertificates(ca, nameOf(KEYS.registryCaFile)) }),
  };
};

const doubts = ({ tls, sasl }: Pick<KafkaOptions, 'tls' | 'sasl'>, { url, password, ca }: RegistryOptions): readonly string[] => {
  const warnings: string[] = [];
  const plaintext = !/^https:/i.test(url);
  if (sasl !== undefined && tls === undefined)
    warnings.push(
      `${nameOf(KEYS.saslMechanism)}: SASL without TLS; whoever listens on the network can log in too, set ${nameOf(KEYS.tls)}`,
    );
  if (password !== undefined && plaintext)
    warnings.push(`${nameOf(KEYS.registryUrl)}: a password over http can be read by whoever listens on the network; use https`);
  if (ca !== undefined && plaintext) warnings.push(`${nameOf(KEYS.registryCaFile)}: has no use over http; use https`);
  return warnings;
};
