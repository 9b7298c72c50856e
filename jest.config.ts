/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const transform: Record<string, [string, Record<string, unknown>]> = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, sourceMaps: 'inline' }],
};
const KAFKA = '<rootDir>/test/kafka/';

/**
 * `unit` is what `npm run check` runs: everything beside the source, in seconds.
 * `system` starts child processes, kills them and reads directories back: it needs `npm run build` first (`npm test` does it).
 * `kafka` runs on a real broker with a real schema registry: how it finds them is in test/support/kafka/globalSetup.ts.
 */
const config: Config = {
  // A failing bigint can be printed across worker threads, not across child processes.
  workerThreads: true,
  projects: [
    { displayName: 'unit', testEnvironment: 'node', transform, testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    {
      displayName: 'system',
      testEnvironment: 'node',
      transform,
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: [KAFKA],
    },
    {
      displayName: 'kafka',
      testEnvironment: 'node',
      transform,
      testMatch: [`${KAFKA}**/*.spec.ts`],
      globalSetup: '<rootDir>/test/support/kafka/globalSetup.ts',
      globalTeardown: '<rootDir>/test/support/kafka/globalTeardown.ts',
    },
  ],
};

export default config;
