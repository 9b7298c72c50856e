/** The `server.properties` of one KRaft node that is broker and controller at once. */
import { join } from 'node:path';
import type { Certificates } from './certificates';

export interface BrokerUser {
  readonly username: string;
  readonly password: string;
}

/** `host:port` of each listener that a client can use. */
export interface Listeners {
  readonly plaintext: string;
  readonly tls?: string;
  readonly sasl?: string;
  readonly saslTls?: string;
}

export interface BrokerSettings {
  readonly directory: string;
  readonly listeners: Listeners;
  readonly controller: string;
  readonly certificates: Certificates | undefined;
  /** A client must show a certificate of the same authority. */
  readonly mutualTls: boolean;
  readonly users: readonly BrokerUser[];
  /** Later settings win over earlier ones, these over all. */
  readonly extra: Readonly<Record<string, string | number | boolean>>;
}

const PROTOCOL: Readonly<Record<keyof Listeners, string>> = {
  plaintext: 'PLAINTEXT',
  tls: 'SSL',
  sasl: 'SASL_PLAINTEXT',
  saslTls: 'SASL_SSL',
};

export const serverProperties = (settings: BrokerSettings): string => {
  const { directory, listeners, controller, certificates, mutualTls, users, extra } = settings;
  const opened = (Object.keys(PROTOCOL) as (keyof Listeners)[]).flatMap((name) => {
    const address = listeners[name];
    return address === undefined ? [] : [{ protocol: PROTOCOL[name], address }];
  });
  const advertised = opened.map(({ protocol, address }) => `${protocol}://${address}`).join(',');
  const lines: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    listeners: `${advertised},CONTROLLER://${controller}`,
    'advertised.listeners': advertised,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,${opened.map(({ protocol }) => `${protocol}:${protocol}`).join(',')}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    ...SMALL,
    ...(certificates === undefined ? {} : tlsLines(certificates, mutualTls)),
    ...(users.length === 0 ? {} : saslLines(opened, users)),
    ...extra,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
};

/** One node, small, quick to start, and strict: a topic that nobody created is an error. */
const SMALL = {
  'num.partitions': 1,
  'auto.create.topics.enable': false,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 5,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 5,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // A broker that was killed may come back once its old session has ended: 4 s in all with these two, 13 s with the defaults.
  'broker.session.timeout.ms': 2_000,
  'broker.heartbeat.interval.ms': 500,
};

const tlsLines = ({ keystore, truststore }: Certificates, mutualTls: boolean): Record<string, string> => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': keystore,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': truststore,
  'ssl.client.auth': mutualTls ? 'required' : 'none',
});

/** PLAIN's users are written here; SCRAM's go into the log when the storage is formatted (see broker.ts). */
const saslLines = (opened: readonly { protocol: string }[], users: readonly BrokerUser[]): Record<string, string> => {
  const plainUsers = users.map(({ username, password }) => `user_${username}="${password}"`).join(' ');
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return Object.fromEntries(
    opened
      .filter(({ protocol }) => protocol.startsWith('SASL'))
      .map(({ protocol }) => `listener.name.${protocol.toLowerCase()}`)
      .flatMap((listener) => [
        [`${listener}.sasl.enabled.mechanisms`, 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512'],
        [`${listener}.plain.sasl.jaas.config`, `org.apache.kafka.common.security.plain.PlainLoginModule required ${plainUsers};`],
        [`${listener}.scram-sha-256.sasl.jaas.config`, scram],
        [`${listener}.scram-sha-512.sasl.jaas.config`, scram],
      ]),
  );
};
