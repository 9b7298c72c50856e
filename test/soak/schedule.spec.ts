/** Which fault comes when: each in its turn, and those that replace a process early. */
import { Random } from '../support/random';
import { planned } from './schedule';
import type { Fault } from './schedule';

const fault = (name: string, replaces = false): Fault => ({ name, replaces, run: () => Promise.resolve() });
const FAULTS = [fault('a'), fault('b'), fault('c'), fault('d'), fault('kill', true), fault('renew', true)];

it.each([1, 2, 3, 4, 5])(
  'with seed %d: every fault within 20 minutes, none twice before each came, replacements in the first two fifths',
  (seed) => {
    const plan = planned(FAULTS, 20, new Random(seed));
    expect(plan).toHaveLength(20);
    expect(new Set(plan)).toEqual(new Set(FAULTS));
    expect(new Set(plan.slice(0, FAULTS.length)).size).toBe(FAULTS.length);
    expect(plan.slice(8).filter(({ replaces }) => replaces)).toEqual([]);
    expect(planned(FAULTS, 20, new Random(seed))).toEqual(plan);
  },
);
