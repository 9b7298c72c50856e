/** Looks for the first world that a planted bug breaks, and that is whole without it. */
import type { Profile } from '../world/plan';
import { PROFILES } from '../world/plan';
import type { Violation } from '../world/result';
import type { WorldPool } from '../worker/pool';
import type { PlantedBug } from './plantedBug';

export interface Catch {
  readonly seed: number;
  readonly profile: Profile;
  readonly violation: Violation;
}

/** `bug` found at this seed? A world that is broken without the bug too proves nothing. */
export const breaks = async (
  pool: WorldPool,
  bug: PlantedBug,
  world: { readonly seed: number; readonly profile: Profile },
): Promise<Violation | undefined> => {
  const [violation] = (await pool.run({ plan: world, bug: bug.name })).violations;
  if (violation === undefined) return undefined;
  const intact = await pool.run({ plan: world });
  return intact.violations.length === 0 ? violation : undefined;
};

/** Seeds from 1 to `seeds`; in the bug's own profile for the first half of them, then by turns in all. Undefined: none of them broke. */
export const findBug = async (pool: WorldPool, bug: PlantedBug, seeds: number): Promise<Catch | undefined> => {
  for (let seed = 1; seed <= seeds; seed++) {
    const profile = seed <= seeds / 2 ? bug.profile : (PROFILES[seed % PROFILES.length] ?? bug.profile);
    const violation = await breaks(pool, bug, { seed, profile });
    if (violation !== undefined) return { seed, profile, violation };
  }
  return undefined;
};
