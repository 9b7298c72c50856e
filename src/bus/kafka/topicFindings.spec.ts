import { TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { ClusterTopic, PresentTopic } from './clusterTopics';
import { findingsOf } from './topicFindings';
import { leastInSync, satisfies, topicSettings } from './topicSettings';

const LIVE = { inputTimestamps: 'LogAppendTime' } as const;

const present = (topic: Topic, change: Partial<PresentTopic> = {}): PresentTopic => {
  const replication = change.replication ?? 1;
  return {
    topic,
    name: `t-${topic}`,
    state: 'present',
    partitions: 4,
    replication,
    settings: new Map(topicSettings(topic, LIVE, replication).map(({ name, value }) => [name, value])),
    ...change,
  };
};
const cluster = (changes: Partial<Record<Topic, (topic: Topic) => ClusterTopic>> = {}): readonly ClusterTopic[] =>
  TOPICS.map((topic) => (changes[topic] ?? present)(topic));
const withSetting =
  (name: string, value: string, replication = 1) =>
  (topic: Topic): ClusterTopic => {
    const made = present(topic, { replication });
    return { ...made, settings: new Map([...(made.settings ?? []), [name, value]]) };
  };
const valueOf = (topic: Topic, name: string, options: Parameters<typeof topicSettings>[1] = LIVE): string | undefined =>
  topicSettings(topic, options, 3).find((setting) => setting.name === name)?.value;

describe('what topics must be', () => {
  it('compacts the state and nothing else', () => {
    expect(TOPICS.filter((topic) => valueOf(topic, 'cleanup.policy') === 'compact')).toEqual(['policy-state']);
  });
  const stamped = (options: Parameters<typeof topicSettings>[1]): readonly Topic[] =>
    TOPICS.filter((topic) => valueOf(topic, 'message.timestamp.type', options) === 'LogAppendTime');
  it('lets the broker date the inputs, unless recorded days are played', () => {
    expect(stamped(LIVE)).toEqual(['order-intents', 'market-prices', 'control-events', 'execution-events']);
    expect(stamped({ inputTimestamps: 'CreateTime' })).toEqual([]);
  });
  it.each(TOPICS)('%s keeps everything, uncompressed, whole', (topic) => {
    expect(topicSettings(topic, LIVE, 3)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'retention.ms', value: '-1', check: 'equals' }),
        expect.objectContaining({ name: 'retention.bytes', value: '-1', check: 'equals' }),
        expect.objectContaining({ name: 'compression.type', value: 'uncompressed', check: 'equals' }),
        expect.objectContaining({ name: 'unclean.leader.election.enable', value: 'false', check: 'equals' }),
        expect.objectContaining({ name: 'max.message.bytes' }),
        expect.objectContaining({ name: 'min.insync.replicas', value: '2', check: 'atLeast' }),
      ]),
    );
  });
  it('lets the largest input be set aside, with where it came from', () => {
    const largest = (topic: Topic) => topicSettings(topic, LIVE, 3).find(({ name }) => name === 'max.message.bytes');
    for (const topic of TOPICS)
      expect([topic, largest(topic)]).toMatchObject([
        topic,
        { value: topic === 'dead-letters' ? '16777216' : '8388608', check: stamped(LIVE).includes(topic) ? 'equals' : 'atLeast' },
      ]);
  });
  it('asks for a second copy only where there are three', () => expect([1, 2, 3, 5].map(leastInSync)).toEqual([1, 1, 2, 2]));
  it.each([
    ['equals', '5', true],
    ['equals', '6', false],
    ['atLeast', '6', true],
    ['atLeast', '4', false],
    ['atLeast', '9223372036854775807', true],
    ['atLeast', 'abc', false],
    ['tunable', 'abc', true],
  ] as const)('%s 5: %s is %s', (check, found, good) =>
    expect(satisfies({ name: 'x', value: '5', check, why: '' }, found)).toBe(good),
  );
});

describe('findings', () => {
  it('has none when all is well', () => expect(findingsOf(cluster(), LIVE)).toEqual([]));
  it.each([
    [
      'a missing topic',
      { decisions: (topic: Topic) => ({ topic, name: `t-${topic}`, state: 'missing' as const }) },
      'topic',
      'missing',
      'topics create',
    ],
    [
      'a hidden topic',
      { decisions: (topic: Topic) => ({ topic, name: `t-${topic}`, state: 'hidden' as const }) },
      'permission',
      'DESCRIBE',
      'topics acls',
    ],
    [
      'settings that may not be read',
      { decisions: (topic: Topic) => present(topic, { settings: undefined }) },
      'permission',
      'DESCRIBE_CONFIGS',
      'topics acls',
    ],
    ['other partitions', { decisions: (topic: Topic) => present(topic, { partitions: 3 }) }, 'partitions', '3', 'same partition'],
    [
      'a wrong setting',
      { decisions: withSetting('compression.type', 'producer') },
      'compression.type',
      'producer',
      '--add-config compression.type=uncompressed',
    ],
    [
      'too small a setting',
      { decisions: withSetting('max.message.bytes', '1048588') },
      'max.message.bytes',
      '1048588',
      '8388608',
    ],
    ['too few replicas', { decisions: withSetting('min.insync.replicas', '2') }, 'replication', '1', 'min.insync.replicas=1'],
    [
      'one copy in sync of three',
      { decisions: withSetting('min.insync.replicas', '1', 3) },
      'min.insync.replicas',
      '1',
      'min.insync.replicas=2',
    ],
  ] as const)('names %s, its topic and what to do', (_, changes, setting, found, todo) => {
    const findings = findingsOf(cluster(changes), LIVE);
    expect(findings).toEqual([
      {
        topic: 't-decisions',
        setting,
        found: expect.stringContaining(found),
        expected: expect.any(String),
        todo: expect.stringContaining(todo),
      },
    ]);
  });
  it('takes what most topics have for the number of partitions', () => {
    const findings = findingsOf(cluster({ decisions: (topic) => present(topic, { partitions: 9 }) }), LIVE);
    expect(findings).toMatchObject([{ topic: 't-decisions', found: '9', expected: expect.stringContaining('4') }]);
  });
  it('leaves alone what may be tuned, and what an older broker does not know', () => {
    const older = present('decisions');
    const settings = new Map([...(older.settings ?? [])].filter(([name]) => !name.startsWith('message.timestamp.after')));
    const tuned = withSetting('segment.ms', '1');
    expect(findingsOf(cluster({ decisions: () => ({ ...older, settings }), 'policy-state': tuned }), LIVE)).toEqual([]);
  });
  it('wants tombstones kept longer than any restore', () =>
    expect(findingsOf(cluster({ 'policy-state': withSetting('delete.retention.ms', '60000') }), LIVE)).toMatchObject([
      { setting: 'delete.retention.ms', expected: '604800000 or more' },
    ]));
});
