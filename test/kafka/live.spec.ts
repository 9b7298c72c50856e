/** The live view of a log on a broker: the same state as its processor's, and a journal that is followed on from where a reader was. Offsets have gaps there. */
import { TestLog, until } from '../support/services';
import { LiveLog } from '../../src/apps/live/liveLog';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { Codec } from '../../src/contracts/avro/codec';
import { AUDIT_RECORDS, partitionOf } from '../../src/contracts/topics';
import type { Bus } from '../../src/processor/bus';
import type { Processor } from '../../src/processor/processor';
import { processorOf } from '../support/commands';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { policyText, TestShard } from '../support/shard';
import { intentOf } from '../support/situations';

const SHARDS = 2;
const RUN = 'r-1';

describeKafka('the live view on Kafka', () => {
  jest.setTimeout(60_000);
  const shard = partitionOf(Buffer.from(RUN), SHARDS);
  let options: KafkaOptions;
  let bus: Bus;
  let codec: Codec;
  let processor: Processor;
  beforeAll(async () => {
    options = await freshTopics({}, SHARDS);
    const registry = { url: kafkaUnderTest().registryUrl };
    await registerSchemas(registry, options.topicPrefix);
    codec = new Codec(await registeredSchemas(registry, options.topicPrefix));
    bus = await openKafkaBus(options);
    processor = await processorOf({ bus, codec }, shard);
  });
  afterAll(async () => {
    await processor.close();
    await bus.close();
  });

  /** Publishes intents, and the run before the first; folds them two at a time, so that there are transactions between. */
  const write = async (name: string, count: number): Promise<void> => {
    const outgoing = new TestShard();
    const started = [outgoing.price('AAPL', '200'), outgoing.started({ policy_text: policyText({ tripAfter: 1_000 }) }, RUN)];
    const intents = Array.from({ length: count }, (_, n) => outgoing.intent(intentOf({ intent_id: `${name}-${n}` }), RUN));
    const recoded = (name === 'before' ? [...started, ...intents] : intents).map((record) => {
      const topic = record.topic as 'order-intents';
      const decoded = outgoing.codec.decodeValue(topic, record.value);
      if (!decoded.ok) throw new Error(decoded.error.message);
      return { ...record, partition: shard, value: codec.encodeValue(topic, decoded.value) };
    });
    const writer = await bus.writer(`test-${name}`);
    await writer.commit(recoded);
    await writer.close();
    for (let left = recoded.length; left > 0;) left -= await processor.step({ maxRecords: 2, maxWaitMs: 500 });
  };

  it('knows what the processor knows, and goes on with a journal where its reader was', async () => {
    await write('before', 7);
    const live = LiveLog.open({ bus, codec, log: new TestLog() });
    await live.start();
    try {
      const seqs: number[] = [];
      let position: readonly number[] = Array.from({ length: SHARDS }, () => 0);
      const read = async (until: number): Promise<void> => {
        const enough = new AbortController();
        for await (const records of live.follow(position, enough.signal)) {
          for (const { head, partition, offset } of records) {
            seqs.push(head.seq);
            position = position.map((next, at) => (at === partition ? offset + 1 : next));
          }
          if (seqs.length >= until) enough.abort();
        }
      };
      await read(8);
      await write('after', 20);
      await read(28);
      expect(seqs).toEqual(Array.from({ length: 28 }, (_, seq) => seq));

      const end = await bus.endOffset(AUDIT_RECORDS, shard);
      await until('the live view is current', () => live.problems().length === 0 && live.position()[shard] === end);
      const own = processor.shard.runs.get(RUN);
      const shown = live.run(RUN)?.ledger;
      expect([shown?.nextSeq, shown?.chainHash, shown?.state.account]).toEqual([28, own?.chainHash, own?.state.account]);
      expect(shown?.state.exposure.positions).toEqual(own?.state.exposure.positions);
      expect((await live.journal(RUN, 0, 100)).map(({ head }) => head.seq)).toEqual(seqs);
      expect((await live.timeline(RUN, 'after-3')).map((record) => record.sealed().record.intent?.intent_id)).toEqual([
        'after-3',
      ]);
    } finally {
      await live.stop();
    }
  });
});
