/** What a user sees who starts a service on a cluster that is not as it must be: one line, soon, exit code 2. */
import { ConfigResourceTypes } from 'kafkajs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatesIn } from '../../infra/native/certificates';
import { openClient } from '../../src/bus/kafka/client';
import { topicName } from '../../src/bus/kafka/options';
import { registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { CONTROL_EVENTS, DECISIONS, ORDER_INTENTS } from '../../src/contracts/topics';
import { startExpiredServer } from '../support/kafka/expiredServer';
import { freshTopics, kafkaOptions } from '../support/kafka/freshTopics';
import {
  describeKafka,
  describeNativeBroker,
  kafkaUnderTest,
  type NativeBroker,
  startNativeBroker,
} from '../support/kafka/kafkaUnderTest';
import { policygate, temporaryFolder } from '../support/program';

const LIMIT_MS = 10_000;

/** Passwords of these tests, right and wrong. */
const SECRETS = /trader-secret|not-the-password/;

/** Starts a processor with these variables; answers with its one line. */
const refusal = async (env: Readonly<Record<string, string>>, command: readonly string[] = ['processor']): Promise<string> => {
  const startedAt = Date.now();
  const { code, stdout, stderr } = await policygate(command, { POLICYGATE_BUS: 'kafka', POLICYGATE_LOG_LEVEL: 'error', ...env });
  const tookMs = Date.now() - startedAt;
  expect(stderr).not.toMatch(SECRETS);
  const lines = stderr.split('\n').filter((line) => line.startsWith('Error: '));
  expect({ code, stdout, lines: lines.length, stack: stderr.includes('    at ') }).toEqual({
    code: 2,
    stdout: '',
    lines: 1,
    stack: false,
  });
  // The program's own start is counted, on a machine that does other things too.
  expect(tookMs).toBeLessThan(LIMIT_MS + 5_000);
  return lines[0] ?? '';
};

describeKafka('a service that cannot start', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));
  const env = (topicPrefix = kafkaUnderTest().topicPrefix): Record<string, string> => ({
    KAFKA_BROKERS: kafkaUnderTest().brokers.join(','),
    SCHEMA_REGISTRY_URL: kafkaUnderTest().registryUrl,
    POLICYGATE_TOPIC_PREFIX: topicPrefix,
  });
  /** A port that takes connections and says nothing. */
  const silentPort = async (): Promise<number> => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const withSchemas = async (): Promise<string> => {
    const { topicPrefix } = await freshTopics({ inputTimestamps: 'LogAppendTime' }, 2);
    await registerSchemas({ url: kafkaUnderTest().registryUrl }, topicPrefix);
    return topicPrefix;
  };

  it('says that no broker answers', async () => {
    const line = await refusal({ ...env(), KAFKA_BROKERS: '127.0.0.1:1' });
    expect(line).toMatch(
      /^Error: BUS_UNREACHABLE at 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\): no broker answered; check the addresses/,
    );
  }, 30_000);

  it('says that a port takes connections and does not answer', async () => {
    const port = await silentPort();
    expect(await refusal({ ...env(), KAFKA_BROKERS: `127.0.0.1:${port}` })).toMatch(
      /^Error: BUS_UNREACHABLE at 127\.0\.0\.1:\d+ /,
    );
  }, 30_000);

  it('says that the port speaks no TLS', async () => {
    expect(await refusal({ ...env(), KAFKA_TLS: 'true' })).toMatch(/^Error: BUS_UNREACHABLE .*TLS/);
  }, 30_000);

  it('names a topic that is missing, and the command that makes it', async () => {
    expect(await refusal(env())).toMatch(/^Error: BUS_NOT_READY at .*order-intents.*policygate topics create/);
  }, 30_000);

  it('names topics with unequal numbers of partitions', async () => {
    const topicPrefix = await withSchemas();
    const admin = openClient(kafkaOptions({ topicPrefix })).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: topicName({ topicPrefix }, DECISIONS), count: 3 }] });
    await admin.disconnect();
    expect(await refusal(env(topicPrefix))).toMatch(/^Error: BUS_NOT_READY at .*decisions.*partitions/);
  }, 30_000);

  it('names the setting of a topic that is wrong', async () => {
    const topicPrefix = await withSchemas();
    const admin = openClient(kafkaOptions({ topicPrefix })).admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: topicName({ topicPrefix }, CONTROL_EVENTS),
          configEntries: [{ name: 'retention.ms', value: '1000' }],
        },
      ],
    });
    await admin.disconnect();
    expect(await refusal(env(topicPrefix))).toMatch(
      /^Error: BUS_NOT_READY at .*control-events.*(retention\.ms|compression\.type)/,
    );
  }, 30_000);

  it('says that the registry is down, or lacks the schemas, or has one that does not fit', async () => {
    const { topicPrefix } = await freshTopics({ inputTimestamps: 'LogAppendTime' });
    expect(await refusal({ ...env(topicPrefix), SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' })).toMatch(
      /schema registry.*127\.0\.0\.1:1/,
    );
    expect(await refusal(env(topicPrefix))).toMatch(/does not have our schema of .*; run `policygate topics create`/);
    const url = `${kafkaUnderTest().registryUrl}/subjects/${topicPrefix}${ORDER_INTENTS}-value/versions`;
    const schema = JSON.stringify({
      type: 'record',
      name: 'OrderIntent',
      namespace: 'policygate',
      fields: [{ name: 'other', type: 'int' }],
    });
    const posted = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
    });
    expect(posted.status).toBe(200);
    expect(await refusal(env(topicPrefix), ['topics', 'create'])).toMatch(/order-intents-value/);
  }, 60_000);
});

describeNativeBroker('a service that may not start', () => {
  let broker: NativeBroker;
  const folder = temporaryFolder();
  beforeAll(async () => {
    broker = await startNativeBroker({ sasl: true, tls: true });
  }, 120_000);
  afterAll(async () => {
    await broker.stop();
    folder.remove();
  }, 60_000);
  const login = (password: string): Record<string, string> => {
    writeFileSync(folder.path('password'), password);
    return {
      KAFKA_BROKERS: broker.listeners.sasl ?? '',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
      KAFKA_SASL_USERNAME: 'trader',
      KAFKA_SASL_PASSWORD_FILE: folder.path('password'),
    };
  };

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'says that the credentials are refused (%s), and shows none',
    async (mechanism) => {
      const line = await refusal({ ...login('not-the-password'), KAFKA_SASL_MECHANISM: mechanism });
      expect(line).toMatch(
        /^Error: BUS_REFUSED at .*: the broker refused the credentials or the permission; check SASL settings and ACLs/,
      );
      expect(line).not.toContain('not-the-password');
      // With the right ones it gets further: the topics are missing.
      expect(await refusal({ ...login('trader-secret'), KAFKA_SASL_MECHANISM: mechanism })).toMatch(/^Error: BUS_NOT_READY/);
    },
    60_000,
  );

  it('says the same over TLS, and why a certificate will not do', async () => {
    const { directory, certificates, listeners } = broker;
    writeFileSync(folder.path('ca.pem'), certificates?.ca ?? '');
    const right = {
      ...login('trader-secret'),
      KAFKA_BROKERS: listeners.saslTls ?? '',
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_TLS_CA_FILE: folder.path('ca.pem'),
    };
    expect(await refusal(right)).toMatch(/^Error: BUS_NOT_READY/);
    writeFileSync(folder.path('wrong'), 'not-the-password');
    expect(await refusal({ ...right, KAFKA_SASL_PASSWORD_FILE: folder.path('wrong') })).toMatch(
      /^Error: BUS_REFUSED at localhost:/,
    );
    writeFileSync(folder.path('stranger.pem'), (await certificatesIn(folder.path('stranger'))).ca);
    expect(await refusal({ ...right, KAFKA_TLS_CA_FILE: folder.path('stranger.pem') })).toMatch(
      /^Error: BUS_UNREACHABLE .*signed by nobody known here: give the CA file/,
    );
    const expired = await startExpiredServer(join(directory, 'certificates'), folder.path('expired.crt'));
    try {
      expect(await refusal({ ...right, KAFKA_BROKERS: `localhost:${expired.port}` })).toMatch(
        /^Error: BUS_UNREACHABLE at localhost:.*the certificate of the broker is out of date: renew it there/,
      );
    } finally {
      expired.close();
    }
  }, 90_000);

  it('says that a cluster without an authorizer has no permissions to grant', async () => {
    const line = await refusal({ ...login('trader-secret'), KAFKA_SASL_MECHANISM: 'plain' }, ['topics', 'acls', '--apply']);
    expect(line).toMatch(/^Error: the cluster keeps no permissions: everybody may do everything; set authorizer\.class\.name/);
  }, 30_000);

  it('says that the broker wants TLS, and whose certificate it does not know', async () => {
    const tls = { KAFKA_BROKERS: broker.listeners.tls ?? '', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
    expect(await refusal(tls)).toMatch(/^Error: BUS_UNREACHABLE at /);
    expect(await refusal({ ...tls, KAFKA_TLS: 'true' })).toMatch(/signed by nobody known here: give the CA file/);
    writeFileSync(folder.path('ca.pem'), broker.certificates?.ca ?? '');
    expect(await refusal({ ...tls, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: folder.path('ca.pem') })).toMatch(
      /^Error: BUS_NOT_READY/,
    );
  }, 90_000);
});
