/**
 * A transactional writer. Opening it takes the transactional id over: the broker fences the writers before it and ends what they left open.
 *
 * kafkajs's own producer loses acknowledged records: on an error it takes its sequence numbers back and sends again what may be on its way. Here
 * nothing is ever sent twice. One transaction: its partitions are added, each leader gets one request with its batches, the transaction is ended
 * once. After any error the writer is worthless, and whoever opens the next one finds out what became of the transaction.
 * Why: docs/adr/0006-kafka-bus.md. Source: KIP-98.
 */
import type { Topic } from '../../contracts/topics';
import { BusError, type OutgoingRecord, type TransactionalWriter } from '../../processor/bus';
import { encodeBatch, recordSize } from './encodeBatch';
import { busErrorOf, isElsewhere, isPending } from './failures';
import type { Broker, OwnCluster } from './internals';
import { leaderOf, TRANSACTION_COORDINATOR } from './internals';
import type { ProducedBatch } from './produceProtocol';
import { produceOf } from './produceProtocol';
import { answered, sleep } from './waiting';

export interface WriterOptions {
  readonly createCluster: () => OwnCluster;
  readonly transactionalId: string;
  readonly nameOf: (topic: Topic) => string;
  /** Every topic that may be written to. */
  readonly names: readonly string[];
  /** Called at named points, so that a test can end the process there. */
  readonly faultPoint?: ((point: WriterFaultPoint) => void) | undefined;
  readonly onClose: () => void;
}

export const WRITER_FAULT_POINTS = ['kafka-before-send', 'kafka-after-send', 'kafka-during-commit'] as const;
export type WriterFaultPoint = (typeof WRITER_FAULT_POINTS)[number];

/** How long a writer that has died keeps readers from what comes behind its transaction. */
const TRANSACTION_TIMEOUT_MS = 10_000;
/** What the broker may take until all replicas have the records. */
const PRODUCE_TIMEOUT_MS = 5_000;
/** Of one partition in one request: half of what the topics allow for a batch (topicSettings.ts). */
const BATCH_BYTES = 4 * 1024 * 1024;
/** The transaction before is ended within milliseconds, unless a broker is in trouble. */
const PENDING_MS = 8_000;
const PENDING_PAUSE_MS = 1;
const LONGEST_PENDING_PAUSE_MS = 100;
const SEQUENCES = 2 ** 31;

interface Producer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Records of one partition that go into one batch, and their places in the commit. */
interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: OutgoingRecord[];
  readonly places: number[];
  bytes: number;
}

/** Rejects with a BusError. */
export const openWriter = async (options: WriterOptions): Promise<KafkaWriter> => {
  const where = `transactional id ${options.transactionalId}`;
  const connection = options.createCluster();
  const { cluster } = connection;
  try {
    await answered(cluster.connect());
    await answered(cluster.addMultipleTargetTopics(options.names));
    const { transactionalId } = options;
    const { coordinator, answer } = await whilePending(
      async () => {
        const found = await cluster.findGroupCoordinator({ groupId: transactionalId, coordinatorType: TRANSACTION_COORDINATOR });
        const given = await found.initProducerId({ transactionalId, transactionTimeout: TRANSACTION_TIMEOUT_MS });
        return { coordinator: found, answer: given };
      },
      (error) => isPending(error) || isElsewhere(error),
    );
    const producer = { producerId: BigInt(answer.producerId), producerEpoch: answer.producerEpoch };
    return new KafkaWriter(options, where, connection, coordinator, producer);
  } catch (error) {
    connection.discard();
    throw busErrorOf(error, where, 'BUS_UNREACHABLE');
  }
};

export class KafkaWriter implements TransactionalWriter {
  private refusal: BusError | undefined;
  private committing = false;
  /** Of each partition, the sequence number of its next record. */
  private readonly sequences = new Map<string, number>();

  constructor(
    private readonly options: WriterOptions,
    private readonly where: string,
    private readonly connection: OwnCluster,
    private readonly coordinator: Broker,
    private readonly producer: Producer,
  ) {}

  async commit(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    if (this.refusal !== undefined) throw this.refusal;
    if (this.committing) throw new TypeError(`${this.where}: one commit at a time`);
    if (records.length === 0) return [];
    this.committing = true;
    try {
      return await this.write(records);
    } catch (error) {
      const known = busErrorOf(error, this.where, 'BUS_FAILED');
      // Where an answer is missing the addresses are right; what matters is that the outcome is unknown.
      const refusal = known.code === 'BUS_UNREACHABLE' ? new BusError('BUS_FAILED', this.where, known.cause) : known;
      this.refusal ??= refusal;
      this.discard();
      throw refusal;
    } finally {
      this.committing = false;
    }
  }

  close(): Promise<void> {
    this.refusal ??= new BusError('BUS_CLOSED', this.where);
    this.discard();
    return Promise.resolve();
  }

  private discard(): void {
    this.connection.discard();
    this.options.onClose();
  }

  private async write(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    const { faultPoint } = this.options;
    const batches = this.batchesOf(records);
    await this.addPartitions(batches);
    faultPoint?.('kafka-before-send');
    const offsets = new Array<number>(records.length).fill(-1);
    for (const round of roundsOf(batches)) await this.send(round, offsets);
    faultPoint?.('kafka-after-send');
    const { transactionalId } = this.options;
    const ended = answered(this.coordinator.endTxn({ transactionalId, ...this.ids, transactionResult: true }));
    if (faultPoint !== undefined) {
      // By then the request is on its way.
      await sleep(0);
      faultPoint('kafka-during-commit');
    }
    await ended;
    return offsets;
  }

  private get ids(): { readonly producerId: string; readonly producerEpoch: number } {
    return { producerId: String(this.producer.producerId), producerEpoch: this.producer.producerEpoch };
  }

  private batchesOf(records: readonly OutgoingRecord[]): readonly Batch[] {
    const batches: Batch[] = [];
    const open = new Map<string, Batch>();
    for (const [place, record] of records.entries()) {
      const slot = `${record.topic}/${record.partition}`;
      const bytes = recordSize(record);
      let batch = open.get(slot);
      if (batch === undefined || batch.bytes + bytes > BATCH_BYTES) {
        batch = { topic: this.options.nameOf(record.topic), partition: record.partition, records: [], places: [], bytes: 0 };
        open.set(slot, batch);
        batches.push(batch);
      }
      batch.records.push(record);
      batch.places.push(place);
      batch.bytes += bytes;
    }
    return batches;
  }

  /** The broker refuses while it still ends the transaction before; nothing was sent by then, so this, and only this, is asked again. */
  private async addPartitions(batches: readonly Batch[]): Promise<void> {
    const byTopic = new Map<string, Set<number>>();
    for (const { topic, partition } of batches) byTopic.set(topic, (byTopic.get(topic) ?? new Set()).add(partition));
    const topics = [...byTopic].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }));
    const { transactionalId } = this.options;
    await whilePending(() => this.coordinator.addPartitionsToTxn({ transactionalId, ...this.ids, topics }));
  }

  /** At most one batch of each partition: one request to each leader, all at once. */
  private async send(batches: readonly Batch[], offsets: number[]): Promise<void> {
    const byLeader = new Map<number, Batch[]>();
    for (const batch of batches) {
      const leader = leaderOf(this.connection.cluster, batch.topic, batch.partition);
      const ofLeader = byLeader.get(leader);
      if (ofLeader === undefined) byLeader.set(leader, [batch]);
      else ofLeader.push(batch);
    }
    const { transactionalId } = this.options;
    await Promise.all(
      [...byLeader].map(async ([nodeId, ofLeader]) => {
        const broker = await answered(this.connection.cluster.findBroker({ nodeId }));
        const produced = ofLeader.map((batch) => this.encoded(batch));
        const { baseOffsets } = await answered(
          broker.connectionPool.send(produceOf(transactionalId, produced, PRODUCE_TIMEOUT_MS)),
        );
        ofLeader.forEach(({ places }, at) => {
          const base = baseOffsets[at] ?? -1;
          places.forEach((place, behind) => (offsets[place] = base + behind));
        });
      }),
    );
  }

  private encoded({ topic, partition, records }: Batch): ProducedBatch {
    const slot = `${topic}/${partition}`;
    const firstSequence = this.sequences.get(slot) ?? 0;
    this.sequences.set(slot, (firstSequence + records.length) % SEQUENCES);
    return { topic, partition, bytes: encodeBatch(records, { ...this.producer, firstSequence }) };
  }
}

/** The batches in rounds: a second batch of a partition follows when the first has arrived. */
const roundsOf = (batches: readonly Batch[]): readonly Batch[][] => {
  const rounds: Batch[][] = [];
  const seen = new Map<string, number>();
  for (const batch of batches) {
    const slot = `${batch.topic}/${batch.partition}`;
    const round = seen.get(slot) ?? 0;
    seen.set(slot, round + 1);
    (rounds[round] ??= []).push(batch);
  }
  return rounds;
};

/** Asks again as long as the coordinator says that it cannot do it yet. */
const whilePending = async <T>(ask: () => Promise<T>, isTemporary: (error: unknown) => boolean = isPending): Promise<T> => {
  const deadline = Date.now() + PENDING_MS;
  for (let pause = PENDING_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PENDING_PAUSE_MS)) {
    try {
      return await answered(ask());
    } catch (error) {
      if (!isTemporary(error) || Date.now() > deadline) throw error;
      await sleep(pause);
    }
  }
};
