/** A broker as in production: every client logs in, over TLS, and may do what its access control lists say and nothing else. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { ROLES } from '../../../src/bus/kafka/roles';
import type { Role } from '../../../src/bus/kafka/roles';
import type { KafkaOptions } from '../../../src/bus/kafka/options';
import { temporaryFolder } from '../program';
import { kafkaUnderTest, startNativeBroker } from './kafkaUnderTest';

/** A login: of a role, or of the super user of the cluster. */
export type Login = Role | 'root';

export interface SecuredBroker {
  readonly topicPrefix: string;
  /** What a process of this login needs: password and authority from files. */
  readonly env: (login: Login) => Readonly<Record<string, string>>;
  readonly options: (login: Login) => KafkaOptions;
  /** Passwords, which nothing may show. */
  readonly secrets: readonly string[];
  readonly stop: () => Promise<void>;
}

const userOf = (login: Login): string => (login === 'root' ? login : `policygate-${login}`);

export const startSecuredBroker = async (): Promise<SecuredBroker> => {
  const folder = temporaryFolder();
  const users = ([...ROLES, 'root'] as const).map((login) => ({
    username: userOf(login),
    password: `secret-${randomBytes(9).toString('hex')}`,
  }));
  const broker = await startNativeBroker({
    tls: true,
    sasl: users,
    settings: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Nobody logs in on the plaintext listener: the broker itself uses it. The tests do not.
      'super.users': 'User:ANONYMOUS;User:root',
    },
  });
  const { topicPrefix, registryUrl } = kafkaUnderTest();
  const address = broker.listeners.saslTls ?? '';
  const ca = broker.certificates?.ca ?? '';
  const passwordOf = (login: Login): string => users.find(({ username }) => username === userOf(login))?.password ?? '';
  writeFileSync(folder.path('ca.pem'), ca);
  return {
    topicPrefix,
    env: (login) => {
      const file = folder.path(`${login}.password`);
      writeFileSync(file, `${passwordOf(login)}\n`, { mode: 0o600 });
      return {
        POLICYGATE_BUS: 'kafka',
        KAFKA_BROKERS: address,
        KAFKA_TLS_CA_FILE: folder.path('ca.pem'),
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_USERNAME: userOf(login),
        KAFKA_SASL_PASSWORD_FILE: file,
        SCHEMA_REGISTRY_URL: registryUrl,
        POLICYGATE_TOPIC_PREFIX: topicPrefix,
        POLICYGATE_LOG_LEVEL: 'warn',
      };
    },
    options: (login) => ({
      brokers: [address],
      clientId: 'policygate-test',
      topicPrefix,
      bufferBytes: 8 * 1024 * 1024,
      inputTimestamps: 'LogAppendTime',
      tls: { ca },
      sasl: { mechanism: 'scram-sha-512', username: userOf(login), password: passwordOf(login) },
    }),
    secrets: users.map(({ password }) => password),
    stop: async () => {
      await broker.stop();
      folder.remove();
    },
  };
};
