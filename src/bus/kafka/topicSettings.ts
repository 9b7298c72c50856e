/**
 * What every topic must be on the cluster: the one table, used to create the topics and to verify them at each start. Needs Kafka 3.6 or newer.
 *
 * The log is the truth here, so it is kept whole and in order, with times that no sender can choose; what may be tuned is created with a sensible
 * value and not verified. Sources: Kafka's topic configuration; KIP-98 (transaction markers), KIP-534 (retention of tombstones), KIP-937 (time bounds).
 */
import { COMPACTED_TOPICS, DEAD_LETTERS, INPUT_TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { KafkaOptions } from './options';

/** `equals`: exactly that. `atLeast`: that or more. `tunable`: set when the topic is made, and never looked at again. */
type Check = 'equals' | 'atLeast' | 'tunable';

export interface TopicSetting {
  readonly name: string;
  readonly value: string;
  readonly check: Check;
  /** Why another value is refused, for whoever has to change it. */
  readonly why: string;
}

/** The largest record of ours is an audit record of some 100 KB; a batch of a whole transaction is larger. */
const LARGEST_BATCH_BYTES = 8 * 1024 * 1024;

/**
 * What an input may be at most must fit among the dead letters, with the headers that say where it came from: a record that can neither be folded nor set
 * aside would stop its shard for good. So the one is exact, and the other twice as large.
 */
const LARGEST_LETTER_BYTES = 2 * LARGEST_BATCH_BYTES;

/**
 * A reader that restores the state takes a value, and later in the log its tombstone. If the cleaner drops the tombstone between the two, the reader
 * keeps what was deleted. Kafka keeps a tombstone for so long after its first cleaning, so it must be longer than any restore, one with a
 * weekend's pause in it included; a restore takes seconds, and the tombstones of a week are few (a run's, when it ends).
 */
const TOMBSTONES_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * The segment that is written to is never cleaned, so its size and age bound what a restore reads in vain; with Kafka's 1 GiB and 7 days that would
 * be most of it. Cleaning starts when a quarter is superseded: a restore then reads at most a third more than it needs.
 */
const STATE_SEGMENT_BYTES = 128 * 1024 * 1024;
const STATE_SEGMENT_MS = 60 * 60 * 1000;
const STATE_DIRTY_RATIO = 0.25;

const ANY_TIME = '9223372036854775807';

export const topicSettings = (
  topic: Topic,
  { inputTimestamps }: Pick<KafkaOptions, 'inputTimestamps'>,
  replication: number,
): readonly TopicSetting[] => {
  const compacted = COMPACTED_TOPICS.includes(topic);
  const isInput = (INPUT_TOPICS as readonly Topic[]).includes(topic);
  const stamped = isInput ? inputTimestamps : 'CreateTime';
  const settings: readonly TopicSetting[] = [
    equals(
      'cleanup.policy',
      compacted ? 'compact' : 'delete',
      compacted
        ? 'a restore reads it whole: without compaction it grows for ever'
        : 'compaction drops records that are on record',
    ),
    equals('retention.ms', '-1', 'what is dropped can neither be restored nor replayed'),
    equals('retention.bytes', '-1', 'what is dropped can neither be restored nor replayed'),
    equals(
      'compression.type',
      'uncompressed',
      'one batch in zstd, snappy or lz4 stops every reader of the topic; the broker must rewrite it',
    ),
    equals(
      'message.timestamp.type',
      stamped,
      stamped === 'LogAppendTime'
        ? 'senders must not date their own intents'
        : 'the time of a record is the time of what it tells',
    ),
    ...(stamped === 'CreateTime'
      ? [
          equals('message.timestamp.before.max.ms', ANY_TIME, 'a replay writes records of the past'),
          equals('message.timestamp.after.max.ms', ANY_TIME, 'the clocks of the broker and of a record may differ'),
        ]
      : []),
    isInput
      ? equals(
          'max.message.bytes',
          String(LARGEST_BATCH_BYTES),
          'a larger record could not be set aside, and would stop the shard',
        )
      : {
          name: 'max.message.bytes',
          value: String(topic === DEAD_LETTERS ? LARGEST_LETTER_BYTES : LARGEST_BATCH_BYTES),
          check: 'atLeast',
          why:
            topic === DEAD_LETTERS
              ? 'the largest input must fit, with where it came from'
              : 'the records of one transaction go in one batch',
        },
    {
      name: 'min.insync.replicas',
      value: String(leastInSync(replication)),
      check: 'atLeast',
      why: 'what is acknowledged must survive the loss of one broker',
    },
    equals('unclean.leader.election.enable', 'false', 'a leader that lags would drop acknowledged records'),
  ];
  return compacted ? [...settings, ...STATE_SETTINGS] : settings;
};

/** With three replicas one may be down for maintenance, and an acknowledged record is still on two disks. */
export const leastInSync = (replication: number): number => (replication >= 3 ? 2 : 1);

export const satisfies = ({ value, check }: TopicSetting, found: string): boolean => {
  if (check === 'tunable') return true;
  if (check === 'equals') return found === value;
  return /^-?\d+$/.test(found) && BigInt(found) >= BigInt(value);
};

const equals = (name: string, value: string, why: string): TopicSetting => ({ name, value, check: 'equals', why });

const STATE_SETTINGS: readonly TopicSetting[] = [
  {
    name: 'delete.retention.ms',
    value: String(TOMBSTONES_MS),
    check: 'atLeast',
    why: 'a slow restore would miss what was deleted',
  },
  {
    name: 'min.cleanable.dirty.ratio',
    value: String(STATE_DIRTY_RATIO),
    check: 'tunable',
    why: 'how much a restore reads in vain',
  },
  { name: 'segment.bytes', value: String(STATE_SEGMENT_BYTES), check: 'tunable', why: 'how much is not cleaned yet' },
  { name: 'segment.ms', value: String(STATE_SEGMENT_MS), check: 'tunable', why: 'how long it is not cleaned' },
];
