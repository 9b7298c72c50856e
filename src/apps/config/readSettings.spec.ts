import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { Failure } from '../failure';
import type { Environment } from './environment';
import { ALL_KEYS } from './keys';
import { readSettings } from './readSettings';
import type { BusFlags } from './settings';

const folder = mkdtempSync(join(tmpdir(), 'policygate-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fileWith = (text: string): string => {
  const file = join(folder, `file-${files++}.yaml`);
  writeFileSync(file, text);
  return file;
};

const KAFKA = { KAFKA_BROKERS: 'b:9092', SCHEMA_REGISTRY_URL: 'http://r:8081' };
const KAFKA_YAML = 'kafka: {brokers: ["b:9092"]}\nschema_registry: {url: "http://r:8081"}\n';

/** The line of the Failure, with the folder cut from it; it has one line. */
const refusal = async (flags: BusFlags, env: Environment): Promise<string> => {
  const error: unknown = await readSettings(flags, env).catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${JSON.stringify(error)}`);
  expect(error.message).not.toMatch(/[\r\n]/);
  return error.message.replaceAll(`${folder}/`, '').replace(/file-\d+/g, 'file');
};
const ofFile = (text: string, env: Environment = {}): Promise<string> => refusal({ config: fileWith(text) }, env);

it('works with nothing: the embedded bus and the defaults', async () =>
  expect(await readSettings({}, {})).toEqual({
    bus: 'embedded',
    dataDir: undefined,
    kafka: { brokers: [], clientId: 'policygate', topicPrefix: '', bufferBytes: 8_388_608, inputTimestamps: 'LogAppendTime' },
    registry: { url: '' },
    group: 'policygate',
    limits: { batchRecords: 1_000, sessionTimeoutMs: 10_000 },
    checkpoints: { keyFile: undefined, everyRecords: 10_000, everySeconds: 60, file: undefined },
    monitoring: undefined,
    logLevel: 'info',
    warnings: [],
  }));

describe('each setting', () => {
  const password = fileWith('from-file\n');
  /** Variable, its text, the file's text, and where each is found in the settings; the file's paths start in the folder. */
  const cases: readonly (readonly [
    string,
    string,
    string,
    (settings: Awaited<ReturnType<typeof readSettings>>) => unknown,
    unknown,
    unknown,
  ])[] = [
    ['POLICYGATE_BUS', 'embedded', 'bus: kafka', (s) => s.bus, 'embedded', 'kafka'],
    ['POLICYGATE_DATA_DIR', 'here', 'data_dir: there', (s) => s.dataDir, 'here', resolve(folder, 'there')],
    ['KAFKA_BROKERS', 'a:1, c:2', 'kafka: {brokers: [x.y:65535]}', (s) => s.kafka.brokers, ['a:1', 'c:2'], ['x.y:65535']],
    ['KAFKA_CLIENT_ID', 'one', 'kafka: {client_id: two}', (s) => s.kafka.clientId, 'one', 'two'],
    ['KAFKA_TLS', 'false', 'kafka: {tls: true}', (s) => s.kafka.tls, undefined, {}],
    [
      'KAFKA_TLS_SERVER_NAME',
      'a.b',
      'kafka: {tls: {server_name: c.d}}',
      (s) => s.kafka.tls,
      { serverName: 'a.b' },
      { serverName: 'c.d' },
    ],
    [
      'KAFKA_SASL_MECHANISM',
      'SCRAM-SHA-256',
      'kafka: {sasl: {mechanism: plain}}',
      (s) => s.kafka.sasl?.mechanism,
      'scram-sha-256',
      'plain',
    ],
    ['KAFKA_SASL_USERNAME', 'one', 'kafka: {sasl: {username: two}}', (s) => s.kafka.sasl?.username, 'one', 'two'],
    [
      'KAFKA_SASL_PASSWORD',
      'direct',
      `kafka: {sasl: {password_file: "${password}"}}`,
      (s) => s.kafka.sasl?.password,
      'direct',
      'from-file',
    ],
    [
      'KAFKA_SASL_PASSWORD_FILE',
      fileWith('two'),
      `kafka: {sasl: {password_file: "${password}"}}`,
      (s) => s.kafka.sasl?.password,
      'two',
      'from-file',
    ],
    ['POLICYGATE_TOPIC_PREFIX', 'a.', 'kafka: {topic_prefix: b-}', (s) => s.kafka.topicPrefix, 'a.', 'b-'],
    [
      'POLICYGATE_INPUT_TIMESTAMPS',
      'CreateTime',
      'kafka: {input_timestamps: LogAppendTime}',
      (s) => s.kafka.inputTimestamps,
      'CreateTime',
      'LogAppendTime',
    ],
    ['POLICYGATE_BUFFER_BYTES', '65536', 'kafka: {buffer_bytes: 268435456}', (s) => s.kafka.bufferBytes, 65_536, 268_435_456],
    [
      'SCHEMA_REGISTRY_URL',
      'https://a/x/',
      'schema_registry: {url: "http://b:1"}',
      (s) => s.registry.url,
      'https://a/x',
      'http://b:1',
    ],
    ['SCHEMA_REGISTRY_USERNAME', 'one', 'schema_registry: {username: two}', (s) => s.registry.username, 'one', 'two'],
    [
      'SCHEMA_REGISTRY_PASSWORD',
      'direct',
      `schema_registry: {password_file: "${password}"}`,
      (s) => s.registry.password,
      'direct',
      'from-file',
    ],
    [
      'SCHEMA_REGISTRY_PASSWORD_FILE',
      fileWith('two\r\n'),
      `schema_registry: {password_file: "${password}"}`,
      (s) => s.registry.password,
      'two',
      'from-file',
    ],
    ['POLICYGATE_GROUP', 'one', 'group: two', (s) => s.group, 'one', 'two'],
    ['POLICYGATE_BATCH_RECORDS', '1', 'limits: {batch_records: 10000}', (s) => s.limits.batchRecords, 1, 10_000],
    [
      'POLICYGATE_SESSION_TIMEOUT_MS',
      '1000',
      'limits: {session_timeout_ms: 300000}',
      (s) => s.limits.sessionTimeoutMs,
      1_000,
      300_000,
    ],
    [
      'POLICYGATE_CHECKPOINT_KEY_FILE',
      'here.key',
      'checkpoints: {key_file: there.key}',
      (s) => s.checkpoints.keyFile,
      'here.key',
      resolve(folder, 'there.key'),
    ],
    [
      'POLICYGATE_CHECKPOINT_EVERY_RECORDS',
      '1',
      'checkpoints: {every_records: 1000000000}',
      (s) => s.checkpoints.everyRecords,
      1,
      1_000_000_000,
    ],
    [
      'POLICYGATE_CHECKPOINT_EVERY_SECONDS',
      '1',
      'checkpoints: {every_seconds: 86400}',
      (s) => s.checkpoints.everySeconds,
      1,
      86_400,
    ],
    [
      'POLICYGATE_CHECKPOINT_FILE',
      'here.jsonl',
      'checkpoints: {file: there.jsonl}',
      (s) => s.checkpoints.file,
      'here.jsonl',
      resolve(folder, 'there.jsonl'),
    ],
    ['POLICYGATE_MONITORING_HOST', '::1', 'monitoring: {host: localhost}', (s) => s.monitoring?.host, '::1', 'localhost'],
    ['POLICYGATE_MONITORING_PORT', '0', 'monitoring: {port: 65535}', (s) => s.monitoring?.port, 0, 65_535],
    ['POLICYGATE_LOG_LEVEL', 'debug', 'log_level: error', (s) => s.logLevel, 'debug', 'error'],
  ];
  /** What some settings need beside them. */
  const beside = (variable: string): Environment => ({
    ...(variable === 'POLICYGATE_DATA_DIR' ? {} : { ...KAFKA, POLICYGATE_MONITORING_PORT: '1' }),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'u',
    ...(variable.startsWith('KAFKA_SASL_PASSWORD') ? {} : { KAFKA_SASL_PASSWORD: 'p' }),
    SCHEMA_REGISTRY_USERNAME: 'u',
    ...(variable.startsWith('SCHEMA_REGISTRY_PASSWORD') ? {} : { SCHEMA_REGISTRY_PASSWORD: 'p' }),
  });

  it.each(cases)('%s wins over the file', async (variable, text, yaml, look, ofEnvironment, inFile) => {
    const config = fileWith(yaml);
    const others = Object.fromEntries(Object.entries(beside(variable)).filter(([name]) => name !== variable));
    expect(look(await readSettings({ config }, others))).toEqual(inFile);
    expect(look(await readSettings({ config }, { ...others, [variable]: '' }))).toEqual(inFile);
    expect(look(await readSettings({ config }, { ...others, [variable]: text }))).toEqual(ofEnvironment);
  });

  /** Brokers' are tested in brokerSettings.spec.ts, those of `serve` in httpSettings.spec.ts. */
  const elsewhere = /^(?:gateway|http)\.|^POLICYGATE_TOKEN$/;
  const general = ALL_KEYS.filter(({ broker, path, variable }) => broker === undefined && !elsewhere.test(path ?? variable));

  it('is among these, or tested with certificates', () =>
    expect(
      new Set([
        ...cases.map(([variable]) => variable),
        ...general.filter(({ variable }) => /_(?:CA|CERT|KEY)_FILE$/.test(variable)).map(({ variable }) => variable),
      ]),
    ).toEqual(new Set(general.map(({ variable }) => variable))));
});

describe('which bus, and which file', () => {
  it('is Kafka where brokers are set anywhere', async () => {
    expect((await readSettings({}, KAFKA)).bus).toBe('kafka');
    expect((await readSettings({ config: fileWith(KAFKA_YAML) }, {})).bus).toBe('kafka');
  });
  it('is a directory that a flag names, whatever the environment says of a cluster', async () =>
    expect(await readSettings({ dataDir: 'd' }, { ...KAFKA, POLICYGATE_BUS: 'kafka' })).toMatchObject({
      bus: 'embedded',
      dataDir: 'd',
    }));
  it('is what the flag says, whatever the others say', async () => {
    expect(
      (await readSettings({ bus: 'embedded', dataDir: 'd' }, { ...KAFKA, POLICYGATE_BUS: 'kafka', POLICYGATE_DATA_DIR: 'e' }))
        .dataDir,
    ).toBe('d');
    expect(await refusal({ bus: 'kafka' }, {})).toBe(
      'KAFKA_BROKERS or kafka.brokers: is missing; the Kafka bus needs the addresses of brokers as `host:port`; ' +
        'SCHEMA_REGISTRY_URL or schema_registry.url: is missing; the Kafka bus needs a schema registry, such as "http://127.0.0.1:8081"',
    );
  });
  it.each<[BusFlags, Environment, string]>([
    [{ bus: 'kafak' }, {}, '--bus: expected `embedded` or `kafka`, found "kafak"; did you mean `kafka`?'],
    [{ dataDir: '' }, {}, '--data-dir: expected the path of a directory, found an empty text'],
    [{ config: '' }, {}, '--config: expected the path of a file, found an empty text'],
    [
      { bus: 'kafka', dataDir: 'd' },
      KAFKA,
      '--data-dir: expected with the embedded bus only, found with --bus kafka; leave one of the two out',
    ],
    [{ config: join(folder, 'none.yaml') }, {}, 'none.yaml: no such file'],
    [{}, { POLICYGATE_CONFIG: join(folder, 'none.yaml') }, 'none.yaml: no such file'],
  ])('%j with %j is refused', async (flags, env, line) => expect(await refusal(flags, env)).toBe(line));
  it('--config wins over POLICYGATE_CONFIG', async () =>
    expect((await readSettings({ config: fileWith('group: a') }, { POLICYGATE_CONFIG: fileWith('group: b') })).group).toBe('a'));
});

describe('the file', () => {
  it.each([
    [
      'gruop: a',
      'file.yaml:1:1: gruop: unknown key; did you mean `group`?; expected bus, data_dir, kafka, schema_registry, group, limits, checkpoints, gateway, alpaca, tradier, monitoring, http, log_level',
    ],
    [
      'kafka:\n  clientId: a',
      'file.yaml:2:3: kafka.clientId: unknown key; did you mean `client_id`?; expected brokers, client_id, tls, sasl, topic_prefix, input_timestamps, buffer_bytes',
    ],
    [
      'batch_records: 5',
      'file.yaml:1:1: batch_records: unknown key; did you mean `limits.batch_records`?; expected bus, data_dir, kafka, schema_registry, group, limits, checkpoints, gateway, alpaca, tradier, monitoring, http, log_level',
    ],
    [
      'kafka: {tls: {serverName: x}}',
      'file.yaml:1:15: kafka.tls.serverName: unknown key; did you mean `server_name`?; expected ca_file, cert_file, key_file, server_name',
    ],
    ['kafka: {tls: {ca: x}}', 'file.yaml:1:15: kafka.tls.ca: unknown key; expected `ca_file`, the path of a file that holds it'],
    ['group: a\ngroup: b', 'file.yaml:2:1: group: duplicate key; each key may stand once'],
    ['a: &x 1\nb: *x', 'file.yaml:1:4: expected no anchor; write the value out'],
    ['group: !secret abc', 'file.yaml:1:8: expected no tag; write the value out'],
    ['group: 1', 'file.yaml:1:8: group: expected 1 to 200 letters, digits, dots, underscores or hyphens, found 1'],
    ['group: yes', 'file.yaml:1:8: group: expected a plain number or a text in quotes, which YAML 1.1 readers take as a boolean'],
    ['- a', 'file.yaml:1:1: expected a mapping, found a list'],
    ['# nothing', 'file.yaml:1:1: expected a document, found none'],
    ['kafka: b:9092', 'file.yaml:1:8: kafka: expected a mapping, found a text'],
    ['kafka:', 'file.yaml:1:7: kafka: expected a mapping, found null'],
    [
      'kafka: {brokers: b:9092}',
      'file.yaml:1:18: kafka.brokers: expected a list of addresses as `host:port`, found the text "b:9092"',
    ],
    ['kafka: {brokers: []}', 'file.yaml:1:18: kafka.brokers: expected at least one address as `host:port`, found none'],
    [
      'limits: {batch_records: "5"}',
      'file.yaml:1:25: limits.batch_records: expected a whole number from 1 to 10000, found the text "5"',
    ],
    ['kafka: {tls: "true"}', 'file.yaml:1:14: kafka.tls: expected true or false, found the text "true"'],
    [
      'kafka: {sasl: {password: hunter2}}',
      'file.yaml:1:16: kafka.sasl.password: secrets may not stand in this file; expected `password_file`, the path of a file that holds it, or KAFKA_SASL_PASSWORD in the environment',
    ],
    [
      'schema_registry:\n  token: hunter2',
      'file.yaml:2:3: schema_registry.token: secrets may not stand in this file; expected `password_file`, the path of a file that holds it, or SCHEMA_REGISTRY_PASSWORD in the environment',
    ],
  ])('%j is refused', async (text, line) => expect(await ofFile(text)).toBe(line));

  it('may have 65,536 bytes', async () => {
    const text = `group: a\n#${'x'.repeat(65_536)}`;
    expect((await readSettings({ config: fileWith(text.slice(0, 65_536)) }, {})).group).toBe('a');
    expect(await ofFile(text)).toMatch(/^file\.yaml: expected at most 65536 bytes, found 65546;/);
  });

  it('may set what the environment sets, but not wrongly', async () =>
    expect(await ofFile('log_level: loud', { POLICYGATE_LOG_LEVEL: 'info' })).toBe(
      'file.yaml:1:12: log_level: expected `error`, `warn`, `info` or `debug`, found the text "loud"',
    ));
});

describe('a variable', () => {
  it.each<[string, string, string]>([
    ['KAFKA_BROKERS', 'b', '[0]: expected the address of a broker as `host:port`, such as "127.0.0.1:9092", found the text "b"'],
    [
      'KAFKA_BROKERS',
      'b:1,PLAINTEXT://c:2',
      '[1]: expected the address of a broker as `host:port`, such as "127.0.0.1:9092", found the text "PLAINTEXT://c:2"',
    ],
    [
      'KAFKA_BROKERS',
      'b:1,',
      '[1]: expected the address of a broker as `host:port`, such as "127.0.0.1:9092", found the text ""',
    ],
    [
      'KAFKA_BROKERS',
      'b:0',
      '[0]: expected the address of a broker as `host:port`, such as "127.0.0.1:9092", found the text "b:0"',
    ],
    [
      'KAFKA_BROKERS',
      'b:65536',
      '[0]: expected the address of a broker as `host:port`, such as "127.0.0.1:9092", found the text "b:65536"',
    ],
    [
      'KAFKA_BROKERS',
      '300.1.1.1:1',
      '[0]: expected the address of a broker as `host:port`, such as "127.0.0.1:9092", found the text "300.1.1.1:1"',
    ],
    ['KAFKA_BROKERS', 'a:1,A:1', '[1]: expected each broker once, found "A:1" again'],
    [
      'KAFKA_BROKERS',
      '[::1]:9092',
      '[0]: expected a host that has a name, since the Kafka client cannot dial an IPv6 address; name it in DNS or /etc/hosts, found the text "[::1]:9092"',
    ],
    ['KAFKA_CLIENT_ID', 'a b', ': expected 1 to 200 letters, digits, dots, underscores or hyphens, found the text "a b"'],
    ['KAFKA_TLS', 'yes', ': expected true or false, found the text "yes"'],
    ['KAFKA_SASL_MECHANISM', 'gssapi', ': expected `plain`, `scram-sha-256` or `scram-sha-512`, found the text "gssapi"'],
    ['KAFKA_TLS_SERVER_NAME', 'a:1', ': expected the name of a host or an IP address, without a port, found the text "a:1"'],
    [
      'KAFKA_TLS_KEY_FILE',
      '-----BEGIN PRIVATE KEY-----',
      ': expected the path of a file or a directory, found what looks like the contents of the file',
    ],
    ['KAFKA_SASL_PASSWORD', 'a\nb', ': expected a password, found control characters or line ends in it'],
    [
      'SCHEMA_REGISTRY_URL',
      'r:8081',
      ': expected an http or https address such as "http://127.0.0.1:8081", found the text "r:8081"',
    ],
    [
      'SCHEMA_REGISTRY_URL',
      'http://r:8081/?a=b',
      ': expected an http or https address such as "http://127.0.0.1:8081", without a query or a fragment',
    ],
    [
      'POLICYGATE_TOPIC_PREFIX',
      'a/',
      ': expected at most 232 letters, digits, dots, underscores or hyphens, as Kafka\'s topics may have in their names, found the text "a/"',
    ],
    ['POLICYGATE_BUFFER_BYTES', '65535', ': expected a whole number from 65536 to 268435456, found 65535'],
    ['POLICYGATE_BUFFER_BYTES', '268435457', ': expected a whole number from 65536 to 268435456, found 268435457'],
    ['POLICYGATE_BATCH_RECORDS', '0', ': expected a whole number from 1 to 10000, found 0'],
    ['POLICYGATE_BATCH_RECORDS', '10001', ': expected a whole number from 1 to 10000, found 10001'],
    ['POLICYGATE_BATCH_RECORDS', '1e3', ': expected a whole number from 1 to 10000, found the text "1e3"'],
    ['POLICYGATE_SESSION_TIMEOUT_MS', '999', ': expected a whole number from 1000 to 300000, found 999'],
    ['POLICYGATE_SESSION_TIMEOUT_MS', '300001', ': expected a whole number from 1000 to 300000, found 300001'],
    ['POLICYGATE_MONITORING_PORT', '65536', ': expected a whole number from 0 to 65535, found 65536'],
  ])('%s=%j is refused', async (variable, text, line) =>
    expect(await refusal({}, { ...KAFKA, [variable]: text })).toBe(variable + line),
  );

  it('leaves room for the longest topic behind the prefix', async () => {
    expect((await readSettings({}, { POLICYGATE_TOPIC_PREFIX: 'a'.repeat(232) })).kafka.topicPrefix).toHaveLength(232);
    expect(await refusal({}, { POLICYGATE_TOPIC_PREFIX: 'a'.repeat(234) })).toMatch(
      /^POLICYGATE_TOPIC_PREFIX: expected at most 232/,
    );
  });

  it.each([
    ['POLICYGATE_GRUOP', 'POLICYGATE_GROUP'],
    ['KAFKA_SASL_PASWORD', 'KAFKA_SASL_PASSWORD'],
    ['KAFKA_TLS_CA', 'KAFKA_TLS_CA_FILE'],
    ['POLICYGATE_MONITERING_PORT', 'POLICYGATE_MONITORING_PORT'],
  ])('%s is taken for %s', async (name, meant) =>
    expect(await refusal({}, { [name]: 'hunter2' })).toBe(`${name}: unknown variable; did you mean ${meant}?`),
  );

  it('that begins like ours and sets nothing gives a warning', async () =>
    expect((await readSettings({}, { POLICYGATE_COLOUR: 'red' })).warnings).toEqual([
      'POLICYGATE_COLOUR: unknown variable; it sets nothing',
    ]));

  it("is left alone if it is somebody else's", async () =>
    expect(
      (
        await readSettings(
          {},
          {
            KAFKA_IMAGE: 'x',
            KAFKAJS_NO_PARTITIONER_WARNING: '1',
            KAFKA_SASL_JAAS_CONFIG: 'x',
            KAFKA_BROKER_ID: '1',
            POLICYGATE_FAULT_POINT: 'before-commit@1',
            POLICYGATE_PORT: 'tcp://10.0.0.1:80',
            POLICYGATE_PORT_80_TCP_ADDR: '10.0.0.1',
            POLICYGATE_SERVICE_HOST: '10.0.0.1',
            POLICYGATE_SERVICE_PORT_HTTP: '80',
            SCHEMA_REGISTRY_PORT: 'tcp://10.0.0.1:8081',
            POLICYGATE_EMPTY: '',
          },
        )
      ).warnings,
    ).toEqual([]));

  it('is named together with all the others that are wrong', async () =>
    expect(await refusal({}, { KAFKA_TLS: '1', POLICYGATE_BUS: 'x' })).toBe(
      'POLICYGATE_BUS: expected `embedded` or `kafka`, found the text "x"; KAFKA_TLS: expected true or false, found the text "1"',
    ));
});

describe('what belongs together', () => {
  it.each<[Environment, string]>([
    [
      { KAFKA_SASL_PASSWORD: 'hunter2', KAFKA_SASL_PASSWORD_FILE: 'f', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_MECHANISM: 'plain' },
      'KAFKA_SASL_PASSWORD: expected this or KAFKA_SASL_PASSWORD_FILE, found both',
    ],
    [
      { SCHEMA_REGISTRY_PASSWORD: 'hunter2', SCHEMA_REGISTRY_PASSWORD_FILE: 'f', SCHEMA_REGISTRY_USERNAME: 'u' },
      'SCHEMA_REGISTRY_PASSWORD: expected this or SCHEMA_REGISTRY_PASSWORD_FILE, found both',
    ],
    [
      { KAFKA_SASL_PASSWORD: 'hunter2', KAFKA_SASL_MECHANISM: 'plain' },
      'KAFKA_SASL_USERNAME or kafka.sasl.username: is missing; SASL needs a mechanism, a user name and a password',
    ],
    [
      { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'hunter2' },
      'KAFKA_SASL_MECHANISM or kafka.sasl.mechanism: is missing; SASL needs a mechanism, a user name and a password',
    ],
    [
      { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_MECHANISM: 'plain' },
      'KAFKA_SASL_PASSWORD_FILE or kafka.sasl.password_file: is missing; SASL needs a mechanism, a user name and a password',
    ],
    [
      { SCHEMA_REGISTRY_USERNAME: 'u' },
      'SCHEMA_REGISTRY_PASSWORD_FILE or schema_registry.password_file: is missing; the registry needs a user name and a password, or neither',
    ],
    [
      { SCHEMA_REGISTRY_PASSWORD: 'hunter2' },
      'SCHEMA_REGISTRY_USERNAME or schema_registry.username: is missing; the registry needs a user name and a password, or neither',
    ],
    [
      { KAFKA_TLS_CERT_FILE: 'c' },
      'KAFKA_TLS_KEY_FILE or kafka.tls.key_file: is missing; expected together with KAFKA_TLS_CERT_FILE or kafka.tls.cert_file',
    ],
    [
      { KAFKA_TLS_KEY_FILE: 'c' },
      'KAFKA_TLS_CERT_FILE or kafka.tls.cert_file: is missing; expected together with KAFKA_TLS_KEY_FILE or kafka.tls.key_file',
    ],
    [
      { KAFKA_TLS: 'false', KAFKA_TLS_CA_FILE: 'c' },
      'KAFKA_TLS_CA_FILE: expected with TLS only, found with KAFKA_TLS or kafka.tls set to false',
    ],
  ])('%j is refused', async (env, line) => expect(await refusal({}, { ...KAFKA, ...env })).toBe(line));

  it('warns about a login that others can read', async () => {
    const login = {
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p',
      SCHEMA_REGISTRY_USERNAME: 'u',
      SCHEMA_REGISTRY_PASSWORD: 'p',
    };
    expect((await readSettings({}, { ...KAFKA, ...login })).warnings).toEqual([
      'KAFKA_SASL_MECHANISM or kafka.sasl.mechanism: SASL without TLS; whoever listens on the network can log in too, set KAFKA_TLS or kafka.tls',
      'SCHEMA_REGISTRY_URL or schema_registry.url: a password over http can be read by whoever listens on the network; use https',
    ]);
    expect(
      (await readSettings({}, { ...KAFKA, ...login, KAFKA_TLS: 'true', SCHEMA_REGISTRY_URL: 'https://r' })).warnings,
    ).toEqual([]);
  });

  it('warns about a monitoring host that serves nothing', async () =>
    expect(await readSettings({}, { POLICYGATE_MONITORING_HOST: 'h' })).toMatchObject({
      monitoring: undefined,
      warnings: [
        'POLICYGATE_MONITORING_HOST or monitoring.host: serves nothing without a port; set POLICYGATE_MONITORING_PORT or monitoring.port',
      ],
    }));

  it('reads no secret for the embedded bus', async () =>
    expect((await readSettings({ bus: 'embedded' }, { ...KAFKA, KAFKA_TLS_CA_FILE: 'no such file' })).kafka.tls).toBeUndefined());
});

it('shows no secret, whatever else is wrong', async () => {
  /** Where a secret can stand, rightly or by mistake; the file's text and the environment. */
  const places: readonly ((secret: string) => readonly [string, Environment])[] = [
    (s) => [`kafka: {sasl: {password: "${s}"}}`, {}],
    (s) => [`kafka: {sasl: {password: *${s}}}`, {}],
    (s) => [`kafka: {sasl: {password: !${s} x}}`, {}],
    (s) => [`kafka: {sasl: {password: 0x${s}}}`, {}],
    (s) => [`kafka:\n  sasl:\n    password: "${s}" "${s}"`, {}],
    (s) => [`kafka:\n  sasl:\n    password: |${s}`, {}],
    (s) => [`kafka:\n  sasl: password:${s}`, {}],
    (s) => [`kafka:\n  sasl: {password=${s}}`, {}],
    (s) => [`kafka:\n  sasl: {password_file: "${s}", username: u, mechanism: plain}`, {}],
    (s) => [`kafka: {tls: {key: "-----BEGIN PRIVATE KEY----- ${s}"}}`, {}],
    (s) => [`kafka: {tls: {key_file: "-----BEGIN PRIVATE KEY----- ${s}"}}`, {}],
    (s) => [`kafka: {brokers: ["u:${s}@b:9092"]}`, {}],
    (s) => [`schema_registry: {url: "http://u:${s}@r:8081"}`, {}],
    (s) => [`schema_registry: {url: "u:${s}@r:8081"}`, {}],
    (s) => [`schema_registry: {password: ["${s}"]}`, {}],
    (s) => [`secret: "${s}"`, {}],
    (s) => ['{}', { KAFKA_SASL_PASSWORD: s }],
    (s) => ['{}', { KAFKA_SASL_PASSWORD: `${s}\n` }],
    (s) => ['{}', { KAFKA_SASL_PASSWORD: s, KAFKA_SASL_PASSWORD_FILE: s }],
    (s) => ['{}', { KAFKA_SASL_PASSWORD_FILE: s, KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_MECHANISM: 'plain' }],
    (s) => [
      '{}',
      { KAFKA_SASL_PASSWORD_FILE: fileWith(`${s}\n${s}\n`), KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_MECHANISM: 'plain' },
    ],
    (s) => ['{}', { KAFKA_TLS_CA_FILE: fileWith(s) }],
    (s) => ['{}', { KAFKA_TLS_KEY_FILE: fileWith(s), KAFKA_TLS_CERT_FILE: fileWith(s) }],
    (s) => ['{}', { KAFKA_SASL_PASWORD: s }],
    (s) => ['{}', { POLICYGATE_PASSWORD: s, KAFKA_TLS: 'x' }],
    (s) => ['{}', { SCHEMA_REGISTRY_URL: `http://u:${s}@r` }],
    (s) => ['{}', { SCHEMA_REGISTRY_URL: `http://r?token=${s}` }],
    (s) => ['{}', { SCHEMA_REGISTRY_PASSWORD: s }],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.stringMatching(/^[a-zA-Z0-9]{12,40}$/),
      fc.constantFrom(...places),
      fc.constantFrom<Environment>({}, { POLICYGATE_BUS: 'x' }, { KAFKA_TLS: 'false' }, { POLICYGATE_BATCH_RECORDS: '0' }),
      async (secret, place, mistake) => {
        const [text, env] = place(secret);
        const line = await refusal({ config: fileWith(text) }, { ...KAFKA, ...mistake, ...env });
        expect(line).not.toContain(secret);
      },
    ),
    { numRuns: 300 },
  );
});
