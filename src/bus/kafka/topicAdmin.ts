/** The topics on the cluster: made where they are missing, compared with what they must be (topicSettings.ts), listed. */
import { setTimeout } from 'node:timers/promises';
import { KafkaJSAggregateError } from 'kafkajs';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import { BusError } from '../../processor/bus';
import { brokerErrorOf, clusterTopics } from './clusterTopics';
import type { KafkaOptions } from './options';
import { commonPartitions, differences, findingsOf } from './topicFindings';
import type { TopicFinding } from './topicFindings';
import { topicSettings } from './topicSettings';
import { askedAgain, withAdmin } from './withAdmin';

export interface TopicsVerified {
  readonly findings: readonly TopicFinding[];
  /** Partitions of every topic; undefined: there are findings. */
  readonly shards: number | undefined;
}

export interface TopicsCreated {
  readonly created: readonly string[];
  readonly existing: readonly string[];
  readonly partitions: number;
  readonly replication: number;
  /** How what was there already differs from what was asked for. */
  readonly findings: readonly TopicFinding[];
}

export interface TopicRow {
  readonly topic: string;
  readonly partitions: number;
  readonly replication: number;
  /** Undefined: this user may not read the settings. */
  readonly cleanup: string | undefined;
  readonly timestamps: string | undefined;
  /** Offsets between start and end: records, and Kafka's own marks of transactions among them. Undefined: this user may not ask. */
  readonly offsets: number | undefined;
}

type NamingOptions = Pick<KafkaOptions, 'brokers' | 'topicPrefix' | 'inputTimestamps'>;

/** Without anything said: enough shards to grow into, since they cannot be changed while a run is open. */
const DEFAULT_PARTITIONS = 4;
const DEFAULT_REPLICATION = 3;

/**
 * Makes the topics that are missing. Never changes or deletes one that is there; verifyTopics says how those differ. `partitions`: else as many as the
 * topics that are there have, else 4. `replication`: else 3, or 1 where the cluster has fewer than three brokers.
 */
export const createTopics = (
  client: Kafka,
  options: NamingOptions,
  wanted: { readonly partitions?: number | undefined; readonly replication?: number | undefined } = {},
): Promise<TopicsCreated> =>
  withAdmin(client, options.brokers, async (admin) => {
    const topics = await clusterTopics(admin, options);
    const { brokers } = await admin.describeCluster();
    const existing = topics.filter((topic) => topic.state === 'present');
    const partitions = commonPartitions(existing) ?? wanted.partitions ?? DEFAULT_PARTITIONS;
    const replication = wanted.replication ?? (brokers.length >= DEFAULT_REPLICATION ? DEFAULT_REPLICATION : 1);
    const missing = topics.filter((topic) => topic.state !== 'present');
    if (missing.length > 0) {
      if (replication > brokers.length)
        throw new BusError(
          'BUS_NOT_READY',
          `the cluster of ${options.brokers.join(', ')}`,
          new Error(`${replication} replicas need as many brokers; it has ${brokers.length}`),
        );
      await create(
        admin,
        missing.map(({ topic, name }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: replication,
          configEntries: topicSettings(topic, options, replication).map(({ name: setting, value }) => ({ name: setting, value })),
        })),
      );
    }
    return {
      created: missing.map(({ name }) => name),
      existing: existing.map(({ name }) => name),
      partitions,
      replication,
      findings: existing.flatMap((topic) => differences(topic, wanted)),
    };
  });

/** Compares every topic with what it must be. */
export const verifyTopics = (client: Kafka, options: NamingOptions): Promise<TopicsVerified> =>
  withAdmin(client, options.brokers, async (admin) => {
    const topics = await clusterTopics(admin, options);
    const common = commonPartitions(topics.filter((topic) => topic.state === 'present'));
    const findings = findingsOf(topics, options);
    return { findings, shards: findings.length === 0 ? common : undefined };
  });

/** The partitions of every topic; throws BUS_NOT_READY, naming what is wrong first, unless every topic is as it must be. */
export const verifiedShards = async (client: Kafka, options: NamingOptions): Promise<number> => {
  const { findings, shards } = await verifyTopics(client, options);
  const [first] = findings;
  if (first === undefined && shards !== undefined) return shards;
  const { topic, setting, found, expected } = first ?? {
    topic: 'every topic',
    setting: 'topic',
    found: 'missing',
    expected: 'there',
  };
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : '';
  throw new BusError('BUS_NOT_READY', `topic ${topic}, ${setting}`, new Error(`${found}; expected ${expected}${more}`));
};

/** The topics that are there. */
export const listTopics = (client: Kafka, options: NamingOptions): Promise<readonly TopicRow[]> =>
  withAdmin(client, options.brokers, async (admin) => {
    const topics = await clusterTopics(admin, options);
    const rows: TopicRow[] = [];
    for (const topic of topics) {
      if (topic.state !== 'present') continue;
      const { name, partitions, replication, settings } = topic;
      rows.push({
        topic: name,
        partitions,
        replication,
        cleanup: settings?.get('cleanup.policy'),
        timestamps: settings?.get('message.timestamp.type'),
        // One after the other: of several questions at a time, kafkajs answers some from metadata that another has just replaced.
        offsets: await offsetsIn(admin, name),
      });
    }
    return rows;
  });

/** What kafkajs throws for each topic; its types leave it out. */
interface CreateTopicError {
  readonly topic: string;
  readonly type: string;
  readonly message: string;
}

const create = async (admin: Admin, topics: ITopicConfig[]): Promise<void> => {
  try {
    await admin.createTopics({ topics, waitForLeaders: true });
    await untilListed(
      admin,
      topics.map(({ topic }) => topic),
    );
  } catch (error) {
    if (!(error instanceof KafkaJSAggregateError)) throw error;
    // Somebody else may be doing the same; whether theirs is right is verified next.
    const failed = (error.errors as readonly unknown[] as readonly CreateTopicError[]).find(
      ({ type }) => type !== 'TOPIC_ALREADY_EXISTS',
    );
    if (failed === undefined) return;
    const { topic, type, message } = failed;
    const where = `topic ${topic}`;
    const reason = type === 'INVALID_CONFIG' ? 'the broker refuses a setting of ours: it needs Kafka 3.6 or newer' : message;
    throw type.endsWith('AUTHORIZATION_FAILED')
      ? new BusError('BUS_REFUSED', where, new Error('this user may not CREATE it'))
      : new BusError('BUS_NOT_READY', where, new Error(reason));
  }
};

const LISTED_TRIES = 50;
const LISTED_WAIT_MS = 100;

/** The controller has made them; a broker hears of it a moment later, and would call them missing until then. */
const untilListed = async (admin: Admin, names: readonly string[]): Promise<void> => {
  for (let tries = 0; tries < LISTED_TRIES; tries++) {
    const listed = new Set(await askedAgain(() => admin.listTopics()));
    if (names.every((name) => listed.has(name))) return;
    await setTimeout(LISTED_WAIT_MS);
  }
};

const offsetsIn = async (admin: Admin, name: string): Promise<number | undefined> => {
  try {
    const partitions = await admin.fetchTopicOffsets(name);
    return partitions.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  } catch (error) {
    if (brokerErrorOf(error) === 'TOPIC_AUTHORIZATION_FAILED') return undefined;
    throw error;
  }
};
