/** A real broker takes batches whose records claim any offset: a reader must not believe them. */
import { openClient } from '../../src/bus/kafka/client';
import { encodeBatch } from '../../src/bus/kafka/encodeBatch';
import { createCluster, leaderOf } from '../../src/bus/kafka/internals';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { topicName } from '../../src/bus/kafka/options';
import { produceOf } from '../../src/bus/kafka/produceProtocol';
import { crc32c } from '../../src/bus/crc32c';
import { ORDER_INTENTS } from '../../src/contracts/topics';
import { recordsTo } from '../../src/processor/readTo';
import { record, text } from '../contract/bus/records';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka } from '../support/kafka/kafkaUnderTest';

/** Two records without a transaction, the last of which claims to be 60 behind the first. */
const forgedBatch = (): Buffer => {
  const batch = encodeBatch([record(ORDER_INTENTS, 0, 'k', 'forged 1'), record(ORDER_INTENTS, 0, 'k', 'forged 2')], {
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
  });
  batch.writeInt16BE(0, 21);
  const second = 61 + 1 + batch[61]! / 2;
  batch[second + 3] = 2 * 60;
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return batch;
};

describeKafka('records that claim offsets', () => {
  it('are counted like others, and hide nothing that comes behind them', async () => {
    const options = await freshTopics();
    const name = topicName(options, ORDER_INTENTS);
    const cluster = createCluster(openClient(options));
    await cluster.connect();
    await cluster.addMultipleTargetTopics([name]);
    const leader = await cluster.findBroker({ nodeId: leaderOf(cluster, name, 0) });
    const forged = { topic: name, partition: 0, bytes: forgedBatch() };
    // The protocol has null for no transaction; our writer has no use for it.
    await leader.connectionPool.send(produceOf(null as unknown as string, [forged], 5_000));
    await cluster.disconnect();

    const bus = await openKafkaBus(options);
    await (await bus.writer('w')).commit([record(ORDER_INTENTS, 0, 'k', 'honest')]);
    const seen: [number, string][] = [];
    for await (const { offset, value } of recordsTo(bus, { topic: ORDER_INTENTS, partition: 0, offset: 0 }))
      seen.push([offset, text(value)]);
    expect(seen).toEqual([
      [0, 'forged 1'],
      [1, 'forged 2'],
      [2, 'honest'],
    ]);
    await bus.close();
  }, 60_000);
});
