/** What `globalSetup` tells the test files, which run in other threads: environment variables, and nothing else, reach them. */
export const TOLD = {
  brokers: 'KAFKA_BROKERS',
  registryUrl: 'SCHEMA_REGISTRY_URL',
  /** Why there is no Kafka for the tests; not set when there is. */
  kafkaMissing: 'POLICYGATE_TEST_KAFKA_MISSING',
  /** Why a test cannot start a broker of its own. */
  nativeMissing: 'POLICYGATE_TEST_NATIVE_KAFKA_MISSING',
} as const;
