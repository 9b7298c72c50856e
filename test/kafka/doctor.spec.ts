import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import type { Check } from '../../src/apps/doctor/check';
import { examine } from '../../src/apps/doctor/doctor';
import type { ReadSettings } from '../../src/apps/config/readSettings';
import { openClient } from '../../src/bus/kafka/client';
import type { KafkaOptions, RegistryOptions } from '../../src/bus/kafka/options';
import type { Role } from '../../src/bus/kafka/roles';
import { registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { createTopics } from '../../src/bus/kafka/topicAdmin';
import { Failure } from '../../src/apps/failure';
import { kafkaOptions } from '../support/kafka/freshTopics';
import { describeKafka, describeNativeBroker, kafkaUnderTest, startNativeBroker } from '../support/kafka/kafkaUnderTest';
import type { NativeBroker } from '../support/kafka/kafkaUnderTest';

const LIMIT_MS = 10_000;

const settingsOf = (kafka: KafkaOptions, registry: RegistryOptions): ReadSettings => ({
  bus: 'kafka',
  dataDir: undefined,
  kafka,
  registry,
  group: 'gate',
  limits: { batchRecords: 1_000, sessionTimeoutMs: 10_000 },
  checkpoints: { keyFile: undefined, everyRecords: 10_000, everySeconds: 60, file: undefined },
  monitoring: undefined,
  logLevel: 'info',
  warnings: [],
});

/** Every check, and that it came in time. */
const examined = async (kafka: KafkaOptions, registry: RegistryOptions, as?: Role): Promise<readonly Check[]> => {
  const checks: Check[] = [];
  const startedAt = performance.now();
  await examine(
    () => Promise.resolve(settingsOf(kafka, registry)),
    (check) => void checks.push(check),
    as,
  );
  expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS);
  return checks;
};
const statuses = (checks: readonly Check[]): Readonly<Record<string, string>> =>
  Object.fromEntries(checks.map(({ what, status }) => [what, status]));
const NOWHERE = { url: 'http://127.0.0.1:1' };

describeKafka('the doctor', () => {
  jest.setTimeout(30_000);
  const live = (): KafkaOptions => kafkaOptions({ inputTimestamps: 'LogAppendTime' });

  it('finds nothing wrong with what is right, twice, and leaves no record', async () => {
    const options = live();
    const registry = { url: kafkaUnderTest().registryUrl };
    await createTopics(openClient(options), options, { partitions: 2, replication: 1 });
    await registerSchemas(registry, options.topicPrefix);
    for (let time = 0; time < 2; time++) {
      const checks = await examined(options, registry);
      expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
      expect(checks.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['settings', 'cluster', 'topics', 'permissions', 'clock', 'registry', 'schemas', 'compatibility']),
      );
    }
    const consumer = openClient(options).consumer({ groupId: `${options.topicPrefix}reader`, maxWaitTimeInMs: 50 });
    const seen: unknown[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [new RegExp(`^${options.topicPrefix}`)], fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void seen.push(message)) });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await consumer.disconnect();
    expect(seen).toEqual([]);
  });

  it('names missing topics and schemas', async () => {
    const checks = await examined(live(), { url: kafkaUnderTest().registryUrl });
    expect(checks).toContainEqual(
      expect.objectContaining({
        status: 'FAIL',
        found: 'topic: missing, expected there',
        todo: 'run `policygate topics create`',
      }),
    );
    expect(checks).toContainEqual(
      expect.objectContaining({ status: 'FAIL', what: 'schemas', todo: 'run `policygate topics create`' }),
    );
  });

  it('tells one broker that is down from the others', async () => {
    const options = live();
    const checks = await examined({ ...options, brokers: ['127.0.0.1:1', ...options.brokers] }, NOWHERE);
    expect(statuses(checks)).toMatchObject({
      'broker 127.0.0.1:1': 'FAIL',
      [`broker ${options.brokers[0] ?? ''}`]: 'ok',
      cluster: 'ok',
      registry: 'FAIL',
    });
    expect(checks).toContainEqual(
      expect.objectContaining({ what: 'registry', found: expect.stringContaining('cannot be reached (ECONNREFUSED)') }),
    );
  });

  it('tells TLS asked of a plaintext port', async () => {
    const checks = await examined({ ...live(), tls: {} }, NOWHERE);
    expect(checks[1]).toMatchObject({ status: 'FAIL', found: 'the port speaks plaintext, and the settings ask for TLS' });
    expect(statuses(checks)).toMatchObject({ cluster: 'skip', topics: 'skip', permissions: 'skip', clock: 'skip' });
  });
});

describe('the doctor, where nothing works', () => {
  jest.setTimeout(30_000);
  let server: Server | undefined;
  afterEach(() => server?.close());
  const options = (address: string, more: Partial<KafkaOptions> = {}): KafkaOptions => ({
    brokers: [address],
    clientId: 'policygate-test',
    topicPrefix: 'x-',
    bufferBytes: 1_000_000,
    inputTimestamps: 'LogAppendTime',
    ...more,
  });
  const listening = async (speak: (socket: Socket) => void): Promise<string> => {
    const started = createServer((socket) => {
      socket.on('error', () => undefined);
      speak(socket);
    }).listen(0, '127.0.0.1');
    server = started;
    await new Promise((resolve) => started.once('listening', resolve));
    return `127.0.0.1:${(started.address() as AddressInfo).port}`;
  };

  it('says that settings cannot be read', async () => {
    const checks: Check[] = [];
    await examine(
      () => Promise.reject(new Failure('KAFKA_BROKERS: is missing')),
      (check) => void checks.push(check),
    );
    expect(checks).toMatchObject([{ status: 'FAIL', what: 'settings', found: 'KAFKA_BROKERS: is missing' }]);
  });
  it.each([
    ['nothing listens', {}, '127.0.0.1:1', 'nothing listens on the port'],
    ['no such host', {}, 'no-such-host.invalid:9092', 'no host has the name no-such-host.invalid'],
  ])('%s', async (_, more, address, found) => {
    expect((await examined(options(address, more), NOWHERE))[1]).toMatchObject({
      status: 'FAIL',
      what: `broker ${address}`,
      found,
    });
  });
  it.each([
    ['plaintext', {}, 'takes connections and never answers'],
    ['TLS', { tls: {} }, 'no TLS handshake (ETIMEDOUT)'],
  ])('a port that never answers, dialled in %s, and a registry that does not either', async (_, more, found) => {
    const address = await listening(() => undefined);
    const checks = await examined(options(address, more), { url: `http://${address}` });
    expect(checks[1]).toMatchObject({ status: 'FAIL', found });
    expect(checks.at(-1)).toMatchObject({
      status: 'FAIL',
      what: 'registry',
      found: expect.stringContaining('does not answer in time'),
    });
  });
  it('a web server is no broker', async () => {
    const address = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await examined(options(address), NOWHERE))[1]).toMatchObject({
      status: 'FAIL',
      found: 'does not speak Kafka’s protocol',
    });
  });
});

describeNativeBroker('the doctor, at a broker with TLS, logins and ACLs', () => {
  jest.setTimeout(60_000);
  let broker: NativeBroker;
  let ca: string;
  beforeAll(async () => {
    broker = await startNativeBroker({
      tls: true,
      sasl: true,
      settings: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    ca = broker.certificates?.ca ?? '';
  }, 60_000);
  afterAll(() => broker.stop());
  const at = (listener: keyof NativeBroker['listeners'], more: Partial<KafkaOptions> = {}): KafkaOptions => ({
    ...kafkaOptions({ brokers: [broker.listeners[listener] ?? ''], inputTimestamps: 'LogAppendTime' }),
    topicPrefix: 'doctor-',
    ...more,
  });
  const login = (more: object = {}) => ({
    sasl: { mechanism: 'scram-sha-256', ...broker.users[0], ...more } as NonNullable<KafkaOptions['sasl']>,
  });

  it.each<[string, keyof NativeBroker['listeners'], () => Partial<KafkaOptions>, string]>([
    ['plaintext at a TLS port', 'tls', () => ({}), 'the port speaks TLS, and the settings ask for plaintext'],
    ['TLS at a plaintext port', 'plaintext', () => ({ tls: { ca } }), 'the port speaks plaintext, and the settings ask for TLS'],
    ['an unknown authority', 'tls', () => ({ tls: {} }), 'the certificate is not trusted'],
    [
      'another host name',
      'tls',
      () => ({ tls: { ca, serverName: 'other.example' } }),
      'the certificate is for another host name',
    ],
    ['a wrong password', 'sasl', () => login({ password: 'wrong-secret' }), 'the broker refused the login of trader'],
    [
      'a wrong password in PLAIN',
      'sasl',
      () => login({ mechanism: 'plain', password: 'wrong-secret' }),
      'the broker refused the login of trader',
    ],
    ['no login where one is needed', 'sasl', () => ({}), 'the broker wants a login'],
    ['a login where none is known', 'plaintext', () => login(), 'the port knows no login'],
  ])('names %s', async (_, listener, more, found) => {
    const checks = await examined(at(listener, more()), NOWHERE);
    expect(checks[1]).toMatchObject({
      status: 'FAIL',
      found: expect.stringContaining(found),
      todo: expect.stringMatching(/KAFKA_|certificate/),
    });
    expect(JSON.stringify(checks)).not.toContain('secret');
  });

  it('says which permission is missing, until none is', async () => {
    const root = at('plaintext');
    await createTopics(openClient(root), root, { partitions: 1, replication: 1 });
    const user = at('saslTls', { ...login(), tls: { ca } });
    const found = async (what: string, as?: Role): Promise<readonly Check[]> =>
      (await examined(user, NOWHERE, as)).filter((check) => check.what.startsWith(what));
    expect(await found('broker')).toMatchObject([{ status: 'ok', found: 'answers over TLS, trader logged in' }]);
    expect((await found('topic'))[0]).toMatchObject({ status: 'FAIL', found: expect.stringContaining('may not DESCRIBE') });
    expect(await found('permissions')).toMatchObject([{ status: 'FAIL', found: expect.stringMatching(/^enough for no role; /) }]);
    const texts = (await found('permissions', 'processor')).map((check) => check.found);
    expect(texts).toContain('processor lacks READ on group doctor-gate-processor');
    expect(texts).toContain('processor lacks WRITE on transactional id doctor-policygate-processor-*');

    const admin = openClient(root).admin();
    await admin.connect();
    const grant = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) =>
      admin.createAcls({
        acl: [
          {
            resourceType,
            resourceName,
            resourcePatternType: ResourcePatternTypes.PREFIXED,
            principal: 'User:trader',
            host: '*',
            operation,
            permissionType: AclPermissionTypes.ALLOW,
          },
        ],
      });
    await grant(AclResourceTypes.TOPIC, 'doctor-', AclOperationTypes.READ);
    await grant(AclResourceTypes.TOPIC, 'doctor-', AclOperationTypes.DESCRIBE_CONFIGS);
    await grant(AclResourceTypes.GROUP, 'doctor-gate-', AclOperationTypes.READ);
    await grant(AclResourceTypes.TRANSACTIONAL_ID, 'doctor-policygate-', AclOperationTypes.WRITE);
    for (const topic of ['execution-events', 'control-events'])
      await grant(AclResourceTypes.TOPIC, `doctor-${topic}`, AclOperationTypes.WRITE);
    await new Promise((resolve) => setTimeout(resolve, 500)); // the broker hears of them a moment later
    expect(await found('permissions')).toMatchObject([
      { status: 'ok', found: 'enough for gateway, auditor; `--as ROLE` says what another one lacks' },
    ]);
    expect(await found('permissions', 'processor')).toMatchObject([
      {
        status: 'FAIL',
        found: 'processor lacks WRITE on topic doctor-decisions, doctor-audit-records, doctor-policy-state, doctor-dead-letters',
      },
      {
        status: 'warn',
        found: 'more than processor needs: WRITE on topic doctor-control-events, doctor-execution-events',
      },
      {
        status: 'warn',
        found: 'more than processor needs: READ on topic doctor-decisions, doctor-dead-letters, doctor-audit-checkpoints',
      },
    ]);
    await grant(AclResourceTypes.TOPIC, 'doctor-', AclOperationTypes.WRITE);
    await admin.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(statuses(await examined(user, NOWHERE))).toMatchObject({ topics: 'ok', permissions: 'ok', clock: 'ok' });
  });
});

describeNativeBroker('the doctor, at a broker that advertises another address', () => {
  it('says so', async () => {
    const broker = await startNativeBroker({ settings: { 'advertised.listeners': 'PLAINTEXT://127.0.0.1:1' } });
    try {
      const checks = await examined(kafkaOptions({ brokers: [broker.bootstrap] }), NOWHERE);
      expect(checks).toContainEqual(
        expect.objectContaining({
          status: 'FAIL',
          what: 'cluster',
          found: 'a broker advertises 127.0.0.1:1, where none can be reached',
        }),
      );
    } finally {
      await broker.stop();
    }
  }, 60_000);
});
