import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorldResult } from '../world/result';
import { WorldPool } from './pool';

const WHOLE: WorldResult = { violations: [], events: 0, virtualMs: 0, counts: {}, faults: {}, hash: '', trace: [] };
/** A worker whose worlds 2 and 3 come to no end, each in its way. */
const WORKER = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (jobs) => {
    for (const { plan: { seed } } of jobs) {
      if (seed === 2) for (;;);
      if (seed === 3) throw new Error('out of hand');
      parentPort.postMessage({ type: 'result', result: { ...${JSON.stringify(WHOLE)}, hash: String(seed) } });
    }
  });
  parentPort.postMessage({ type: 'ready' });
`;
const GUARD_MS = 200;

const folder = mkdtempSync(join(tmpdir(), 'policygate-pool-'));
const pools: WorldPool[] = [];
const poolOf = (script: string, size: number): WorldPool => {
  const file = join(folder, `worker-${pools.length}.js`);
  writeFileSync(file, script);
  const pool = new WorldPool(file, size, GUARD_MS);
  pools.push(pool);
  return pool;
};
const run = (pool: WorldPool, seed: number) => pool.run({ plan: { seed, profile: 'calm' } });
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  rmSync(folder, { recursive: true });
});

it('answers every job with its own result, on one thread and on several', async () => {
  for (const size of [1, 3]) {
    const pool = poolOf(WORKER, size);
    const seeds = Array.from({ length: 100 }, (_, at) => at + 10);
    const results = await Promise.all(seeds.map((seed) => run(pool, seed)));
    expect(results.map(({ hash }) => hash)).toEqual(seeds.map(String));
  }
});
it('answers for worlds that do not end or bring their thread down, and runs those behind them', async () => {
  const pool = poolOf(WORKER, 1);
  const results = await Promise.all([1, 2, 4, 3, 5].map((seed) => run(pool, seed)));
  expect(results.map(({ hash, violations }) => (hash === '' ? violations[0]?.check : hash))).toEqual([
    '1',
    'end',
    '4',
    'thread',
    '5',
  ]);
  expect(results[1]?.violations[0]?.what).toBe('the world did not end within 0.2 s of real time');
  expect(results[3]?.violations[0]?.what).toContain('out of hand');
});
it('says so when no worker can be started', () =>
  expect(run(poolOf("throw new Error('no such module');", 2), 1)).rejects.toThrow(
    'no worker could be started: Error: no such module',
  ));
