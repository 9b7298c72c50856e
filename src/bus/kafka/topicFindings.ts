/** How the topics of a cluster differ from what they must be, in words that say what to do. */
import type { ClusterTopic, PresentTopic } from './clusterTopics';
import type { KafkaOptions } from './options';
import { leastInSync, satisfies, topicSettings } from './topicSettings';

/** How one topic differs from what it must be. */
export interface TopicFinding {
  /** Its name on the cluster. */
  readonly topic: string;
  /** A setting of Kafka's, or `topic`, `partitions`, `replication`, `permission`. */
  readonly setting: string;
  readonly found: string;
  readonly expected: string;
  /** What to do about it. */
  readonly todo: string;
}

/** All of them, topic by topic. */
export const findingsOf = (
  topics: readonly ClusterTopic[],
  options: Pick<KafkaOptions, 'inputTimestamps'>,
): readonly TopicFinding[] => {
  const common = commonPartitions(topics.filter((topic) => topic.state === 'present'));
  return topics.flatMap((topic) => ofTopic(topic, common, options));
};

/** The number that most of them have, the larger of two that are as frequent. */
export const commonPartitions = (topics: readonly PresentTopic[]): number | undefined => {
  const counts = new Map<number, number>();
  for (const { partitions } of topics) counts.set(partitions, (counts.get(partitions) ?? 0) + 1);
  return [...counts].sort(([a, aCount], [b, bCount]) => bCount - aCount || b - a)[0]?.[0];
};

const ofTopic = (
  found: ClusterTopic,
  common: number | undefined,
  options: Pick<KafkaOptions, 'inputTimestamps'>,
): readonly TopicFinding[] => {
  const { name: topic } = found;
  if (found.state !== 'present') {
    if (found.state === 'hidden') return [forbidden(topic, 'DESCRIBE')];
    return [{ topic, setting: 'topic', found: 'missing', expected: 'there', todo: 'run `policygate topics create`' }];
  }
  const findings: TopicFinding[] = [];
  if (common !== undefined && found.partitions !== common)
    findings.push({
      topic,
      setting: 'partitions',
      found: String(found.partitions),
      expected: `${common}, as most topics have`,
      todo: 'a shard is the same partition of every topic: while no run is open, make the topic again with as many',
    });
  if (found.settings === undefined) return [...findings, forbidden(topic, 'DESCRIBE_CONFIGS')];
  for (const setting of topicSettings(found.topic, options, found.replication)) {
    const value = found.settings.get(setting.name);
    // An older broker has no bounds on times: nothing to correct.
    if (value === undefined || satisfies(setting, value)) continue;
    findings.push({
      topic,
      setting: setting.name,
      found: value,
      expected: setting.check === 'atLeast' ? `${setting.value} or more` : setting.value,
      todo: `kafka-configs --bootstrap-server ... --alter --topic ${topic} --add-config ${setting.name}=${setting.value} (${setting.why})`,
    });
  }
  return [...findings, ...tooFewReplicas(found, found.settings)];
};

/** Every write would be refused: there can never be as many replicas in sync as are asked for. */
const tooFewReplicas = (
  { name: topic, replication }: PresentTopic,
  settings: ReadonlyMap<string, string>,
): readonly TopicFinding[] => {
  const inSync = Number(settings.get('min.insync.replicas') ?? 1);
  if (replication >= inSync) return [];
  return [
    {
      topic,
      setting: 'replication',
      found: String(replication),
      expected: `${inSync} or more, as min.insync.replicas says`,
      todo: `add replicas (kafka-reassign-partitions), or set min.insync.replicas=${leastInSync(replication)}`,
    },
  ];
};

const forbidden = (topic: string, operation: string): TopicFinding => ({
  topic,
  setting: 'permission',
  found: `this user may not ${operation}`,
  expected: `${operation} on the topic`,
  todo: 'an administrator grants what the role of this login needs: `policygate topics acls`',
});

/** `create` was asked for something that is there, and otherwise. */
export const differences = (
  { name: topic, partitions, replication }: PresentTopic,
  wanted: { readonly partitions?: number | undefined; readonly replication?: number | undefined },
): readonly TopicFinding[] => {
  const todo = 'left as it is: create changes no topic that is there';
  const findings: TopicFinding[] = [];
  if (wanted.partitions !== undefined && wanted.partitions !== partitions)
    findings.push({ topic, setting: 'partitions', found: String(partitions), expected: String(wanted.partitions), todo });
  if (wanted.replication !== undefined && wanted.replication !== replication)
    findings.push({ topic, setting: 'replication', found: String(replication), expected: String(wanted.replication), todo });
  return findings;
};
