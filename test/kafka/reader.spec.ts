/** What a reader does when the log has gaps, the broker goes away, or records are gone. */
import { ConfigResourceTypes } from 'kafkajs';
import { openClient } from '../../src/bus/kafka/client';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { topicName } from '../../src/bus/kafka/options';
import { sleep } from '../../src/bus/kafka/waiting';
import { AUDIT_RECORDS, DECISIONS, POLICY_STATE } from '../../src/contracts/topics';
import type { Bus, BusReader } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { isBusError, record, text } from '../contract/bus/records';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeNativeBroker, type NativeBroker, startNativeBroker } from '../support/kafka/kafkaUnderTest';

describeNativeBroker('a reader of Kafka', () => {
  let broker: NativeBroker;
  let options: KafkaOptions;
  let bus: Bus;

  beforeAll(async () => {
    broker = await startNativeBroker({ settings: { 'log.initial.task.delay.ms': 200, 'log.cleaner.backoff.ms': 200 } });
  }, 120_000);
  afterAll(() => broker.stop(), 60_000);
  beforeEach(async () => {
    options = await freshTopics({ brokers: [broker.bootstrap] });
    bus = await openKafkaBus(options);
  }, 60_000);
  afterEach(() => bus.close());

  it('reaches the end of a topic whose last offsets hold no record', async () => {
    const client = openClient(options);
    const producer = client.producer({ transactionalId: 'gaps', createPartitioner: () => () => 0 });
    await producer.connect();
    const writer = await bus.writer('w');
    await writer.commit([record(DECISIONS, 0, 'k', 'seen')]);
    for (let n = 0; n < 3; n++) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: topicName(options, DECISIONS), messages: [{ value: 'aborted' }] });
      await transaction.abort();
    }
    await producer.disconnect();
    const end = await bus.endOffset(DECISIONS, 0);
    // The record, its marker, and three times a record with its marker.
    expect(end).toBe(8);
    const values: string[] = [];
    for await (const { value } of recordsTo(bus, { topic: DECISIONS, partition: 0, offset: 0 })) values.push(text(value));
    expect(values).toEqual(['seen']);
    const reader = await bus.reader([{ topic: DECISIONS, partition: 0, offset: 0 }]);
    while (reader.position(DECISIONS, 0) < end) await reader.poll({ maxRecords: 10, maxWaitMs: 5_000 });
    await reader.close();
  }, 60_000);

  it('reads a compacted topic while the broker cleans it: the newest of each key', async () => {
    const admin = openClient(options).admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: topicName(options, POLICY_STATE),
          configEntries: Object.entries({
            'cleanup.policy': 'compact',
            'segment.ms': '100',
            'min.cleanable.dirty.ratio': '0.01',
            'max.compaction.lag.ms': '100',
            'compression.type': 'uncompressed',
          }).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    await admin.disconnect();
    const writer = await bus.writer('w');
    const newest = new Map<string, string>();
    for (let round = 0; round < 30; round++) {
      const records = Array.from({ length: 20 }, (_, n) => record(POLICY_STATE, 0, `k${n}`, `${round}.${n}`));
      for (const { key, value } of records) newest.set(text(key), text(value));
      await writer.commit(records);
      await sleep(60);
    }
    const deadline = Date.now() + 40_000;
    for (;;) {
      const found = new Map<string, string>();
      let count = 0;
      for await (const { key, value } of recordsTo(bus, { topic: POLICY_STATE, partition: 0, offset: 0 })) {
        found.set(text(key), text(value));
        count += 1;
      }
      expect(new Map([...found].sort())).toEqual(new Map([...newest].sort()));
      // Until the broker has really dropped most of the 600.
      if (count < 100) return;
      expect(Date.now()).toBeLessThan(deadline);
      await sleep(500);
    }
  }, 90_000);

  it('holds no more than its buffer, and goes on when it is read', async () => {
    const small = await openKafkaBus({ ...options, bufferBytes: 100_000 });
    const writer = await bus.writer('w');
    for (let n = 0; n < 20; n++) {
      const value = Buffer.alloc(400_000, String(n));
      await writer.commit([{ topic: AUDIT_RECORDS, partition: 0, key: null, value, timestamp: n }]);
    }
    const reader = await small.reader([{ topic: AUDIT_RECORDS, partition: 0, offset: 0 }]);
    const first = await reader.poll({ maxRecords: 1, maxWaitMs: 10_000 });
    await sleep(1_000);
    // A fetch brings up to 2 MiB, and no second one was made.
    const buffered = (reader as unknown as { sources: { records: unknown[]; at: number }[] }).sources[0]!;
    expect(buffered.records.length - buffered.at).toBeLessThan(6);
    const offsets = first.map(({ timestamp }) => timestamp);
    while (offsets.length < 20) {
      for (const { timestamp } of await reader.poll({ maxRecords: 3, maxWaitMs: 10_000 })) offsets.push(timestamp);
    }
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await small.close();
  }, 60_000);

  it('goes on where it was when the broker was killed and comes back; while it is gone, it says so', async () => {
    const writer = await bus.writer('w');
    await writer.commit(Array.from({ length: 10 }, (_, n) => record(DECISIONS, 0, 'k', String(n))));
    const reader = await bus.reader([{ topic: DECISIONS, partition: 0, offset: 0 }]);
    const values = await readSome(reader, 10);
    await broker.kill();
    const trouble = Date.now();
    let refused: unknown;
    while (refused === undefined && Date.now() - trouble < 20_000) {
      await reader.poll({ maxRecords: 1, maxWaitMs: 200 }).catch((error: unknown) => (refused = error));
    }
    expect(refused).toMatchObject({ ...isBusError('BUS_UNREACHABLE'), retryable: true });
    await expect(writer.commit([record(DECISIONS, 0, 'k', 'into the dark')])).rejects.toMatchObject({ name: 'BusError' });
    await broker.restart();
    // It serves clients before it leads every partition again.
    await bus.endOffset(DECISIONS, 0);
    const next = await bus.writer('w');
    await next.commit(Array.from({ length: 10 }, (_, n) => record(DECISIONS, 0, 'k', String(10 + n))));
    const deadline = Date.now() + 20_000;
    while (values.length < 20 && Date.now() < deadline) {
      // A refusal comes at once: whoever asks again without a pause leaves no time for anything else.
      const records = await reader.poll({ maxRecords: 100, maxWaitMs: 500 }).catch(() => sleep(100).then(() => []));
      values.push(...records.map(({ value }) => text(value)));
    }
    expect(values).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
  }, 120_000);

  it('stops for good where records are missing', async () => {
    const writer = await bus.writer('w');
    await writer.commit(Array.from({ length: 10 }, (_, n) => record(DECISIONS, 0, 'k', String(n))));
    const admin = openClient(options).admin();
    await admin.connect();
    const topic = topicName(options, DECISIONS);
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
    await admin.disconnect();
    for (const offset of [0, 1_000]) {
      const reader = await bus.reader([{ topic: DECISIONS, partition: 0, offset }]);
      await expect(reader.poll({ maxRecords: 1, maxWaitMs: 10_000 })).rejects.toMatchObject(isBusError('BUS_TRUNCATED'));
      await expect(reader.poll({ maxRecords: 1, maxWaitMs: 0 })).rejects.toMatchObject(isBusError('BUS_TRUNCATED'));
    }
  }, 60_000);
});

const readSome = async (reader: BusReader, count: number): Promise<string[]> => {
  const values: string[] = [];
  while (values.length < count)
    values.push(...(await reader.poll({ maxRecords: 100, maxWaitMs: 5_000 })).map(({ value }) => text(value)));
  return values;
};
