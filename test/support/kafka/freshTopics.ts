/** Topics of a test's own, on the cluster under test or on another one. */
import { openClient } from '../../../src/bus/kafka/client';
import { openKafkaBus } from '../../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../../src/bus/kafka/options';
import { createTopics } from '../../../src/bus/kafka/topicAdmin';
import { TOPICS } from '../../../src/contracts/topics';
import { kafkaUnderTest } from './kafkaUnderTest';

/** Options for the cluster under test, with a topic prefix of their own. */
export const kafkaOptions = (fields: Partial<KafkaOptions> = {}): KafkaOptions => ({
  brokers: fields.brokers ?? kafkaUnderTest().brokers,
  clientId: 'policygate-test',
  topicPrefix: kafkaUnderTest().topicPrefix,
  bufferBytes: 8 * 1024 * 1024,
  inputTimestamps: 'CreateTime',
  ...fields,
});

/** Makes the topics for these options; answers with the options. */
export const freshTopics = async (fields: Partial<KafkaOptions> = {}, partitions = 1): Promise<KafkaOptions> => {
  const options = kafkaOptions(fields);
  await createTopics(openClient(options), options, { partitions, replication: 1 });
  // A broker lists a topic before it leads its partitions; until then a write is refused.
  const bus = await openKafkaBus(options);
  for (const topic of TOPICS) for (let partition = 0; partition < partitions; partition++) await bus.endOffset(topic, partition);
  await bus.close();
  return options;
};
