/** A log of Kafka, taken home: exported, imported into a data directory, and folded again there to the same bytes. */
import { refold } from '../../src/audit/refold';
import { readExportManifest } from '../../src/apps/exporting/checkExport';
import { openSession } from '../../src/apps/session';
import type { Session } from '../../src/apps/session';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { Codec } from '../../src/contracts/avro/codec';
import { INPUT_TOPICS, partitionOf } from '../../src/contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { command, processorOf } from '../support/commands';
import { logInDirectory, logOf } from '../support/everyRecord';
import { filesOf } from '../support/exports';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { temporaryFolder } from '../support/program';
import { writeTradingDay } from '../support/tradingDay';

const SHARDS = 2;
const RUNS = ['day-a', 'day-b', 'day-c', 'day-d'];

describeKafka('a log of Kafka that is exported and imported', () => {
  jest.setTimeout(120_000);
  const folder = temporaryFolder();
  const before = { ...process.env };
  let session: Session;

  beforeAll(async () => {
    const { brokers, registryUrl, topicPrefix } = kafkaUnderTest();
    await freshTopics({ topicPrefix }, SHARDS);
    await registerSchemas({ url: registryUrl }, topicPrefix);
    const bus = await openKafkaBus({
      brokers,
      topicPrefix,
      clientId: 'test',
      bufferBytes: 8 * 1024 * 1024,
      inputTimestamps: 'CreateTime',
    });
    session = { bus, codec: new Codec(await registeredSchemas({ url: registryUrl }, topicPrefix)) };
    await trade(session);
    Object.assign(process.env, {
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      POLICYGATE_TOPIC_PREFIX: topicPrefix,
      POLICYGATE_INPUT_TIMESTAMPS: 'CreateTime',
    });
  });
  afterAll(async () => {
    process.env = before;
    await session.bus.close();
    folder.remove();
  });

  /** Trading days of some runs, as their inputs on Kafka and what processors make of them there: a transaction for every few records. */
  const trade = async ({ bus, codec }: Session): Promise<void> => {
    const arguments_ = writeTradingDay((name) => folder.path(name));
    const writer = await bus.writer('export-test');
    for (const run of RUNS) {
      const directory = folder.path(run);
      expect((await command('run', ...arguments_, '--data-dir', directory, '--run-id', run)).code).toBe(0);
      const local = await openSession(directory);
      const partition = partitionOf(Buffer.from(run), SHARDS);
      for (const topic of INPUT_TOPICS) {
        const records: OutgoingRecord[] = [];
        for await (const record of recordsTo(local.bus, { topic, partition: 0, offset: 0 }))
          records.push({ ...moved(record, local.codec, codec), partition });
        for (let at = 0; at < records.length; at += 20) await writer.commit(records.slice(at, at + 20));
      }
      await local.bus.close();
    }
    // Nothing that can be read: dead letters.
    await writer.commit([
      { topic: 'order-intents', partition: 0, key: Buffer.from('junk'), value: Buffer.from('junk'), timestamp: 5 },
    ]);
    await writer.close();
    for (let partition = 0; partition < SHARDS; partition++) {
      const processor = await processorOf({ bus, codec }, partition);
      while ((await processor.step({ maxRecords: 40, maxWaitMs: 500 })) > 0);
      await processor.close();
    }
  };

  it('is the same log there, and folds to the same bytes', async () => {
    const out = folder.path('export');
    const exported = await command('export', '--out', out, '--bus', 'kafka', '--json');
    expect([exported.code, exported.stderr]).toEqual([0, '']);
    const onKafka = await logOf(session.bus);
    expect(JSON.parse(exported.stdout)).toMatchObject({ complete: true, records: onKafka.records.length, shards: SHARDS });
    const { files } = await readExportManifest(out);
    expect(new Set(files.map(({ topic }) => topic)).size).toBeGreaterThan(7);

    const target = folder.path('copy');
    expect(await command('import', '--from', out, '--data-dir', target)).toMatchObject({ code: 0, stderr: '' });
    const imported = await logInDirectory(target);
    expect(imported).toEqual(onKafka);
    // Transactions leave offsets that no record has.
    expect(imported.ends.reduce((sum, end) => sum + end, 0)).toBeGreaterThan(imported.records.length + 20);

    const copy = await openSession(target);
    try {
      for (let partition = 0; partition < SHARDS; partition++) await refold({ bus: copy.bus, codec: copy.codec, partition });
    } finally {
      await copy.bus.close();
    }
    expect(await command('replay', '--bus', 'embedded', '--data-dir', target)).toMatchObject({ code: 0, stderr: '' });
    expect((await command('verify', '--bus', 'embedded', '--data-dir', target)).code).toBe(0);
    const again = folder.path('again');
    expect((await command('export', '--out', again, '--bus', 'embedded', '--data-dir', target)).code).toBe(0);
    expect(filesOf(again)).toEqual(filesOf(out));
  });

  it('adds what came since', async () => {
    const out = folder.path('export');
    const writer = await session.bus.writer('export-test');
    await writer.commit([
      { topic: 'order-intents', partition: 1, key: Buffer.from('late'), value: Buffer.from('late'), timestamp: 5 },
    ]);
    await writer.close();
    const { code, stdout } = await command('export', '--out', out, '--bus', 'kafka', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { added: 1, complete: true }]);
    const target = folder.path('later');
    expect((await command('import', '--from', out, '--data-dir', target)).code).toBe(0);
    expect(await logInDirectory(target)).toEqual(await logOf(session.bus));
  });
});

/** The record with the schema ids of another registry. */
const moved = ({ topic, key, value, timestamp, headers, partition }: BusRecord, from: Codec, to: Codec): OutgoingRecord => {
  const ids = new Map([...from.registered.ids].map(([subject, id]) => [id, to.registered.ids.get(subject) ?? 0]));
  const rewritten = (bytes: Uint8Array | null): Uint8Array | null => {
    if (bytes?.[0] !== 0) return bytes;
    const copy = Buffer.from(bytes);
    copy.writeUInt32BE(ids.get(copy.readUInt32BE(1)) ?? 0, 1);
    return copy;
  };
  return { topic, partition, key: rewritten(key), value: rewritten(value), timestamp, headers };
};
