/** What the main thread and a worker say to each other. */
import type { Profile, WorldPlan } from '../world/plan';
import type { Violation, WorldResult } from '../world/result';

/** One world to be run. */
export interface Job {
  readonly plan: WorldPlan | { readonly seed: number; readonly profile: Profile };
  /** A planted bug to turn on. */
  readonly bug?: string | undefined;
  readonly trace?: boolean;
  /** Run it twice, and compare. */
  readonly twice?: boolean;
}

/** Worker to main thread: it is loaded; then one result for each job, in the order of the jobs. */
export type FromWorker = { readonly type: 'ready' } | { readonly type: 'result'; readonly result: WorldResult };

/** What is said of a world that could not be brought to its end. */
export const unfinished = (violation: Violation): WorldResult => ({
  ...{ violations: [violation], events: 0, virtualMs: 0, counts: {}, faults: {}, hash: '', trace: [] },
});

/** Checks that are made here: two runs of a world end alike, and it ends in time. */
export const DETERMINISM = 'determinism';
export const ENDLESS = 'end';
