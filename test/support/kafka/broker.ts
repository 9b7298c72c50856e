/** The tests' broker: one that the user names, a container, or one started from Kafka's jars. */
import { KafkaContainer } from '@testcontainers/kafka';
import { connect } from 'node:net';
import { Wait } from 'testcontainers';
import { startNativeBroker } from '../../../infra/native/broker';
import { expectDocker, expectImage, removeWhenGone, settleRyuk } from './docker';
import type { Provided, Way } from './provision';

/** A fixed version; 8.1 is Kafka 4.1. */
const PUBLIC_IMAGE = 'confluentinc/cp-kafka:8.1.0';
const DIAL_MS = 5_000;

/** What containers get beyond what KafkaContainer sets, to be as small and as strict as the native broker. */
const CONTAINER_SETTINGS = {
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '5',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
};

/** What a user has running already: a broker that is named and does not answer fails the run, nothing else takes its place. */
export const namedBroker = async (brokers: string): Promise<Provided> => {
  const addresses = brokers.split(',').map((address) => address.trim());
  if (!(await Promise.all(addresses.map(answersAt))).some(Boolean)) {
    throw new Error(`KAFKA_BROKERS: no broker answers at ${brokers}; start it, or unset KAFKA_BROKERS`);
  }
  return { address: brokers, from: 'KAFKA_BROKERS', stop: () => Promise.resolve() };
};

const inContainer = async (): Promise<Provided> => {
  const image = process.env.KAFKA_IMAGE ?? PUBLIC_IMAGE;
  await expectDocker();
  await expectImage(image);
  await settleRyuk();
  const container = await new KafkaContainer(image)
    .withKraft()
    .withEnvironment(CONTAINER_SETTINGS)
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  const dismiss = removeWhenGone(container.getId());
  return {
    address: `${container.getHost()}:${container.getMappedPort(9093)}`,
    from: `a container of ${image}`,
    stop: async () => {
      await container.stop();
      dismiss();
    },
  };
};

const native = async (): Promise<Provided> => {
  const broker = await startNativeBroker();
  return { address: broker.bootstrap, from: 'Kafka’s jars, run by Java', stop: () => broker.stop() };
};

export const brokerWays: readonly Way[] = [inContainer, native];

const answersAt = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const colon = address.lastIndexOf(':');
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), timeout: DIAL_MS });
    const done = (answered: boolean) => (): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', done(true)).once('error', done(false)).once('timeout', done(false));
  });
