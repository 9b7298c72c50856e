/** Directories for the tests, removed when they end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'policygate-bus-'));
  made.push(directory);
  return join(directory, 'data');
};
