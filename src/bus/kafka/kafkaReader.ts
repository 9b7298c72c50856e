/**
 * Reads partitions of Kafka, read-committed, from offsets that the caller gives: no group, no stored position. One loop for each leader fetches
 * ahead into a buffer for each partition; a partition with a full buffer is left out of the next fetch until some of it was polled.
 *
 * What goes wrong with a connection or a leader is tried again on a new connection; when that has not helped for a while, polls reject.
 */
import type { Topic } from '../../contracts/topics';
import { BusError, type BusReader, type BusRecord, type PollOptions, type TopicPosition } from '../../processor/bus';
import { sharesOf } from '../pollShares';
import { busErrorOf } from './failures';
import { committedRecords } from './committedRecords';
import type { FetchedPartition } from './fetchProtocol';
import { fetchOf } from './fetchProtocol';
import type { Broker, Cluster, OwnCluster } from './internals';
import { leaderOf } from './internals';
import { BatchError, decodeBatches } from './recordBatch';
import { answered, sleep, Wake } from './waiting';

export interface ReaderOptions {
  readonly createCluster: () => OwnCluster;
  readonly nameOf: (topic: Topic) => string;
  readonly bufferBytes: number;
  readonly onClose: () => void;
}

/** How long the broker waits for something to send: what a change of leader or a full buffer takes to be noticed. */
const FETCH_WAIT_MS = 250;
const FETCH_BYTES = 16 * 1024 * 1024;
const PARTITION_BYTES = 2 * 1024 * 1024;
/** Trouble that lasts longer than this is told: whoever polls must not take silence for an empty log. */
const PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

// Source: Kafka's protocol guide, "Error codes".
const OFFSET_OUT_OF_RANGE = 1;
const TOPIC_AUTHORIZATION_FAILED = 29;
const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** One partition that is read. */
interface Source {
  readonly topic: Topic;
  readonly name: string;
  readonly partition: number;
  /** Offset to fetch next. */
  next: number;
  records: BusRecord[];
  /** Place in `records` of the first that was not handed out. */
  at: number;
  /** Bytes of the batches whose records wait. */
  bytes: number;
  /** Since when it could not be fetched; undefined: it can. */
  troubleSince: number | undefined;
}

export class KafkaReader implements BusReader {
  private readonly sources: readonly Source[];
  private connection: OwnCluster | undefined;
  private closed = false;
  private failure: BusError | undefined;
  private turn = 0;
  private lastTrouble: unknown;
  private readonly arrived = new Wake();
  private readonly drained = new Wake();
  private fetching: Promise<void> = Promise.resolve();

  constructor(
    from: readonly TopicPosition[],
    private readonly options: ReaderOptions,
  ) {
    this.sources = from.map(({ topic, partition, offset }) => ({
      topic,
      name: options.nameOf(topic),
      partition,
      next: offset,
      records: [],
      at: 0,
      bytes: 0,
      troubleSince: undefined,
    }));
    if (this.sources.length > 0) this.fetching = this.fetchUntilClosed();
  }

  async poll(options: PollOptions): Promise<readonly BusRecord[]> {
    this.check();
    const records = this.take(options);
    if (records.length > 0 || options.maxWaitMs <= 0) return records;
    await this.arrived.wait(options.maxWaitMs);
    this.check();
    return this.take(options);
  }

  position(topic: Topic, partition: number): number {
    const source = this.sources.find((one) => one.topic === topic && one.partition === partition);
    if (source === undefined) throw new RangeError(`the reader does not read ${topic}/${partition}`);
    return source.records[source.at]?.offset ?? source.next;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.arrived.wake();
    this.drained.wake();
    // Ends a fetch that waits at the broker.
    this.connection?.discard();
    await this.fetching;
    this.options.onClose();
  }

  private take(options: PollOptions): readonly BusRecord[] {
    const { sources } = this;
    const waiting = sources.map(({ records, at }) => records.length - at);
    const shares = sharesOf(sources, waiting, options, this.turn++);
    const taken: BusRecord[] = [];
    for (const [place, source] of sources.entries()) {
      const share = shares[place] ?? 0;
      if (share === 0) continue;
      for (const record of source.records.slice(source.at, source.at + share)) taken.push(record);
      source.at += share;
      source.bytes -= Math.ceil((source.bytes * share) / (waiting[place] ?? share));
      // Each record is moved at most once for each time that it is handed out.
      if (source.at * 2 >= source.records.length) {
        source.records = source.records.slice(source.at);
        source.at = 0;
      }
      this.drained.wake();
    }
    return taken;
  }

  private check(): void {
    if (this.closed) throw new BusError('BUS_CLOSED', 'a reader of Kafka');
    if (this.failure !== undefined) throw this.failure;
    // Each partition for itself: one leader that answers says nothing of another's silence.
    const since = Date.now() - PATIENCE_MS;
    const silent = this.sources.find(({ troubleSince }) => troubleSince !== undefined && troubleSince < since);
    if (silent !== undefined) throw busErrorOf(this.lastTrouble, placeOf(silent), 'BUS_UNREACHABLE');
  }

  private async fetchUntilClosed(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !this.stopped();) {
      const troubled = this.sources.every(({ troubleSince }) => troubleSince !== undefined);
      try {
        await this.fetchFromLeaders();
      } catch (error) {
        if (this.stopped()) break;
        if (error instanceof BusError && !error.retryable) {
          this.failure = error;
          this.arrived.wake();
          break;
        }
        this.lastTrouble = error;
        for (const source of this.sources) source.troubleSince ??= Date.now();
        pause = troubled ? Math.min(pause * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
        await sleep(pause);
      } finally {
        this.connection?.discard();
      }
    }
  }

  private stopped(): boolean {
    return this.closed || this.failure !== undefined;
  }

  /** On a new connection, until the first fetch that fails. */
  private async fetchFromLeaders(): Promise<void> {
    this.connection = this.options.createCluster();
    const { cluster } = this.connection;
    await answered(cluster.connect());
    await answered(cluster.addMultipleTargetTopics([...new Set(this.sources.map(({ name }) => name))]));
    const round = { over: false };
    const loops = [...this.byLeader(cluster)].map(async ([nodeId, sources]) => {
      try {
        await this.fetchFrom(await answered(cluster.findBroker({ nodeId })), sources, round);
      } finally {
        round.over = true;
      }
    });
    // All of them have ended before a new round begins: no partition is fetched twice at a time.
    for (const loop of await Promise.allSettled(loops)) if (loop.status === 'rejected') throw loop.reason;
  }

  private byLeader(cluster: Cluster): Map<number, Source[]> {
    const groups = new Map<number, Source[]>();
    for (const source of this.sources) {
      const leader = leaderOf(cluster, source.name, source.partition);
      groups.set(leader, [...(groups.get(leader) ?? []), source]);
    }
    return groups;
  }

  private async fetchFrom(broker: Broker, sources: readonly Source[], round: { over: boolean }): Promise<void> {
    while (!round.over && !this.closed) {
      const hungry = sources.filter(({ bytes }) => bytes < this.options.bufferBytes);
      // What has enough waits for its reader, not for the broker.
      for (const source of sources) if (!hungry.includes(source)) source.troubleSince = undefined;
      if (hungry.length === 0) {
        await this.drained.wait(FETCH_WAIT_MS);
        continue;
      }
      const { partitions } = await answered(
        broker.connectionPool.send(
          fetchOf(
            hungry.map(({ name, partition, next }) => ({ topic: name, partition, offset: next })),
            { maxWaitMs: FETCH_WAIT_MS, maxBytes: FETCH_BYTES, maxPartitionBytes: PARTITION_BYTES },
          ),
        ),
      );
      if (this.stopped()) return;
      let arrived = false;
      for (const fetched of partitions) {
        const source = hungry.find(({ name, partition }) => name === fetched.topic && partition === fetched.partition);
        if (source !== undefined) arrived = accept(source, fetched) || arrived;
      }
      for (const source of hungry) source.troubleSince = undefined;
      if (arrived) this.arrived.wake();
    }
  }
}

/** Takes in what was fetched; answers whether there is something new to hand out, or the position moved. */
const accept = (source: Source, { errorCode, recordSet, aborted }: FetchedPartition): boolean => {
  if (errorCode !== 0) throw refusalOf(source, errorCode);
  if (recordSet.length === 0) return false;
  let batches;
  try {
    batches = decodeBatches(recordSet);
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    throw new BusError('BUS_UNREADABLE', `${source.name}/${source.partition}@${error.offset}`, error);
  }
  const last = batches.at(-1);
  if (last === undefined) return false;
  const { topic, partition, next } = source;
  for (const { offset, timestamp, key, value, headers } of committedRecords(batches, aborted)) {
    // A fetch from the middle of a batch brings all of it.
    if (offset >= next) source.records.push({ topic, partition, offset, key, value, timestamp, headers });
  }
  for (const { bytes } of batches) source.bytes += bytes;
  if (source.records.length === source.at) source.bytes = 0;
  source.next = Math.max(next, last.lastOffset + 1);
  return true;
};

const placeOf = ({ name, partition, next }: Source): string => `${name}/${partition}@${next}`;

const refusalOf = (source: Source, errorCode: number): Error => {
  const where = placeOf(source);
  if (errorCode === OFFSET_OUT_OF_RANGE) return new BusError('BUS_TRUNCATED', where);
  if (errorCode === TOPIC_AUTHORIZATION_FAILED) return new BusError('BUS_REFUSED', where);
  if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) return new Error(`${where}: there is no such topic or partition`);
  return new Error(`${where}: the broker answered with error code ${errorCode}`);
};
