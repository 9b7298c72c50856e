/** In a process of its own: what this one keeps is not to be measured, and tests run slower than programs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../support/program';

const MOST_GROWTH_BYTES = 8 * 1024 * 1024;

it('verifies a million records in constant memory', () => {
  const program = ['--expose-gc', '-r', 'esbuild-register', join(__dirname, 'millionRecords.ts')];
  const { stdout, stderr } = spawnSync(process.execPath, program, { cwd: ROOT, encoding: 'utf8' });
  expect(stderr).toBe('');
  const { growth, ...verified } = JSON.parse(stdout) as { readonly growth: number };
  expect(verified).toEqual({ verified: 1_000_000, decisions: 250_000, derived: 250_000, runs: 10, first: null });
  expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
}, 600_000);
