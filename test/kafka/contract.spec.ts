import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { busContract, CONTRACT_SHARDS } from '../contract/bus/busContract';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka } from '../support/kafka/kafkaUnderTest';

describeKafka('Kafka', () => {
  let options: KafkaOptions;
  beforeAll(async () => (options = await freshTopics({}, CONTRACT_SHARDS)), 60_000);

  busContract('kafka', () => openKafkaBus(options));
});
