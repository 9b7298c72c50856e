/** A mistake that this system could have had, as changes of its TypeScript sources. The simulation's build alone makes them, each behind a switch. */
import type { Profile } from '../world/plan';

export interface Patch {
  /** From the checkout's folder, such as `src/domain/decide.ts`. */
  readonly file: string;
  /** Found exactly once, or the build fails: a patch that no longer applies proves nothing. */
  readonly from: string | RegExp;
  readonly to: string;
  /**
   * `expression`: `to` stands for the value of `from`. `statement`: `to` (any number of statements) is done instead of `from`. `text`: `to` takes the place
   * of `from` whatever it is; it holds `ORIGINAL` where `from` goes on to stand, and asks `BUG_IS_ON` itself.
   */
  readonly as: 'expression' | 'statement' | 'text';
}

export interface PlantedBug {
  readonly name: string;
  /** One sentence without its full stop. */
  readonly what: string;
  /** Where to look first. */
  readonly profile: Profile;
  readonly patches: readonly Patch[];
}

export const expression = (file: string, from: string | RegExp, to: string): Patch => ({ file, from, to, as: 'expression' });
export const statement = (file: string, from: string | RegExp, to: string): Patch => ({ file, from, to, as: 'statement' });
export const text = (file: string, from: string | RegExp, to: string): Patch => ({ file, from, to, as: 'text' });

/** The wall clock of the simulated process, where the mistake is to ask for it. */
export const WALL_CLOCK = 'globalThis.policygateSimulation.shell.Date.now()';
