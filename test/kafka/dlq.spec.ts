/** Dead letters on a broker: retried and dropped in transactions, with one operator at a time, and replayed after it. Offsets have gaps there. */
import { dropLetter, retryLetter } from '../../src/apps/deadLetters/dealWith';
import { lettersOf } from '../../src/apps/deadLetters/lettersOnLog';
import { shownLetter } from '../../src/apps/deadLetters/shownLetter';
import { replayShard } from '../../src/audit/replay/replayShard';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { Codec } from '../../src/contracts/avro/codec';
import { schemaText } from '../../src/contracts/avro/schemas';
import { DECISIONS, ORDER_INTENTS } from '../../src/contracts/topics';
import type { Topic } from '../../src/contracts/topics';
import type { Bus, BusRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { processorOf } from '../support/commands';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { TestShard } from '../support/shard';
import { intentOf } from '../support/situations';

const LATE_SCHEMA = 4_711_000;

describeKafka('dead letters on Kafka', () => {
  jest.setTimeout(60_000);
  let bus: Bus;
  let early: Codec;
  let late: Codec;
  beforeAll(async () => {
    const options = await freshTopics({}, 1);
    const registry = { url: kafkaUnderTest().registryUrl };
    await registerSchemas(registry, options.topicPrefix);
    const known = await registeredSchemas(registry, options.topicPrefix);
    early = new Codec(known);
    late = new Codec({ ...known, schemas: new Map([...known.schemas, [LATE_SCHEMA, schemaText('OrderIntent')]]) });
    bus = await openKafkaBus(options);
  });
  afterAll(() => bus.close());

  const fold = async (codec: Codec, topics: readonly Topic[]): Promise<void> => {
    const processor = await processorOf({ bus, codec }, 0);
    const ends = await Promise.all(topics.map((topic) => bus.endOffset(topic, 0)));
    const field = { 'order-intents': 'order_intents', 'control-events': 'control_events' } as const;
    const behind = (): boolean =>
      topics.some((topic, at) => processor.shard.positions[field[topic as keyof typeof field]] < lastOf(ends[at] ?? 0));
    while (behind()) await processor.step({ maxRecords: 100, maxWaitMs: 500 });
    await processor.close();
  };
  /** The end is behind the marker of the transaction, which is no record. */
  const lastOf = (end: number): number => Math.max(0, end - 1);
  const all = async (topic: Topic): Promise<BusRecord[]> => {
    const records: BusRecord[] = [];
    for await (const record of recordsTo(bus, { topic, partition: 0, offset: 0 })) records.push(record);
    return records;
  };

  it('a poison whose cause is gone is decided once, another is dropped, and the log replays', async () => {
    const test = new TestShard();
    const codec = early;
    const started = test.codec.decodeValue('control-events', test.started().value);
    if (!started.ok) throw new Error(started.error.message);
    const value = Buffer.from(codec.encodeValue(ORDER_INTENTS, intentOf({ intent_id: 'i-1' })));
    value.writeUInt32BE(LATE_SCHEMA, 1);
    const writer = await bus.writer('test');
    await writer.commit([{ ...test.started(), value: codec.encodeValue('control-events', started.value) }]);
    await writer.commit([test.record(ORDER_INTENTS, 'r-1', value), test.record(ORDER_INTENTS, 'r-1', Buffer.from('x'))]);
    await fold(early, ['control-events', ORDER_INTENTS]);

    const [first, second] = [...(await lettersOf(bus, 0)).letters.values()].map(({ place }) => place);
    const request = { actor: 'alice', reason: 'why', at: Date.now(), again: false, force: false };
    const refused = { refused: expect.stringContaining('UNKNOWN_SCHEMA_ID') };
    expect(await retryLetter({ bus, codec: early }, first!, request)).toEqual(refused);

    const two = [request, { ...request, actor: 'bob' }].map((one) => retryLetter({ bus, codec: late }, first!, one));
    const outcomes = await Promise.allSettled(two);
    const done = outcomes.flatMap((one) => (one.status === 'fulfilled' && !('refused' in one.value) ? [one.value] : []));
    expect(done).toHaveLength(1);
    const dropped = await dropLetter({ bus, codec: late }, second!, request);
    expect(dropped).toMatchObject({ word: { partition: 0 } });
    await fold(late, [ORDER_INTENTS]);

    const inputs = await all(ORDER_INTENTS);
    expect(inputs).toHaveLength(3);
    expect(inputs[2]).toMatchObject({ offset: done[0]?.input?.offset, headers: { retried_from: `0/${first!.offset}` } });
    expect(Buffer.compare(inputs[2]!.value!, value)).toBe(0);
    expect(await all(DECISIONS)).toHaveLength(1);

    const shard = await lettersOf(bus, 0);
    const shown = await shownLetter({ bus, codec: late }, shard, shard.letters.get(first!.offset)!);
    expect(shown.outcomes).toEqual([expect.stringMatching(/^DECISION [A-Z]+ of run r-1 \(seq 1\)$/)]);
    expect(shown.dealt[0]?.input).toEqual(done[0]?.input);
    const report = await replayShard({ bus, codec: late, partition: 0 });
    expect(report.difference).toBeUndefined();
    expect(report).toMatchObject({ deadLetters: 2, decisions: 1, setAsideAsRecorded: 1 });
  });
});
