import { shrink } from './shrink';
import type { WorldPlan } from './world/plan';
import { planOf } from './world/planOf';
import type { Violation } from './world/result';

const violation: Violation = { promise: 13, check: 'exposure', what: 'too much' };
const large: WorldPlan = {
  ...planOf(1, 'chaos'),
  ...{ shards: 4, processors: 3, gateways: 3, runs: 8, strategies: 6, intents: 120, marked: true },
  brokers: ['alpaca', 'tradier', 'sim', 'alpaca'],
  actions: { price: 30, policy: 4, trip: 2, reset: 1 },
  faults: { 'bus: slow': 0.1, 'bus: request lost': 0.01, 'exchange: rejected': 0.1, 'input: poison': 0.1, 'broker: down': 0.01 },
};

/** Worlds that fail where `isBroken` says so. */
const shrunk = async (isBroken: (plan: WorldPlan) => boolean, found: Violation = violation, mostTrials?: number) => {
  let trials = 0;
  const outcome = await shrink({
    plan: large,
    violation,
    fails: async (plan) => {
      trials += 1;
      return isBroken(plan) ? [found] : [];
    },
    ...(mostTrials === undefined ? {} : { mostTrials }),
  });
  expect(outcome.trials).toBe(trials);
  return outcome;
};

it('leaves what it takes and nothing else', async () => {
  const { plan, trials } = await shrunk(
    ({ faults, intents, runs, actions }) =>
      faults['bus: slow'] !== undefined &&
      faults['input: poison'] !== undefined &&
      intents >= 17 &&
      runs >= 2 &&
      actions.trip !== undefined,
  );
  expect(plan).toMatchObject({
    ...{ shards: 1, processors: 1, gateways: 1, runs: 2, strategies: 1, intents: 17, marked: false, brokers: ['sim'] },
    ...{ faults: { 'bus: slow': 0.1, 'input: poison': 0.1 }, actions: { trip: 2 } },
  });
  expect(Object.keys(plan.faults)).toHaveLength(2);
  expect(trials).toBeLessThan(100);
});
it('shrinks to next to nothing what fails always', async () =>
  expect((await shrunk(() => true)).plan).toMatchObject({ intents: 1, runs: 1, shards: 1, faults: {}, actions: {} }));
it('keeps a plan of which nothing can be left out', async () =>
  expect((await shrunk((plan) => plan === large)).plan).toBe(large));
it('gives the shards that are left their brokers', async () => {
  const { plan } = await shrunk(({ shards, brokers }) => shards >= 2 && brokers[1] === 'tradier');
  expect(plan).toMatchObject({ shards: 2, brokers: ['sim', 'tradier'] });
});
it('takes no other check for the same', async () => {
  const other: Violation = { promise: 13, check: 'limits', what: 'too much too' };
  expect(await shrunk(() => true, other)).toMatchObject({ violation, plan: large });
  const elsewhere: Violation = { ...violation, what: 'too much elsewhere' };
  expect(await shrunk(() => true, elsewhere)).toMatchObject({ violation: elsewhere, plan: { intents: 1 } });
});
it('stops at its limit of trials', async () => {
  const { trials, plan } = await shrunk(({ intents }) => intents >= 100, violation, 7);
  expect(trials).toBe(7);
  expect(plan.intents).toBeGreaterThanOrEqual(100);
});
