/**
 * What `globalSetup` tells the test files, which run in other threads: environment variables, and nothing else, reach them. They have names of their own:
 * the program's would make every test of the embedded bus find a Kafka.
 */
export const TOLD = {
  brokers: 'TEST_KAFKA_BROKERS',
  registryUrl: 'TEST_SCHEMA_REGISTRY_URL',
  /** Why there is no Kafka for the tests; not set when there is. */
  kafkaMissing: 'TEST_KAFKA_MISSING',
  /** Why a test cannot start a broker of its own. */
  nativeMissing: 'TEST_NATIVE_KAFKA_MISSING',
} as const;
