/** How to reach a Kafka cluster, and how much of its records is held in memory. Whoever reads the configuration fills it in (src/apps/config). */
import type { Topic } from '../../contracts/topics';

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

export interface TlsOptions {
  /** PEM texts; absent: the certificate authorities that Node knows. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the broker's certificate must carry, where it is not the host that is dialled. */
  readonly serverName?: string;
}

export interface SaslOptions {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface KafkaOptions {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Undefined: plaintext. */
  readonly tls?: TlsOptions;
  readonly sasl?: SaslOptions;
  /** Before the name of every topic and every transactional id, so that several gates can share a cluster. */
  readonly topicPrefix: string;
  /** Bytes of records that one partition may have waiting in a reader; above it, fetching pauses. */
  readonly bufferBytes: number;
  /** What the inputs' timestamps are: the broker's clock, or, to play recorded days, what their senders wrote. */
  readonly inputTimestamps: 'LogAppendTime' | 'CreateTime';
  /** What the client has to say, for the log: never bytes of records or secrets. */
  readonly log?: KafkaLog;
}

export type KafkaLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface RegistryOptions {
  /** The root of the Confluent-compatible API. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM text; absent: the certificate authorities that Node knows. */
  readonly ca?: string;
}

/** A topic's name on the cluster. */
export const topicName = ({ topicPrefix }: Pick<KafkaOptions, 'topicPrefix'>, topic: Topic): string => `${topicPrefix}${topic}`;
