/**
 * The road that records travel: the port that every bus implements (src/bus/embedded, src/bus/memory, and Kafka), with the same promises on
 * each, held by one shared suite (test/contract/bus).
 *
 * - A topic has `shards` partitions; offsets in a partition grow and never repeat. Gaps are allowed (compaction, Kafka's control records).
 * - `commit` is atomic across topics and partitions: all of its records become visible to readers together, in order, or none ever does.
 *   When it resolves, they are durable. When it rejects, the outcome may be unknown: throw the writer away and open a new one.
 * - Opening a writer fences every older writer of the same transactional id: whatever that one commits from then on rejects with BUS_FENCED and is
 *   never visible. An unknown outcome of the older writer is settled (visible or gone for good) before the new writer is handed out.
 * - Readers see only what is committed.
 * - Of a compacted topic a reader from offset zero sees at least the newest record of each key, in order of offsets.
 */
import type { Topic } from '../contracts/topics';

export { BUS_ERROR_CODES, BusError } from './busError';
export type { BusErrorCode } from './busError';

export interface TopicPosition {
  readonly topic: Topic;
  readonly partition: number;
  /** Offset of the next record to read. */
  readonly offset: number;
}

export type Headers = Readonly<Record<string, string>>;

export interface OutgoingRecord {
  readonly topic: Topic;
  readonly partition: number;
  readonly key: Uint8Array | null;
  /** Null: a tombstone, on a compacted topic. */
  readonly value: Uint8Array | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers?: Headers;
}

export interface BusRecord extends OutgoingRecord {
  readonly offset: number;
  readonly headers: Headers;
}

export interface TransactionalWriter {
  /** Writes all of `records` or none; resolves with their offsets, in the order given. One commit in flight at a time. */
  commit(records: readonly OutgoingRecord[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface PollOptions {
  readonly maxRecords: number;
  /** How long to wait for the first record; zero: answer at once. */
  readonly maxWaitMs: number;
  /** At most so many of a topic in one answer. */
  readonly perTopic?: Readonly<Partial<Record<Topic, number>>>;
}

export interface BusReader {
  /**
   * The next committed records: topics in the order in which the reader was opened with them, each topic's records by offset. Empty when
   * nothing came in time, or when only the position moved. A reader of one topic is never starved by another: every topic gets its share of `maxRecords`.
   */
  poll(options: PollOptions): Promise<readonly BusRecord[]>;
  /**
   * How far the partition is read: every committed record before this offset was handed out by `poll`, or is no more. It passes over offsets
   * that hold no record (compaction, Kafka's control records), so it reaches an end offset where "the last record" may never come.
   */
  position(topic: Topic, partition: number): number;
  close(): Promise<void>;
}

export interface Bus {
  /** Partitions of every topic. */
  readonly shards: number;
  writer(transactionalId: string): Promise<TransactionalWriter>;
  reader(from: readonly TopicPosition[]): Promise<BusReader>;
  /**
   * Where a reader that has seen every commit so far acknowledged stands (`BusReader.position`): no record that is committed now has this
   * offset or a higher one, but there may be none just before it.
   */
  endOffset(topic: Topic, partition: number): Promise<number>;
  /** An offset before which no record has this time (ms since 1970) or a later one; zero where the bus has no index of times. */
  offsetAt(topic: Topic, partition: number, time: number): Promise<number>;
  close(): Promise<void>;
}
