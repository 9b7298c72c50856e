/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const transform: Record<string, [string, Record<string, unknown>]> = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, sourceMaps: 'inline' }],
};

/**
 * `unit` is what `npm run check` runs: everything beside the source, in seconds.
 * `system` starts child processes, kills them and reads directories back: it needs `npm run build` first (`npm test` does it).
 */
const config: Config = {
  // A failing bigint can be printed across worker threads, not across child processes.
  workerThreads: true,
  projects: [
    { displayName: 'unit', testEnvironment: 'node', transform, testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    { displayName: 'system', testEnvironment: 'node', transform, testMatch: ['<rootDir>/test/**/*.spec.ts'], testPathIgnorePatterns: ['<rootDir>/test/kafka/'] },
    { displayName: 'kafka', testEnvironment: 'node', transform, testMatch: ['<rootDir>/test/kafka/**/*.spec.ts'] },
  ],
};

export default config;
