/** Checkpoints on a broker: published, gone on with after a restart, fenced, verified, and a decision proven. Offsets have gaps there. */
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { SigningKey } from '../../src/audit/checkpoint/checkpointKeys';
import { CheckpointWriter } from '../../src/audit/checkpoint/checkpointWriter';
import { makeCheckpoints } from '../../src/audit/checkpoint/makeCheckpoints';
import { verifyShard } from '../../src/audit/checkpoint/verifyCheckpoints';
import { collectEvidence } from '../../src/audit/evidence/collectEvidence';
import { readEvidence } from '../../src/audit/evidence/evidence';
import { verifyEvidence } from '../../src/audit/evidence/verifyEvidence';
import { Codec } from '../../src/contracts/avro/codec';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS, partitionOf } from '../../src/contracts/topics';
import type { Bus } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { processorOf } from '../support/commands';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { policyText, TestShard } from '../support/shard';
import { intentOf } from '../support/situations';

const SHARDS = 2;
const RUN = 'r-1';

describeKafka('checkpoints on Kafka', () => {
  jest.setTimeout(60_000);
  const key = SigningKey.generate('risk.example/gate');
  const shard = partitionOf(Buffer.from(RUN), SHARDS);
  let options: KafkaOptions;
  let bus: Bus;
  let codec: Codec;
  beforeAll(async () => {
    options = await freshTopics({}, SHARDS);
    const registry = { url: kafkaUnderTest().registryUrl };
    await registerSchemas(registry, options.topicPrefix);
    codec = new Codec(await registeredSchemas(registry, options.topicPrefix));
    bus = await openKafkaBus(options);
    await write('before', 6);
  });
  afterAll(() => bus.close());

  /** Publishes a run, if there is none yet, and so many intents; folds them two at a time, so that there are transactions between. */
  const write = async (name: string, count: number): Promise<void> => {
    const outgoing = new TestShard();
    const started = [outgoing.started({ policy_text: policyText({ tripAfter: 1_000 }) }, RUN), outgoing.price('AAPL', '200')];
    const intents = Array.from({ length: count }, (_, n) =>
      outgoing.intent(intentOf({ intent_id: `${name}-${n}`, timestamp: '2026-02-24T09:30:00Z' }), RUN),
    );
    const recoded = (name === 'before' ? [...started, ...intents] : intents).map((record) => {
      const topic = record.topic as 'order-intents';
      const decoded = outgoing.codec.decodeValue(topic, record.value);
      if (!decoded.ok) throw new Error(decoded.error.message);
      return { ...record, partition: shard, value: codec.encodeValue(topic, decoded.value) };
    });
    const writer = await bus.writer(`test-${name}`);
    await writer.commit(recoded);
    await writer.close();
    const processor = await processorOf({ bus, codec }, shard);
    for (let quiet = 0; quiet < 3;) quiet = (await processor.step({ maxRecords: 2, maxWaitMs: 200 })) === 0 ? quiet + 1 : 0;
    await processor.close();
  };
  const make = async (everyRecords = Infinity): Promise<readonly number[]> => {
    const sizes: number[] = [];
    await makeCheckpoints(
      {
        ...{ bus, codec, key, now: Date.now, everyRecords, everyMs: Infinity, untilEnd: true },
        onPublished: ({ tree_size }) => void sizes.push(tree_size),
      },
      new AbortController().signal,
    );
    return sizes;
  };
  const verified = () => verifyShard({ bus, codec, key: key.publicKey, partition: shard, filed: undefined });

  it('are published, and gone on with by whoever comes next', async () => {
    expect(await make(4)).toEqual([4, 7]);
    expect(await make()).toEqual([]);
    await bus.close();
    bus = await openKafkaBus(options);
    await write('after', 3);
    expect(await make()).toEqual([10]);
    const { records, checkpoints, last, faults } = await verified();
    expect({ records, checkpoints, size: last?.size, faults }).toEqual({ records: 10, checkpoints: 3, size: 10, faults: [] });
    // There are gaps, so that an offset is not a leaf's index.
    expect(last?.auditOffset).toBeGreaterThan(10);
  });

  it('prove a decision', async () => {
    const text = await collectEvidence({ bus, codec, key: key.publicKey, runId: RUN, intentId: 'after-1' });
    const evidence = readEvidence(text);
    if (!evidence.ok) throw new Error(evidence.error);
    expect(verifyEvidence(evidence.value, key.publicKey)).toMatchObject({
      ok: true,
      value: { intent: { intent_id: 'after-1' } },
    });
    expect(evidence.value).toMatchObject({ leafIndex: 8, treeSize: 10 });
  });

  it('come from one writer: an older one is fenced, and leaves nothing', async () => {
    await write('fenced', 1);
    const fields = { bus, codec, partition: shard, key, now: Date.now };
    const older = await CheckpointWriter.takeOver(fields);
    for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition: shard, offset: older.auditOffset }))
      older.add(record);
    const newer = await CheckpointWriter.takeOver({ ...fields, recheck: true });
    await expect(older.publish()).rejects.toMatchObject({ code: 'BUS_FENCED' });
    await older.close().catch(() => undefined);
    await newer.close();
    expect(await make()).toEqual([11]);
    let published = 0;
    for await (const { partition } of recordsTo(bus, { topic: AUDIT_CHECKPOINTS, partition: shard, offset: 0 }))
      published += Number(partition === shard);
    expect(published).toBe(4);
    expect((await verified()).faults).toEqual([]);
  });

  it('are refused after those of another key', async () => {
    await write('other', 1);
    await expect(
      CheckpointWriter.takeOver({ bus, codec, partition: shard, key: SigningKey.generate(key.name), now: Date.now }),
    ).rejects.toMatchObject({ name: 'CheckpointError', about: 'key' });
  });
});
