/**
 * Makes the world that broke a promise as small as it can be while the same check still fails: fewer kinds of faults and actions, fewer intents, runs,
 * strategies, processes and shards. A person reads what is left. Pure: `fails` runs the worlds.
 */
import type { FaultKind } from './kernel/faultKinds';
import type { ActionKind, WorldPlan } from './world/plan';
import type { Violation } from './world/result';

export interface ShrinkOptions {
  readonly plan: WorldPlan;
  readonly violation: Violation;
  /** What a world breaks. */
  readonly fails: (plan: WorldPlan) => Promise<readonly Violation[]>;
  /** Worlds that may be run. */
  readonly mostTrials?: number;
}

export interface Shrunk {
  readonly plan: WorldPlan;
  readonly violation: Violation;
  readonly trials: number;
}

const MOST_TRIALS = 200;

export const shrink = async ({ plan, violation, fails, mostTrials = MOST_TRIALS }: ShrinkOptions): Promise<Shrunk> => {
  const found = { plan, violation, trials: 0 };
  const attempt = async (smaller: WorldPlan): Promise<boolean> => {
    if (found.trials >= mostTrials) return false;
    found.trials += 1;
    // Another check, even of the same promise, may well have another cause.
    const same = (await fails(smaller)).find(({ check }) => check === violation.check);
    if (same === undefined) return false;
    found.plan = smaller;
    found.violation = same;
    return true;
  };
  for (let before: WorldPlan | undefined; found.plan !== before && found.trials < mostTrials;) {
    before = found.plan;
    for (const pass of PASSES) await pass(() => found.plan, attempt);
  }
  return found;
};

type Attempt = (smaller: WorldPlan) => Promise<boolean>;
type Pass = (current: () => WorldPlan, attempt: Attempt) => Promise<void>;

const withoutFaults: Pass = (current, attempt) =>
  withFewer(
    () => Object.keys(current().faults) as FaultKind[],
    (kinds) => attempt({ ...current(), faults: only(current().faults, kinds) }),
  );

const withoutActions: Pass = async (current, attempt) => {
  if (current().actionsPerIntent > 0 && (await attempt({ ...current(), actionsPerIntent: 0, actions: {} }))) return;
  await withFewer(
    () => Object.keys(current().actions) as ActionKind[],
    (kinds) => attempt({ ...current(), actions: only(current().actions, kinds) }),
  );
};

const fewer =
  (field: 'intents' | 'runs' | 'strategies' | 'processors' | 'gateways' | 'shards', least: number): Pass =>
  (current, attempt) =>
    lowered(
      () => current()[field],
      least,
      (value) => {
        const plan = { ...current(), [field]: value };
        return attempt(field === 'shards' ? { ...plan, brokers: plan.brokers.slice(0, value) } : plan);
      },
    );

const unmarked: Pass = async (current, attempt) => {
  if (current().marked) await attempt({ ...current(), marked: false });
};

const paperBrokers: Pass = async (current, attempt) => {
  for (const [at, dialect] of current().brokers.entries())
    if (dialect !== 'sim')
      await attempt({ ...current(), brokers: current().brokers.map((one, place) => (place === at ? 'sim' : one)) });
};

/** What makes a world slow or hard to read goes first. */
const PASSES: readonly Pass[] = [
  withoutFaults,
  fewer('shards', 1),
  fewer('intents', 1),
  fewer('runs', 1),
  fewer('strategies', 1),
  fewer('processors', 1),
  fewer('gateways', 1),
  withoutActions,
  unmarked,
  paperBrokers,
];

/** Takes halves away, then quarters, and so on down to single ones. */
const withFewer = async <T>(current: () => readonly T[], attempt: (left: readonly T[]) => Promise<boolean>): Promise<void> => {
  for (let size = current().length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < current().length;) {
      const all = current();
      const left = [...all.slice(0, at), ...all.slice(at + size)];
      if (!(await attempt(left))) at += size;
    }
  }
};

/** The lowest value that still fails, as far as halving the distance finds it. */
const lowered = async (current: () => number, least: number, attempt: (value: number) => Promise<boolean>): Promise<void> => {
  if (current() <= least || (await attempt(least))) return;
  for (let low = least; current() - low > 1;) {
    const middle = Math.floor((low + current()) / 2);
    if (!(await attempt(middle))) low = middle;
  }
};

const only = <K extends string>(rates: Readonly<Partial<Record<K, number>>>, kinds: readonly K[]): Partial<Record<K, number>> => {
  const left: Partial<Record<K, number>> = {};
  for (const kind of kinds) left[kind] = rates[kind] ?? 0;
  return left;
};
