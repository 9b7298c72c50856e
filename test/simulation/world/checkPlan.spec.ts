import { checkPlan } from './checkPlan';
import { PROFILES } from './plan';
import { planOf } from './planOf';

const plan = planOf(7, 'chaos');
const refused = (value: unknown): string => {
  try {
    checkPlan(value);
  } catch (error) {
    return error instanceof RangeError ? error.message : `threw ${String(error)}`;
  }
  return 'was taken';
};

describe('planOf', () => {
  it.each(PROFILES)('makes %s worlds that can be built, the same ones each time', (profile) => {
    for (let seed = 1; seed <= 500; seed++) {
      const drawn = planOf(seed, profile);
      expect(checkPlan(JSON.parse(JSON.stringify(drawn)))).toEqual(drawn);
      expect(planOf(seed, profile)).toEqual(drawn);
    }
  });

  it('makes calm worlds without any fault but those of the inputs', () => {
    for (let seed = 1; seed <= 100; seed++)
      expect(Object.keys(planOf(seed, 'calm').faults).filter((kind) => !kind.startsWith('input: '))).toEqual([]);
  });

  it('draws which kinds of faults a world has, so that worlds differ', () => {
    const counts = Array.from({ length: 200 }, (_, seed) => Object.keys(planOf(seed, 'chaos').faults).length);
    expect(Math.min(...counts)).toBeLessThan(14);
    expect(Math.max(...counts)).toBeGreaterThan(24);
  });
});

describe('checkPlan', () => {
  it.each<[unknown, string]>([
    [{ ...plan, version: 7 }, 'fixture version 7 is not known; this simulator reads version 1'],
    [{ ...plan, version: '1' }, 'fixture version 1 is not known; this simulator reads version 1'],
    [{}, 'version: is missing; this simulator reads version 1'],
    [null, 'version: is missing; this simulator reads version 1'],
    [{ ...plan, shards: 9 }, 'shards: 9, expected 1 to 4'],
    [{ ...plan, shards: 1.5 }, 'shards: 1.5, expected 1 to 4'],
    [{ ...plan, runs: undefined }, 'runs: is missing, expected 1 to 8'],
    [{ ...plan, profile: 'wild' }, 'profile: wild, expected chaos, calm, broker, kill, policy'],
    [{ ...plan, shards: 2, brokers: ['sim'] }, 'brokers: 1, expected one for each of the 2 shards'],
    [{ ...plan, brokers: ['ibkr'] }, 'brokers.0: ibkr, expected alpaca, tradier, sim'],
    [{ ...plan, brokers: 'sim' }, 'brokers: sim, expected array'],
    [{ ...plan, marked: 1 }, 'marked: 1, expected true or false'],
    [{ ...plan, faults: { 'bus: slow': 2 } }, 'faults.bus: slow: 2, expected a number from 0 to 1'],
    [{ ...plan, faults: { 'bus: stolen': 0.1 } }, 'faults.bus: stolen: is not known'],
    [{ ...plan, colour: 'red' }, 'colour: is not known'],
  ])('says in one line what cannot be built', (value, line) => expect(refused(value)).toBe(line));
});
