/** Each kill at each trouble of each broker, with the built program: planned, carried out, and summed up. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../checks/findings';
import { Random } from '../../support/random';
import { happens, KILL_NAMES, killOf } from './kills';
import type { Kill } from './kills';
import { inLanes } from './lanes';
import type { ChainOutcome } from './outcome';
import { runChain } from './programChain';
import { TROUBLES } from './troubles';
import type { TroubleAtBroker } from './troubles';
import type { DialectName } from './venue';

export interface CrashPlan {
  readonly seed: number;
  /** Least number of intents in all. */
  readonly orders: number;
  readonly dialects: readonly DialectName[];
  /** Only troubles and kills with this in their names; empty: all. */
  readonly only: string;
  /** At most so many cells, drawn so that every trouble and every kill is among them; Infinity: all. */
  readonly cells: number;
}

export interface PlannedChain {
  readonly dialect: DialectName;
  readonly trouble: TroubleAtBroker;
  readonly kills: readonly Kill[];
  readonly ordersEach: number;
  readonly seed: number;
}

/** Chains of more kills than this say less about what was wrong. */
const LONGEST = 9;
const FEWEST_ORDERS = 6;

export const planned = ({ seed, orders, dialects, only, cells }: CrashPlan): readonly PlannedChain[] => {
  const random = new Random(seed);
  const all = dialects.flatMap((dialect) =>
    TROUBLES.flatMap((trouble) =>
      KILL_NAMES.filter((name) => happens(name, trouble.trips === true) && `${trouble.name} ${name}`.includes(only)).map(
        (name) => ({
          ...{ dialect, trouble, kill: killOf(name, random.between(1, 2)), order: random.next() },
        }),
      ),
    ),
  );
  const chosen = all.toSorted((a, b) => a.order - b.order);
  const kept = chosen.slice(0, Math.min(cells, chosen.length));
  const ordersEach = Math.max(FEWEST_ORDERS, Math.ceil(orders / Math.max(1, kept.length)));
  const chains: PlannedChain[] = [];
  for (const dialect of dialects)
    for (const trouble of TROUBLES) {
      const kills = kept.filter((cell) => cell.dialect === dialect && cell.trouble === trouble).map(({ kill }) => kill);
      for (let at = 0; at < kills.length; at += LONGEST)
        chains.push({ dialect, trouble, kills: kills.slice(at, at + LONGEST), ordersEach, seed: random.below(2 ** 31) });
    }
  return chains;
};

export interface CrashOutcome {
  readonly seed: number;
  readonly chains: number;
  readonly cells: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly told: readonly Finding[];
  readonly counts: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  /** Requests that each trouble has spoiled, where it is one of requests; chains that it was in, where it is one of orders. */
  readonly missed: readonly string[];
  readonly durationMs: number;
}

export interface CrashOptions {
  readonly seed: number;
  /** Folder of the build. */
  readonly program: string;
  readonly folder: string;
  readonly lanes: number;
  readonly say: (line: string) => void;
}

export const runCrashMatrix = async (chains: readonly PlannedChain[], options: CrashOptions): Promise<CrashOutcome> => {
  const { seed, program, folder, lanes, say } = options;
  const startedAt = performance.now();
  const outcomes = await inLanes(chains, lanes, async (chain, at) => {
    const own = join(folder, `chain-${at}`);
    const outcome = await runChain({ ...chain, program, folder: own });
    say(`${at + 1} of ${chains.length}: ${outcome.name}: ${outcome.told.length === 0 ? 'nothing' : toldOf(outcome)}`);
    // What a finding was made from is kept with --keep.
    if (outcome.told.length === 0) rmSync(own, { recursive: true, force: true });
    return outcome;
  });
  return {
    ...{ seed, chains: chains.length, cells: chains.reduce((sum, { kills }) => sum + kills.length, 0) },
    findings: summed(outcomes.map(({ findings }) => findings)),
    told: outcomes.flatMap(({ name, seed: own, told }) =>
      told.map(({ check, what }) => ({ check, what: `${name} (seed ${own}): ${what}` })),
    ),
    counts: summed(outcomes.map(({ counts }) => counts)),
    kills: summed(outcomes.map(({ kills }) => kills)),
    missed: outcomes.flatMap(({ missed }) => missed),
    durationMs: performance.now() - startedAt,
  };
};

const toldOf = ({ told }: ChainOutcome): string => told.map(({ check, what }) => `${check}: ${what}`).join('; ');

const summed = (all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> => {
  const sums: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
};
