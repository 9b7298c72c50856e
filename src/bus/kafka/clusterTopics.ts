/** What the cluster says of our topics: whether each is there, its partitions, replicas and settings. */
import { ConfigResourceTypes } from 'kafkajs';
import type { Admin, ITopicMetadata } from 'kafkajs';
import { TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import { topicName } from './options';
import type { KafkaOptions } from './options';
import { allEnded } from './waiting';
import { askedAgain } from './withAdmin';

export interface PresentTopic {
  readonly topic: Topic;
  readonly name: string;
  readonly state: 'present';
  readonly partitions: number;
  /** Replicas of the partition that has the fewest. */
  readonly replication: number;
  /** Undefined: this user may not read them. */
  readonly settings: ReadonlyMap<string, string> | undefined;
}

export interface AbsentTopic {
  readonly topic: Topic;
  readonly name: string;
  /** `hidden`: the broker does not tell this user whether it is there. */
  readonly state: 'missing' | 'hidden';
}

export type ClusterTopic = PresentTopic | AbsentTopic;

/** In the order of TOPICS. Rejects with whatever kafkajs throws when the cluster does not answer. */
export const clusterTopics = async (
  admin: Admin,
  options: Pick<KafkaOptions, 'topicPrefix'>,
): Promise<readonly ClusterTopic[]> => {
  const listed = new Set(await askedAgain(() => admin.listTopics()));
  const named = TOPICS.map((topic) => ({ topic, name: topicName(options, topic) }));
  const present = named.filter(({ name }) => listed.has(name)).map(({ name }) => name);
  // Without names kafkajs asks for every topic of the cluster.
  const metadata = present.length === 0 ? [] : (await askedAgain(() => admin.fetchTopicMetadata({ topics: present }))).topics;
  return allEnded(
    named.map(async ({ topic, name }): Promise<ClusterTopic> => {
      const found = metadata.find((one) => one.name === name);
      if (found === undefined) return { topic, name, state: await absence(admin, name) };
      return { topic, name, state: 'present', ...shapeOf(found), settings: await settingsOf(admin, name) };
    }),
  );
};

const shapeOf = ({ partitions }: ITopicMetadata): { readonly partitions: number; readonly replication: number } => ({
  partitions: partitions.length,
  replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
});

/** A list of topics leaves out what the user may not see; asked by name, the broker says which it is. */
const absence = async (admin: Admin, name: string): Promise<'missing' | 'hidden'> => {
  try {
    await askedAgain(() => admin.fetchTopicMetadata({ topics: [name] }));
    return 'missing';
  } catch (error) {
    if (brokerErrorOf(error) === 'TOPIC_AUTHORIZATION_FAILED') return 'hidden';
    if (brokerErrorOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return 'missing';
    throw error;
  }
};

/** One request a topic: of several, kafkajs gives none when one is refused. */
const settingsOf = async (admin: Admin, name: string): Promise<ReadonlyMap<string, string> | undefined> => {
  try {
    const { resources } = await admin.describeConfigs({
      resources: [{ type: ConfigResourceTypes.TOPIC, name }],
      includeSynonyms: false,
    });
    return new Map(
      resources.flatMap(({ configEntries }) => configEntries.map(({ configName, configValue }) => [configName, configValue])),
    );
  } catch (error) {
    if (brokerErrorOf(error) === 'TOPIC_AUTHORIZATION_FAILED') return undefined;
    throw error;
  }
};

/** The broker's own name for an error, however deep kafkajs has wrapped it. */
export const brokerErrorOf = (error: unknown): string | undefined => {
  let at = error;
  for (let depth = 0; depth < 10 && typeof at === 'object' && at !== null; depth++) {
    const { type, cause } = at as { readonly type?: unknown; readonly cause?: unknown };
    if (typeof type === 'string') return type;
    at = cause;
  }
  return undefined;
};
