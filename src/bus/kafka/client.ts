/** A kafkajs client by our options. It sends nothing by itself. */
import { Kafka, logLevel } from 'kafkajs';
import type { ISocketFactory, KafkaConfig, SASLOptions } from 'kafkajs';
import type { KafkaLog, KafkaOptions, SaslOptions, TlsOptions } from './options';

/** Why a connection ended that we ended. */
export const DISCARDED = 'the connection was given up';

/** A connection that is not there after this is given up. */
const CONNECTION_TIMEOUT_MS = 3_000;
/** An answer that has not come by then will not be waited for: half of what a transaction may take. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Few retries and short ones: what fails is thrown away and opened again by its owner, with its own patience. With kafkajs's default of 300 ms for
 * the first retry a transaction after another takes a quarter of a second.
 */
const RETRY = { initialRetryTime: 5, maxRetryTime: 500, retries: 6 };

/** `socketFactory`: for whoever must be able to end the connections itself. */
export const openClient = ({ brokers, clientId, tls, sasl, log }: KafkaOptions, socketFactory?: ISocketFactory): Kafka => {
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: log === undefined ? logLevel.NOTHING : logLevel.INFO,
    logCreator: () => (log === undefined ? () => undefined : logged(log)),
    ...(socketFactory === undefined ? {} : { socketFactory }),
    ...(tls === undefined ? {} : { ssl: tlsSettings(tls) }),
    ...(sasl === undefined ? {} : { sasl: saslSettings(sasl) }),
  };
  return new Kafka(config);
};

const tlsSettings = ({ ca, cert, key, serverName }: TlsOptions) => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  ...(serverName === undefined ? {} : { servername: serverName }),
});

const saslSettings = ({ mechanism, username, password }: SaslOptions): SASLOptions => ({ mechanism, username, password });

const LEVELS = {
  [logLevel.ERROR]: 'error',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'info',
  [logLevel.DEBUG]: 'debug',
} as const;

/** Said often while all is well: a broker that cannot do it yet, some at each commit, and connections that we end ourselves (internals.ts). */
const EVERYDAY = new RegExp(`^Response |${DISCARDED}`);

/** Only its sentence, and where: other fields of kafkajs hold stack traces and whatever a broker answered. */
const logged =
  (log: KafkaLog) =>
  ({
    namespace,
    level,
    log: entry,
  }: {
    namespace: string;
    level: logLevel;
    log: { message: string; broker?: string; error?: string };
  }) => {
    if (level === logLevel.NOTHING) return;
    const { message, broker, error } = entry;
    // What kafkajs calls an error is to us a try that failed: whoever gives up says so. A connection that fails is worth knowing of all the same.
    const ours = LEVELS[level] === 'error' && !EVERYDAY.test(message) ? 'warn' : 'debug';
    log(ours, message, {
      client: namespace,
      ...(broker === undefined ? {} : { broker }),
      ...(typeof error === 'string' ? { error } : {}),
    });
  };
