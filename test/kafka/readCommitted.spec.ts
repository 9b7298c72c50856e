/**
 * What a reader sees of aborted transactions, on a real broker: nothing. The cases are those in which the consumer of kafkajs hands aborted records
 * out, and it must be seen to do so here: a test of the filter that cannot fail shows nothing.
 */
import type { Consumer, Kafka, Producer, Transaction } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { openClient } from '../../src/bus/kafka/client';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { topicName } from '../../src/bus/kafka/options';
import { DECISIONS } from '../../src/contracts/topics';
import type { Bus } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { text } from '../contract/bus/records';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka } from '../support/kafka/kafkaUnderTest';

describeKafka('records of aborted transactions', () => {
  let options: KafkaOptions;
  let client: Kafka;
  let bus: Bus;
  const open: (Producer | Consumer)[] = [];

  beforeEach(async () => {
    options = await freshTopics();
    client = openClient(options);
    bus = await openKafkaBus(options);
  }, 60_000);
  afterEach(async () => {
    await bus.close();
    await Promise.all(open.splice(0).map((one) => one.disconnect()));
  });

  const producer = async (): Promise<Producer> => {
    const made = client.producer({
      transactionalId: `leak-${randomUUID()}`,
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    });
    await made.connect();
    open.push(made);
    return made;
  };
  const put = (transaction: Transaction, value: string, key: Buffer | string = 'k'): Promise<unknown> =>
    transaction.send({ topic: topicName(options, DECISIONS), messages: [{ key, value }] });
  const commitEnd = async (): Promise<void> => {
    const transaction = await (await producer()).transaction();
    await put(transaction, 'end');
    await transaction.commit();
  };
  const seenByUs = async (from: number): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { value } of recordsTo(bus, { topic: DECISIONS, partition: 0, offset: from })) seen.push(text(value));
    return seen;
  };
  const seenByKafkajs = async (): Promise<string[]> => {
    const consumer = client.consumer({ groupId: `leak-${randomUUID()}`, maxWaitTimeInMs: 100 });
    open.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic: topicName(options, DECISIONS), fromBeginning: true });
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const eachMessage = ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        seen.push(text(message.value));
        if (seen.at(-1) === 'end') resolve();
        return Promise.resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return seen;
  };

  it('are not seen where a key of four zero bytes looks like a marker', async () => {
    const aborted = await (await producer()).transaction();
    await aborted.send({
      topic: topicName(options, DECISIONS),
      messages: [
        { key: Buffer.alloc(4), value: 'aborted' },
        { key: 'k', value: 'aborted too' },
      ],
    });
    await aborted.abort();
    await commitEnd();
    expect(await seenByUs(0)).toEqual(['end']);
    expect(await seenByKafkajs()).toEqual(['aborted', 'aborted too', 'end']);
  }, 60_000);

  it('are not seen where two overlap and the later one ends first', async () => {
    const first = await (await producer()).transaction();
    await put(first, 'first 1');
    const second = await (await producer()).transaction();
    await put(second, 'second');
    await put(first, 'first 2');
    await second.abort();
    await first.abort();
    await commitEnd();
    expect(await seenByUs(0)).toEqual(['end']);
    expect(await seenByKafkajs()).not.toEqual(['end']);
  }, 60_000);

  it('are not seen where several are open, from wherever one reads', async () => {
    const first = await (await producer()).transaction();
    const second = await (await producer()).transaction();
    for (let n = 0; n < 4; n++) await put(n % 2 === 0 ? first : second, `aborted ${n}`);
    await first.abort();
    await second.abort();
    await commitEnd();
    for (let from = 0; from < 6; from++) expect(await seenByUs(from)).toEqual(['end']);
  }, 60_000);

  it('are not seen of a writer of ours that was fenced half way', async () => {
    const half = await (await producer()).transaction();
    await put(half, 'left open');
    const writer = await bus.writer('w');
    await writer.commit([{ topic: DECISIONS, partition: 0, key: null, value: Buffer.from('committed'), timestamp: 1 }]);
    const reader = await bus.reader([{ topic: DECISIONS, partition: 0, offset: 0 }]);
    // Behind a transaction that is open, nothing is shown, committed or not.
    expect(await reader.poll({ maxRecords: 10, maxWaitMs: 300 })).toEqual([]);
    await half.abort();
    expect((await reader.poll({ maxRecords: 10, maxWaitMs: 10_000 })).map(({ value }) => text(value))).toEqual(['committed']);
  }, 60_000);
});
