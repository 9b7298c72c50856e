/** Runs worlds in a thread of its own: gets jobs by the dozen, answers each in its turn. */
// First: what the simulated program finds around itself must be there before any of it is loaded.
import '../kernel/ambient';
import { parentPort } from 'node:worker_threads';
import { planOf } from '../world/planOf';
import type { WorldResult } from '../world/result';
import { runWorld } from '../world/runWorld';
import type { FromWorker, Job } from './protocol';
import { DETERMINISM, unfinished } from './protocol';

const answer = (message: FromWorker): void => parentPort?.postMessage(message);

const played = async ({ plan, bug, trace = false, twice = false }: Job): Promise<WorldResult> => {
  globalThis.policygateSimulation.bug = bug;
  const whole = 'version' in plan ? plan : planOf(plan.seed, plan.profile);
  try {
    const result = await runWorld(whole, { trace });
    if (!twice) return result;
    const { hash } = await runWorld(whole);
    if (hash === result.hash) return result;
    const what = `two runs of the same world end with other logs: ${result.hash.slice(0, 16)} and ${hash.slice(0, 16)}`;
    return { ...result, violations: [...result.violations, { promise: 2, check: DETERMINISM, what }] };
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return unfinished({ promise: 19, check: 'exception', what });
  }
};

let before = Promise.resolve();
parentPort?.on('message', (jobs: readonly Job[]) => {
  before = before.then(async () => {
    for (const job of jobs) answer({ type: 'result', result: await played(job) });
  });
});
answer({ type: 'ready' });
