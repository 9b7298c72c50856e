/**
 * The bus on a Kafka cluster: for production. The promises of the port (src/processor/bus.ts) by Kafka's transactions. Group offsets are no truth here:
 * whoever reads says from where. The traps of kafkajs that shaped it: docs/adr/0006-kafka-bus.md.
 */
import { TOPICS, type Topic } from '../../contracts/topics';
import { BusError, type Bus, type BusReader, type TopicPosition, type TransactionalWriter } from '../../processor/bus';
import { slotOf } from '../slots';
import { openEndableClient } from './endableClient';
import { busErrorOf } from './failures';
import type { Cluster, OwnCluster } from './internals';
import { leaderOf, ownCluster, READ_COMMITTED, READ_UNCOMMITTED } from './internals';
import { KafkaReader } from './kafkaReader';
import type { KafkaWriter, WriterFaultPoint } from './kafkaWriter';
import { openWriter } from './kafkaWriter';
import type { KafkaOptions } from './options';
import { topicName } from './options';
import { verifiedShards } from './topicAdmin';
import { answered, sleep, within } from './waiting';

export interface KafkaBusOptions extends KafkaOptions {
  /** Called at named points, so that a test can end the process there. */
  readonly faultPoint?: (point: WriterFaultPoint) => void;
}

/** A user who waits longer for "there is no broker" has given up. */
const OPEN_MS = 8_000;
/** How long a question of offsets may take, with changes of leader and open transactions in between. */
const ANSWER_MS = 15_000;
const PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;
/** ListOffsets takes these for times. Source: Kafka's protocol guide. */
const LATEST = '-1';

/** Verifies the topics first. Rejects with a BusError within 10 s: BUS_UNREACHABLE, BUS_REFUSED, BUS_NOT_READY. */
export const openKafkaBus = async (options: KafkaBusOptions): Promise<Bus> => {
  const { client, discard } = openEndableClient(options);
  const where = options.brokers.join(', ');
  const late = (): BusError => new BusError('BUS_UNREACHABLE', where, new Error(`no answer within ${OPEN_MS / 1_000} s`));
  let shards: number;
  try {
    shards = await within(OPEN_MS, verifiedShards(client, options), late);
  } catch (error) {
    throw busErrorOf(error, where, 'BUS_UNREACHABLE');
  } finally {
    discard();
  }
  return new KafkaBus(options, shards);
};

class KafkaBus implements Bus {
  private closed = false;
  private readonly readers = new Set<KafkaReader>();
  private readonly writers = new Set<KafkaWriter>();
  private readonly metadata: MetadataConnection;

  constructor(
    private readonly options: KafkaBusOptions,
    readonly shards: number,
  ) {
    this.metadata = new MetadataConnection(() => ownCluster(options), TOPICS.map(this.nameOf));
  }

  async writer(transactionalId: string): Promise<TransactionalWriter> {
    this.checkOpen();
    const { nameOf, options } = this;
    const writer = await openWriter({
      createCluster: () => ownCluster(options),
      transactionalId: `${options.topicPrefix}${transactionalId}`,
      nameOf,
      names: TOPICS.map(nameOf),
      faultPoint: options.faultPoint,
      onClose: () => this.writers.delete(writer),
    });
    this.writers.add(writer);
    if (this.closed) await writer.close();
    return writer;
  }

  async reader(from: readonly TopicPosition[]): Promise<BusReader> {
    this.checkOpen();
    for (const { topic, partition } of from) slotOf(topic, partition, this.shards);
    const reader = new KafkaReader(from, {
      createCluster: () => ownCluster(this.options),
      nameOf: this.nameOf,
      bufferBytes: this.options.bufferBytes,
      onClose: () => this.readers.delete(reader),
    });
    this.readers.add(reader);
    return Promise.resolve(reader);
  }

  /** Waits for the transactions that are open now to end: an acknowledged commit is visible only when its markers are written, a moment later. */
  async endOffset(topic: Topic, partition: number): Promise<number> {
    const written = await this.offsetOf(topic, partition, LATEST, READ_UNCOMMITTED);
    const deadline = Date.now() + ANSWER_MS;
    for (;;) {
      const stable = await this.offsetOf(topic, partition, LATEST, READ_COMMITTED);
      if (stable >= written) return stable;
      if (Date.now() > deadline) {
        const cause = new Error(`a transaction has been open for ${ANSWER_MS / 1_000} s`);
        throw new BusError('BUS_FAILED', `${this.nameOf(topic)}/${partition}@${stable}`, cause);
      }
      await sleep(PAUSE_MS);
    }
  }

  async offsetAt(topic: Topic, partition: number, time: number): Promise<number> {
    const offset = await this.offsetOf(topic, partition, String(time), READ_COMMITTED);
    // Nothing is as late as that.
    return offset >= 0 ? offset : this.endOffset(topic, partition);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.readers, ...this.writers].map((one) => one.close()));
    this.metadata.close();
  }

  private readonly nameOf = (topic: Topic): string => topicName(this.options, topic);

  private async offsetOf(topic: Topic, partition: number, timestamp: string, isolationLevel: number): Promise<number> {
    this.checkOpen();
    slotOf(topic, partition, this.shards);
    const name = this.nameOf(topic);
    return this.metadata.ask(async (cluster) => {
      const broker = await cluster.findBroker({ nodeId: leaderOf(cluster, name, partition) });
      const topics = [{ topic: name, partitions: [{ partition, timestamp }] }];
      const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel, topics });
      const offset = responses[0]?.partitions[0]?.offset;
      if (offset === undefined) throw new Error(`${name}/${partition}: the broker gave no offset`);
      return Number(offset);
    });
  }

  private checkOpen(): void {
    if (this.closed) throw new BusError('BUS_CLOSED', 'Kafka');
  }
}

/** One connection for questions that change nothing: they are asked again, on a new connection, until ANSWER_MS are over. */
class MetadataConnection {
  private connection: OwnCluster | undefined;
  private connected: Promise<Cluster> | undefined;
  private closed = false;

  constructor(
    private readonly create: () => OwnCluster,
    private readonly names: readonly string[],
  ) {}

  async ask<T>(question: (cluster: Cluster) => Promise<T>): Promise<T> {
    const deadline = Date.now() + ANSWER_MS;
    for (let pause = PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const asked = (this.connected ??= this.connect());
      try {
        return await answered(asked.then(question));
      } catch (error) {
        if (this.connected === asked) this.discard();
        const failure = busErrorOf(error, 'Kafka', 'BUS_UNREACHABLE');
        if (this.closed || failure.code === 'BUS_REFUSED' || Date.now() > deadline) throw failure;
        await sleep(pause);
      }
    }
  }

  close(): void {
    this.closed = true;
    this.discard();
  }

  private discard(): void {
    this.connection?.discard();
    this.connection = undefined;
    this.connected = undefined;
  }

  private async connect(): Promise<Cluster> {
    this.connection = this.create();
    const { cluster } = this.connection;
    await cluster.connect();
    await cluster.addMultipleTargetTopics(this.names);
    return cluster;
  }
}
