/**
 * What the broker takes and gives through our reader and writer when nothing is folded between them: the same bytes, in the same transactions. What is
 * left between these figures and `behind` is the processor's own.
 */
import { Partitioners } from 'kafkajs';
import { openClient } from '../src/bus/kafka/client';
import type { KafkaOptions } from '../src/bus/kafka/options';
import { topicName } from '../src/bus/kafka/options';
import type { Topic } from '../src/contracts/topics';
import { AUDIT_RECORDS, DECISIONS, ORDER_INTENTS, POLICY_STATE } from '../src/contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../src/processor/bus';
import { recordsTo } from '../src/processor/readTo';
import type { Figure, Setting } from './benchmark';
import { figure, sized } from './benchmark';
import { hundredths } from './kafkaBehind';
import type { KafkaCluster } from './kafkaCluster';
import { BATCH, homesOf, openKafkaSession, publishIntents, startRuns } from './kafkaRuns';
import { ProcessorProcess } from './kafkaProcessor';
import { median, spread, timedAsync } from './measure';

const OUTPUTS = [DECISIONS, AUDIT_RECORDS, POLICY_STATE] as const;

/** The outputs of one transaction of the processor. */
type Transaction = readonly OutgoingRecord[];

export const limit = async (cluster: KafkaCluster, setting: Setting): Promise<readonly Figure[]> => {
  const intents = sized(setting, 50_000, 5_000);
  const rounds = sized(setting, 3, 1);
  const source = await cluster.freshTopics(1, 'CreateTime');
  const { bus, codec } = await openKafkaSession(source);
  const homes = homesOf(1);
  await startRuns({ bus, codec }, homes);
  const before = await Promise.all(OUTPUTS.map((topic) => bus.endOffset(topic, 0)));
  const from = await bus.endOffset(ORDER_INTENTS, 0);
  await publishIntents({ bus, codec }, homes, intents);
  const processor = await ProcessorProcess.start({ options: source, shards: [0], intents, warmUp: 0 });
  processor.go();
  await processor.done;
  const transactions = await outputsOf(bus, before, intents);

  const target = await cluster.freshTopics(1, 'CreateTime');
  const { bus: targetBus } = await openKafkaSession(target);
  const writer = await targetBus.writer('bench-limit');
  const write = async (): Promise<void> => {
    for (const records of transactions) await writer.commit(records);
  };
  const readAll = async (then: (transaction: Transaction) => Promise<unknown>): Promise<void> => {
    const end = await bus.endOffset(ORDER_INTENTS, 0);
    const reader = await bus.reader([{ topic: ORDER_INTENTS, partition: 0, offset: from }]);
    for (let read = 0; reader.position(ORDER_INTENTS, 0) < end;) {
      const { length } = await reader.poll({ maxRecords: BATCH, maxWaitMs: 1_000 });
      const passed = Math.floor((read + length) / BATCH);
      for (let number = Math.floor(read / BATCH); number < passed; number++) await then(transactions[number]!);
      read += length;
    }
    await reader.close();
  };
  const rates = async (work: () => Promise<void>): Promise<readonly number[]> => {
    await work();
    const measured: number[] = [];
    for (let round = 0; round < rounds; round++) measured.push((intents / (await timedAsync(work))) * 1_000);
    return measured;
  };

  const records = transactions.reduce((sum, { length }) => sum + length, 0) / intents;
  const bytes = transactions.flat().reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0) / intents;
  const each = { intents, records_per_intent: hundredths(records), bytes_per_intent: Math.round(bytes) };
  const shown = (name: string, what: string, measured: readonly number[], details = {}): Figure =>
    figure(`kafka/limit, ${name}`, what, [median(measured), 'intents/s'], { details: { ...spread(measured), ...details } });
  const figures = [
    shown(
      'read',
      'what the broker gives through our reader: intents, a thousand a poll',
      await rates(() => readAll(async () => undefined)),
    ),
    shown(
      'write',
      'what the broker takes through our writer: what the processor made of so many intents, in the same transactions',
      await rates(write),
      each,
    ),
    shown(
      'read and write',
      'both in turns, as the processor does it: its rate if folding took no time',
      await rates(() => readAll((one) => writer.commit(one))),
    ),
    shown(
      'kafkajs',
      'what it takes through the producer of kafkajs: the same transactions',
      await byKafkajs(target, transactions, intents, rounds),
    ),
  ];
  await targetBus.close();
  await bus.close();
  await cluster.dropTopics(source);
  await cluster.dropTopics(target);
  return figures;
};

/** Cut into as many transactions as there are thousands of intents. */
const outputsOf = async (bus: Bus, from: readonly number[], intents: number): Promise<readonly Transaction[]> => {
  const count = intents / BATCH;
  const transactions: OutgoingRecord[][] = Array.from({ length: count }, () => []);
  for (const [at, topic] of OUTPUTS.entries()) {
    const records: BusRecord[] = [];
    for await (const record of recordsTo(bus, { topic, partition: 0, offset: from[at]! })) records.push(record);
    if (topic !== POLICY_STATE && records.length !== intents)
      throw new Error(`${records.length} records in ${topic}; expected ${intents}, one for each intent`);
    records.forEach((record, number) => transactions[Math.floor((number * count) / records.length)]!.push(record));
  }
  return transactions;
};

const byKafkajs = async (
  options: KafkaOptions,
  transactions: readonly Transaction[],
  intents: number,
  rounds: number,
): Promise<readonly number[]> => {
  const producer = openClient(options).producer({
    transactionalId: `${options.topicPrefix}kafkajs`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  const batches = transactions.map((records) =>
    OUTPUTS.map((topic) => ({ topic: topicName(options, topic), messages: records.filter(of(topic)).map(messageOf) })),
  );
  await producer.connect();
  try {
    const measured: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const took = await timedAsync(async () => {
        for (const topicMessages of batches) {
          const transaction = await producer.transaction();
          await transaction.sendBatch({ topicMessages, acks: -1 });
          await transaction.commit();
        }
      });
      if (round >= 0) measured.push((intents / took) * 1_000);
    }
    return measured;
  } finally {
    await producer.disconnect();
  }
};

const of =
  (topic: Topic) =>
  (record: OutgoingRecord): boolean =>
    record.topic === topic;

const messageOf = ({ key, value, timestamp, headers, partition }: OutgoingRecord) => ({
  key: key as Buffer | null,
  value: value as Buffer | null,
  partition,
  timestamp: String(timestamp),
  ...(headers === undefined ? {} : { headers }),
});
