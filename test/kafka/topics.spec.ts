import { setTimeout } from 'node:timers/promises';
import { ConfigResourceTypes } from 'kafkajs';
import { openClient } from '../../src/bus/kafka/client';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { createTopics, listTopics, verifiedShards, verifyTopics } from '../../src/bus/kafka/topicAdmin';
import { TOPICS } from '../../src/contracts/topics';
import { kafkaOptions } from '../support/kafka/freshTopics';
import { describeKafka } from '../support/kafka/kafkaUnderTest';

describeKafka('topics', () => {
  jest.setTimeout(30_000);
  let options: KafkaOptions;
  const client = () => openClient(options);
  const nameOf = (topic: string): string => `${options.topicPrefix}${topic}`;
  beforeEach(() => (options = kafkaOptions({ inputTimestamps: 'LogAppendTime' })));

  const alter = async (topic: string, name: string, value: string): Promise<void> => {
    const admin = client().admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: nameOf(topic), configEntries: [{ name, value }] }],
    });
    await admin.disconnect();
  };

  it('are made as they must be, and again without a change', async () => {
    expect(await createTopics(client(), options, { partitions: 3, replication: 1 })).toMatchObject({
      created: TOPICS.map(nameOf),
      existing: [],
      partitions: 3,
    });
    expect(await verifyTopics(client(), options)).toEqual({ findings: [], shards: 3 });
    expect(await createTopics(client(), options)).toMatchObject({ created: [], existing: TOPICS.map(nameOf), findings: [] });
    expect(await verifiedShards(client(), options)).toBe(3);
  });

  it('that are missing are named, and only those are made, with the partitions of the others', async () => {
    await createTopics(client(), options, { partitions: 2, replication: 1 });
    const admin = client().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [nameOf('decisions')] });
    // The controller has said yes; the broker hears of it a moment later.
    while ((await admin.listTopics()).includes(nameOf('decisions'))) await setTimeout(50);
    await admin.disconnect();
    expect(await verifyTopics(client(), options)).toMatchObject({
      shards: undefined,
      findings: [{ topic: nameOf('decisions'), setting: 'topic', found: 'missing' }],
    });
    await expect(verifiedShards(client(), options)).rejects.toMatchObject({
      code: 'BUS_NOT_READY',
      message: expect.stringContaining(`topic ${nameOf('decisions')}, topic (missing; expected there)`),
    });
    expect(await createTopics(client(), options, { partitions: 5 })).toMatchObject({
      created: [nameOf('decisions')],
      partitions: 2,
    });
    expect(await verifiedShards(client(), options)).toBe(2);
  });

  it('that differ are reported and left alone', async () => {
    await createTopics(client(), options, { partitions: 1, replication: 1 });
    // alterConfigs sets everything else back to the broker's defaults: several findings.
    await alter('order-intents', 'compression.type', 'zstd');
    const { findings, shards } = await verifyTopics(client(), options);
    expect(shards).toBeUndefined();
    expect(new Set(findings.map(({ topic }) => topic))).toEqual(new Set([nameOf('order-intents')]));
    expect(findings).toContainEqual(
      expect.objectContaining({ setting: 'compression.type', found: 'zstd', expected: 'uncompressed' }),
    );
    await expect(verifiedShards(client(), options)).rejects.toThrow(/BUS_NOT_READY at topic .*order-intents.*, and \d more/);
    const again = await createTopics(client(), options, { partitions: 2, replication: 1 });
    expect(again.findings).toContainEqual(expect.objectContaining({ setting: 'partitions', found: '1', expected: '2' }));
    expect((await verifyTopics(client(), options)).findings).toEqual(findings);
  });

  it('with the other clock are told apart', async () => {
    await createTopics(client(), options, { partitions: 1, replication: 1 });
    const { findings } = await verifyTopics(client(), { ...options, inputTimestamps: 'CreateTime' });
    expect(findings.filter(({ setting }) => setting === 'message.timestamp.type').map(({ topic }) => topic)).toEqual(
      ['order-intents', 'market-prices', 'control-events', 'execution-events'].map(nameOf),
    );
  });

  it('are listed with what they hold', async () => {
    await createTopics(client(), options, { partitions: 2, replication: 1 });
    const producer = client().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic: nameOf('market-prices'), messages: [{ value: 'a' }, { value: 'b' }] });
    await producer.disconnect();
    const rows = await listTopics(client(), options);
    expect(rows).toHaveLength(TOPICS.length);
    expect(rows).toContainEqual({
      topic: nameOf('market-prices'),
      partitions: 2,
      replication: 1,
      cleanup: 'delete',
      timestamps: 'LogAppendTime',
      offsets: 2,
    });
  });

  it('cannot have more copies than there are brokers', () =>
    expect(createTopics(client(), options, { replication: 9 })).rejects.toMatchObject({
      code: 'BUS_NOT_READY',
      message: expect.stringContaining('9 replicas need as many brokers'),
    }));

  it('on a broker that is not there: an error that says where', () =>
    expect(
      verifiedShards(openClient({ ...options, brokers: ['127.0.0.1:1'] }), { ...options, brokers: ['127.0.0.1:1'] }),
    ).rejects.toMatchObject({
      code: 'BUS_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    }));
});
