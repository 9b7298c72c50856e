/**
 * Every setting: where it stands in the file, which variable wins over it, what it may be, what it is when nobody sets it. The file's schema, the
 * reading of the environment and the table in docs/configuration.md all follow this one table.
 */
import { count, flag, oneOf } from '../../contracts/documents/kinds';
import type { Kind } from '../../contracts/documents/kinds';
import * as kinds from './kinds';

export interface Key<T> {
  /** In the file; absent: it may not stand there. */
  readonly path?: string;
  readonly variable: string;
  readonly kind: Kind<T>;
  /** How a variable's text is taken: as it is, as digits, as true or false, as texts between commas. */
  readonly form: 'text' | 'digits' | 'flag' | 'list';
  readonly standard?: T;
  /** What the page says it may be, and what it is by default where `standard` does not say it. */
  readonly allowed: string;
  readonly otherwise?: string;
  readonly about: string;
  /** A path, which in the file is meant from the file's folder. */
  readonly isPath?: true;
  /** Its variable is read only where orders go to this broker: others set it for programs of their own. */
  readonly broker?: 'alpaca' | 'tradier';
}

/** A setting that has a value even if nobody sets it. */
export interface KeyWithDefault<T> extends Key<T> {
  readonly standard: T;
}

const key = <const T>(key: Key<T>): Key<T> => key;
const keyOr = <const T>(key: KeyWithDefault<T>): KeyWithDefault<T> => key;

const range = (
  least: number,
  most: number,
): { readonly kind: Kind<number>; readonly form: 'digits'; readonly allowed: string } => ({
  kind: count(least, most),
  form: 'digits',
  allowed: `${least.toLocaleString('en')} to ${most.toLocaleString('en')}`,
});
const label = { kind: kinds.label, form: 'text', allowed: `1 to ${kinds.LONGEST_LABEL} of \`a-z A-Z 0-9 . _ -\`` } as const;
const file = { kind: kinds.path, form: 'text', allowed: 'path of a file', isPath: true } as const;
const secret = { kind: kinds.secret, form: 'text', allowed: `1 to ${kinds.LONGEST_SECRET} characters in one line` } as const;
const credential = {
  kind: kinds.credential,
  form: 'text',
  allowed: `1 to ${kinds.LONGEST_SECRET} of the printable ASCII characters, without spaces`,
} as const;
const brokerUrl = {
  kind: kinds.brokerRoot,
  form: 'text',
  allowed: '`http://` or `https://`, without a user, query or fragment',
} as const;
const user = { kind: kinds.username, form: 'text', allowed: `1 to ${kinds.LONGEST_LABEL} characters` } as const;

export const KEYS = {
  bus: key({
    path: 'bus',
    variable: 'POLICYGATE_BUS',
    kind: oneOf('embedded', 'kafka'),
    form: 'text',
    allowed: '`embedded` or `kafka`',
    otherwise: '`kafka` where brokers are set, else `embedded`',
    about: 'which bus to work on; flag `--bus`',
  }),
  dataDir: key({
    path: 'data_dir',
    variable: 'POLICYGATE_DATA_DIR',
    kind: kinds.path,
    form: 'text',
    isPath: true,
    allowed: 'path of a directory',
    about: 'where the embedded bus keeps its records; flag `--data-dir`',
  }),
  brokers: key({
    path: 'kafka.brokers',
    variable: 'KAFKA_BROKERS',
    kind: kinds.brokers,
    form: 'list',
    allowed: `1 to ${kinds.MOST_BROKERS} of \`host:port\`, each once; a name or an IPv4 address`,
    otherwise: 'none; needed on Kafka',
    about: 'brokers to ask first, as a list; in the variable between commas',
  }),
  clientId: keyOr({
    path: 'kafka.client_id',
    variable: 'KAFKA_CLIENT_ID',
    ...label,
    standard: 'policygate',
    about: "what the brokers' logs, quotas and metrics call this client",
  }),
  tls: key({
    path: 'kafka.tls',
    variable: 'KAFKA_TLS',
    kind: flag,
    form: 'flag',
    allowed: '`true`, `false`; in the file also a mapping with the keys below',
    otherwise: '`true` where one of the keys below is set, else `false`',
    about: 'encrypt, and verify the brokers against the authorities that Node knows',
  }),
  tlsCaFile: key({
    path: 'kafka.tls.ca_file',
    variable: 'KAFKA_TLS_CA_FILE',
    ...file,
    about: 'certificate authorities to trust instead (PEM)',
  }),
  tlsCertFile: key({
    path: 'kafka.tls.cert_file',
    variable: 'KAFKA_TLS_CERT_FILE',
    ...file,
    about: 'our certificate, where brokers ask for one (PEM); only with a key',
  }),
  tlsKeyFile: key({
    path: 'kafka.tls.key_file',
    variable: 'KAFKA_TLS_KEY_FILE',
    ...file,
    about: 'its private key, without a passphrase (PEM)',
  }),
  tlsServerName: key({
    path: 'kafka.tls.server_name',
    variable: 'KAFKA_TLS_SERVER_NAME',
    kind: kinds.host,
    form: 'text',
    allowed: 'name of a host or an IP address',
    otherwise: 'the host that is dialled',
    about: "the name that the brokers' certificates must carry",
  }),
  saslMechanism: key({
    path: 'kafka.sasl.mechanism',
    variable: 'KAFKA_SASL_MECHANISM',
    kind: kinds.mechanism,
    form: 'text',
    allowed: '`plain`, `scram-sha-256` or `scram-sha-512`, in any case',
    otherwise: 'none: no SASL',
    about: 'how to log in to the brokers; needs a user name and a password',
  }),
  saslUsername: key({ path: 'kafka.sasl.username', variable: 'KAFKA_SASL_USERNAME', ...user, about: 'whom to log in as' }),
  saslPasswordFile: key({
    path: 'kafka.sasl.password_file',
    variable: 'KAFKA_SASL_PASSWORD_FILE',
    ...file,
    about: 'a file that holds the password; a line end after it is not part of it',
  }),
  saslPassword: key({ variable: 'KAFKA_SASL_PASSWORD', ...secret, about: 'the password itself; not together with its file' }),
  topicPrefix: keyOr({
    path: 'kafka.topic_prefix',
    variable: 'POLICYGATE_TOPIC_PREFIX',
    kind: kinds.topicPrefix,
    form: 'text',
    standard: '',
    allowed: `up to ${kinds.LONGEST_PREFIX} of \`a-z A-Z 0-9 . _ -\``,
    about: 'before the name of every topic and transactional id, so that several gates can share a cluster',
  }),
  inputTimestamps: keyOr({
    path: 'kafka.input_timestamps',
    variable: 'POLICYGATE_INPUT_TIMESTAMPS',
    kind: oneOf('LogAppendTime', 'CreateTime'),
    form: 'text',
    standard: 'LogAppendTime',
    allowed: '`LogAppendTime` or `CreateTime`',
    about: "whose clock stamps the inputs: the brokers', or, to play recorded days, the senders'",
  }),
  bufferBytes: keyOr({
    path: 'kafka.buffer_bytes',
    variable: 'POLICYGATE_BUFFER_BYTES',
    ...range(65_536, 268_435_456),
    standard: 8_388_608,
    about: 'bytes of records that one partition may have waiting in a reader; above it, fetching pauses',
  }),
  registryUrl: key({
    path: 'schema_registry.url',
    variable: 'SCHEMA_REGISTRY_URL',
    kind: kinds.httpRoot,
    form: 'text',
    allowed: '`http://` or `https://`, without a user, query or fragment',
    otherwise: 'none; needed on Kafka',
    about: 'root of the Confluent-compatible API of the schema registry',
  }),
  registryUsername: key({
    path: 'schema_registry.username',
    variable: 'SCHEMA_REGISTRY_USERNAME',
    ...user,
    about: 'whom to log in to it as; needs a password',
  }),
  registryPasswordFile: key({
    path: 'schema_registry.password_file',
    variable: 'SCHEMA_REGISTRY_PASSWORD_FILE',
    ...file,
    about: 'a file that holds the password; a line end after it is not part of it',
  }),
  registryPassword: key({
    variable: 'SCHEMA_REGISTRY_PASSWORD',
    ...secret,
    about: 'the password itself; not together with its file',
  }),
  registryCaFile: key({
    path: 'schema_registry.ca_file',
    variable: 'SCHEMA_REGISTRY_CA_FILE',
    ...file,
    about: 'certificate authorities to trust for it instead of those that Node knows (PEM)',
  }),
  group: keyOr({
    path: 'group',
    variable: 'POLICYGATE_GROUP',
    ...label,
    standard: 'policygate',
    about: 'consumer groups are named after it: `<group>-processor`, `<group>-gateway`',
  }),
  batchRecords: keyOr({
    path: 'limits.batch_records',
    variable: 'POLICYGATE_BATCH_RECORDS',
    ...range(1, 10_000),
    standard: 1_000,
    about: 'inputs that one transaction of a shard folds at most',
  }),
  sessionTimeoutMs: keyOr({
    path: 'limits.session_timeout_ms',
    variable: 'POLICYGATE_SESSION_TIMEOUT_MS',
    ...range(1_000, 300_000),
    standard: 10_000,
    about:
      'milliseconds; a member that is silent for so long has its shards taken over. Brokers refuse less than 6,000 unless told otherwise',
  }),
  checkpointKeyFile: key({
    path: 'checkpoints.key_file',
    variable: 'POLICYGATE_CHECKPOINT_KEY_FILE',
    ...file,
    otherwise: 'none: no checkpoints are made',
    about: 'the private key that signs checkpoints of the audit records, as `checkpoint keygen` made it',
  }),
  checkpointEveryRecords: keyOr({
    path: 'checkpoints.every_records',
    variable: 'POLICYGATE_CHECKPOINT_EVERY_RECORDS',
    ...range(1, 1_000_000_000),
    standard: 10_000,
    about: 'a checkpoint after so many audit records of a shard',
  }),
  checkpointEverySeconds: keyOr({
    path: 'checkpoints.every_seconds',
    variable: 'POLICYGATE_CHECKPOINT_EVERY_SECONDS',
    ...range(1, 86_400),
    standard: 60,
    about: 'and of what there is, so many seconds after the first audit record that none covers',
  }),
  checkpointFile: key({
    path: 'checkpoints.file',
    variable: 'POLICYGATE_CHECKPOINT_FILE',
    ...file,
    about: 'a file that every checkpoint is added to as well, a line each; best on another disk',
  }),
  pollIntervalMs: keyOr({
    path: 'gateway.poll_interval_ms',
    variable: 'POLICYGATE_POLL_INTERVAL_MS',
    ...range(200, 60_000),
    standard: 2_000,
    about: "milliseconds between two looks at the open orders; a broker's rate limit may stretch it",
  }),
  reconcileIntervalMs: keyOr({
    path: 'gateway.reconcile_interval_ms',
    variable: 'POLICYGATE_RECONCILE_INTERVAL_MS',
    ...range(5_000, 3_600_000),
    standard: 60_000,
    about: "milliseconds between two comparisons of the broker's account with the log",
  }),
  alpacaKeyId: key({
    path: 'alpaca.key_id',
    variable: 'APCA_API_KEY_ID',
    broker: 'alpaca',
    kind: kinds.keyId,
    form: 'text',
    allowed: `1 to ${kinds.LONGEST_LABEL} of the printable ASCII characters, without spaces`,
    otherwise: 'none; needed with `--broker alpaca`',
    about: 'id of the API key of the account',
  }),
  alpacaSecretKeyFile: key({
    path: 'alpaca.secret_key_file',
    variable: 'APCA_API_SECRET_KEY_FILE',
    broker: 'alpaca',
    ...file,
    about: 'a file that holds its secret; a line end after it is not part of it',
  }),
  alpacaSecretKey: key({
    variable: 'APCA_API_SECRET_KEY',
    broker: 'alpaca',
    ...credential,
    otherwise: 'none; this or its file is needed with `--broker alpaca`',
    about: 'the secret itself; not together with its file',
  }),
  alpacaBaseUrl: keyOr({
    path: 'alpaca.base_url',
    variable: 'APCA_API_BASE_URL',
    broker: 'alpaca',
    ...brokerUrl,
    standard: 'https://paper-api.alpaca.markets',
    about: 'root of the trading API. **Live**: `https://api.alpaca.markets`',
  }),
  tradierTokenFile: key({
    path: 'tradier.token_file',
    variable: 'TRADIER_TOKEN_FILE',
    broker: 'tradier',
    ...file,
    about: 'a file that holds the access token; a line end after it is not part of it',
  }),
  tradierToken: key({
    variable: 'TRADIER_TOKEN',
    broker: 'tradier',
    ...credential,
    otherwise: 'none; this or its file is needed with `--broker tradier`',
    about: 'the access token itself; not together with its file',
  }),
  tradierAccountId: key({
    path: 'tradier.account_id',
    variable: 'TRADIER_ACCOUNT_ID',
    broker: 'tradier',
    ...label,
    otherwise: 'none; needed with `--broker tradier`',
    about: 'number of the account that is traded',
  }),
  tradierEnvironment: key({
    path: 'tradier.environment',
    variable: 'TRADIER_ENV',
    broker: 'tradier',
    kind: oneOf('sandbox', 'live'),
    form: 'text',
    allowed: '`sandbox` or `live`',
    otherwise: 'none; needed with `--broker tradier`',
    about: 'whose token and account they are. **Live** trades real money',
  }),
  tradierBaseUrl: key({
    path: 'tradier.base_url',
    variable: 'TRADIER_BASE_URL',
    broker: 'tradier',
    ...brokerUrl,
    otherwise: "the environment's: `https://sandbox.tradier.com/v1` or `https://api.tradier.com/v1`",
    about: 'root of the API, where a proxy or a test stands before it',
  }),
  monitoringHost: keyOr({
    path: 'monitoring.host',
    variable: 'POLICYGATE_MONITORING_HOST',
    kind: kinds.host,
    form: 'text',
    standard: '127.0.0.1',
    allowed: 'name of a host or an IP address',
    about: 'where /health, /ready and /metrics listen; only with a port. In a container: `0.0.0.0`',
  }),
  monitoringPort: key({
    path: 'monitoring.port',
    variable: 'POLICYGATE_MONITORING_PORT',
    ...range(0, 65_535),
    otherwise: 'none: they are not served',
    about: 'its port; 0: any that is free',
  }),
  httpHost: keyOr({
    path: 'http.host',
    variable: 'POLICYGATE_HTTP_HOST',
    kind: kinds.host,
    form: 'text',
    standard: '127.0.0.1',
    allowed: 'name of a host or an IP address',
    about: 'where `serve` listens; beyond the loopback interface only with tokens. In a container: `0.0.0.0`; flag `--host`',
  }),
  httpPort: keyOr({
    path: 'http.port',
    variable: 'POLICYGATE_HTTP_PORT',
    ...range(0, 65_535),
    standard: 8_100,
    about: 'its port; 0: any that is free; flag `--port`',
  }),
  httpTokensFile: key({
    path: 'http.tokens_file',
    variable: 'POLICYGATE_HTTP_TOKENS_FILE',
    ...file,
    otherwise: 'none: who reaches the loopback interface may do everything',
    about: 'the tokens that callers need, with their roles; flag `--tokens`',
  }),
  httpTlsCertFile: key({
    path: 'http.tls_cert_file',
    variable: 'POLICYGATE_HTTP_TLS_CERT_FILE',
    ...file,
    otherwise: 'none: plain HTTP',
    about: 'our certificate (PEM); only with a key; flag `--tls-cert`',
  }),
  httpTlsKeyFile: key({
    path: 'http.tls_key_file',
    variable: 'POLICYGATE_HTTP_TLS_KEY_FILE',
    ...file,
    about: 'its private key, without a passphrase (PEM); flag `--tls-key`',
  }),
  httpRateLimit: keyOr({
    path: 'http.rate_limit',
    variable: 'POLICYGATE_HTTP_RATE_LIMIT',
    ...range(0, 1_000_000),
    standard: 2_000,
    about: 'requests that one token may send in a second; 0: any number; flag `--rate-limit`',
  }),
  httpToken: key({
    variable: 'POLICYGATE_TOKEN',
    ...credential,
    allowed: '16 to 512 letters, digits or any of `- . _ ~ + /`',
    about: 'a token that may do everything, beside those of the file; `policygate top` sends it',
  }),
  logLevel: keyOr({
    path: 'log_level',
    variable: 'POLICYGATE_LOG_LEVEL',
    kind: oneOf('error', 'warn', 'info', 'debug'),
    form: 'text',
    standard: 'info',
    allowed: '`error`, `warn`, `info` or `debug`',
    about: 'what services log: this and what is graver',
  }),
} as const;

export const ALL_KEYS: readonly Key<unknown>[] = Object.values(KEYS);

/** The variable that names the file; the flag `--config` wins over it. */
export const CONFIG_VARIABLE = 'POLICYGATE_CONFIG';

/** A setting as a message names it. */
export const nameOf = ({ variable, path }: Pick<Key<unknown>, 'variable' | 'path'>): string =>
  path === undefined ? variable : `${variable} or ${path}`;
