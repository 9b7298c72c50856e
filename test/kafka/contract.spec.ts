import { randomUUID } from 'node:crypto';
import { openClient } from '../../src/bus/kafka/client';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import { createTopics } from '../../src/bus/kafka/topicAdmin';
import { busContract, CONTRACT_SHARDS } from '../contract/bus/busContract';

const options = {
  brokers: (process.env.KAFKA_BROKERS ?? '127.0.0.1:19000').split(','),
  clientId: 'contract',
  topicPrefix: `contract-${randomUUID()}-`,
  bufferBytes: 8 * 1024 * 1024,
  inputTimestamps: 'CreateTime',
} as const;

beforeAll(() => createTopics(openClient(options), options, { partitions: CONTRACT_SHARDS, replication: 1 }), 30_000);

busContract('kafka', () => openKafkaBus(options));
