/** A world that broke a promise: shrunk, its last lines for a person, and a fixture for CI. */
import { join } from 'node:path';
import { writeFixture } from '../fixtures';
import { commit } from '../report/origin';
import { shrink } from '../shrink';
import type { WorldPool } from '../worker/pool';
import { DETERMINISM, ENDLESS } from '../worker/protocol';
import type { WorldPlan } from '../world/plan';
import type { Violation } from '../world/result';

const LINES = 120;
const ROOT = join(__dirname, '..', '..', '..');

/** Answers with what to print. */
export const explain = async (pool: WorldPool, plan: WorldPlan, violation: Violation): Promise<string> => {
  const fails = async (smaller: WorldPlan): Promise<readonly Violation[]> =>
    (await pool.run({ plan: smaller, twice: violation.check === DETERMINISM })).violations;
  // Each trial would take the guard's whole time.
  const isEndless = violation.check === ENDLESS;
  const shrunk = isEndless ? { plan, violation, trials: 0 } : await shrink({ plan, violation, fails });
  const { promise, check, what } = shrunk.violation;
  const { seed, profile } = plan;
  const name = writeFixture({
    version: 1,
    found: { promise, check, what: withoutPaths(what), profile, seed, commit: commit() },
    plan: shrunk.plan,
  });
  const trace = isEndless ? [] : (await pool.run({ plan: shrunk.plan, trace: true })).trace;
  return [
    `seed ${seed} (${profile}), shrunk with ${shrunk.trials} trials: promise ${promise}, ${check}: ${what}`,
    describePlan(shrunk.plan),
    `the last ${Math.min(LINES, trace.length)} of ${trace.length} lines:`,
    ...trace.slice(-LINES),
    `written to ${name}; all of it: npm run simulate -- --plan ${name} --trace`,
  ].join('\n');
};

export const describePlan = (plan: WorldPlan): string => {
  const { shards, processors, gateways, runs, strategies, intents, brokers, faults, actions, actionsPerIntent, batchRecords } =
    plan;
  const listed = (rates: Readonly<Record<string, number>>): string =>
    Object.entries(rates)
      .map(([kind, rate]) => `${kind} ${rate}`)
      .join(', ') || 'none';
  return [
    `shards ${shards} (${brokers.join(', ')}), processors ${processors}, gateways ${gateways}, runs ${runs}${plan.marked ? ' (marked)' : ''}, ` +
      `strategies ${strategies}, intents ${intents}, stamps ${plan.stamps}, batches of ${batchRecords}`,
    `faults: ${listed(faults)}`,
    `actions, ${actionsPerIntent} for one intent: ${listed(actions)}`,
  ].join('\n');
};

/** A fixture is read on other machines. */
const withoutPaths = (text: string): string => text.replaceAll(`${ROOT}/`, '').replaceAll(ROOT, '');
