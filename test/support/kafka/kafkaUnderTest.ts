/** What a test file on a real Kafka starts from. */
import { randomBytes } from 'node:crypto';
import { TOLD } from './environment';

export { startNativeBroker, type NativeBroker } from '../../../infra/native/broker';

export interface KafkaUnderTest {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** The root of the Confluent-compatible API. */
  readonly registryUrl: string;
  /** Another one at each call: the broker may be shared, with other test files and with strangers. For topics, groups and transactional ids. */
  readonly topicPrefix: string;
}

/** The cluster of this test run. Throws where the tests do not run in the Jest project `kafka`, or are to be skipped. */
export const kafkaUnderTest = (): KafkaUnderTest => {
  const { [TOLD.brokers]: brokers, [TOLD.registryUrl]: registryUrl } = process.env;
  if (brokers === undefined || registryUrl === undefined) {
    throw new Error('no Kafka for this test: put it inside `describeKafka`, and run it with `npx jest --selectProjects kafka`');
  }
  const topicPrefix = `test-${randomBytes(4).toString('hex')}-`;
  return { brokers: brokers.split(',').map((address) => address.trim()), registryUrl, topicPrefix };
};

type Describe = (name: string, suite: () => void) => void;

/** `describe` for tests that need the cluster; skipped where globalSetup found none and said so. */
export const describeKafka: Describe = (name, suite) =>
  (process.env[TOLD.kafkaMissing] === undefined ? describe : describe.skip)(name, suite);

/** `describe` for tests that start, kill and restart brokers of their own with `startNativeBroker`: these need Java and Maven. */
export const describeNativeBroker: Describe = (name, suite) =>
  (process.env[TOLD.nativeMissing] === undefined ? describe : describe.skip)(name, suite);
