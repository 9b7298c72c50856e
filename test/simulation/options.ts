/** The command line of the simulation. */
import { parseArgs } from 'node:util';
import { didYouMean } from '../../src/contracts/nearest';
import { PLANTED_BUGS } from './planted/plantedBugs';
import type { PlantedBug } from './planted/plantedBug';
import type { Profile } from './world/plan';
import { PROFILES } from './world/plan';

export const HELP = `npm run simulate -- [options]     the whole system under seeded faults on a virtual clock, and checks of every promise

  --seeds N           so many worlds; default 500, with --planted 1000 for each bug
  --from S            the first seed; default 1
  --profile NAME      ${PROFILES.join(', ')}; default: by turns
  --seed S            this world alone
  --plan FILE         the world of a fixture or of a plan
  --trace             with --seed or --plan: everything that happens in it
  --planted           try the planted bugs: each must be found
  --bug NAME          with --planted: this one alone; with --seed or --plan: turned on
  --twice N           each Nth seed runs twice and must end the same; 0: none; default 10
  --workers N         threads; default: one for each core
  --document          write the figures into docs/reliability.md; of many worlds: 1,000 at least, of all profiles
  --remember          with --planted: write which seeds found the bugs into known.json
  --json              the report as JSON on standard output`;

interface Common {
  readonly workers: number;
  readonly json: boolean;
  readonly document: boolean;
}
/** `profile` undefined: all by turns. */
export interface ManyWorlds extends Common {
  readonly mode: 'worlds';
  readonly from: number;
  readonly seeds: number;
  readonly profile: Profile | undefined;
  readonly twice: number;
}
export interface OneWorld extends Common {
  readonly mode: 'world';
  readonly world: { readonly seed: number; readonly profile: Profile } | { readonly file: string };
  readonly trace: boolean;
  readonly bug: string | undefined;
}
export interface PlantedWorlds extends Common {
  readonly mode: 'planted';
  readonly bugs: readonly PlantedBug[];
  readonly seeds: number;
  readonly remember: boolean;
}
export type SimulationArguments = ManyWorlds | OneWorld | PlantedWorlds;

const WORLDS = 500;
const WORLDS_FOR_A_BUG = 1_000;
const TWICE = 10;
/** So many worlds at least are worth a place in the documents. */
const LEAST_DOCUMENTED = 1_000;

/** The profile whose turn it is. */
export const profileOf = (seed: number): Profile => PROFILES[seed % PROFILES.length] ?? 'chaos';

/** Undefined: help was asked for. Throws an Error of one line for what is no option. `cores`: threads, if nobody says how many. */
export const readArguments = (words: readonly string[], cores: number): SimulationArguments | undefined => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: joined(words),
    options: {
      ...{ seeds: text, from: text, profile: text, seed: text, plan: text, bug: text, twice: text, workers: text },
      ...{ trace: flag, planted: flag, document: flag, remember: flag, json: flag, help: flag },
    },
  });
  if (values.help === true) return undefined;
  const mode = values.planted === true ? 'planted' : values.seed !== undefined || values.plan !== undefined ? 'world' : 'worlds';
  for (const name of Object.keys(values) as (keyof typeof values)[])
    if (!TAKEN[mode].includes(name)) throw new Error(`--${name}: ${WHERE[name] ?? `goes not with ${ASKED[mode]}`}`);
  if (values.seed !== undefined && values.plan !== undefined) throw new Error('--plan: goes not with --seed; give one of them');
  if (values.plan !== undefined && values.profile !== undefined)
    throw new Error('--profile: goes not with --plan, which names its own');
  const number = (name: 'seeds' | 'from' | 'seed' | 'twice' | 'workers', least: number, standard: number): number => {
    const given = values[name];
    if (given === undefined) return standard;
    if (!/^\d{1,9}$/.test(given) || Number(given) < least) {
      throw new Error(`--${name}: \`${given}\`, expected a whole number${least > 0 ? ` from ${least}` : ''}`);
    }
    return Number(given);
  };
  const profile = values.profile === undefined ? undefined : profileNamed(values.profile);
  const bug = values.bug === undefined ? undefined : bugNamed(values.bug);
  const common = { workers: number('workers', 1, cores), json: values.json === true, document: values.document === true };
  switch (mode) {
    case 'worlds':
      return {
        ...common,
        mode,
        profile,
        from: number('from', 0, 1),
        seeds: enough(number('seeds', 1, WORLDS), common.document, profile),
        twice: number('twice', 0, TWICE),
      };
    case 'world': {
      const seed = number('seed', 0, 0);
      const world = values.plan === undefined ? { seed, profile: profile ?? profileOf(seed) } : { file: values.plan };
      return { ...common, mode, world, trace: values.trace === true, bug: bug?.name };
    }
    case 'planted':
      return {
        ...{ ...common, mode, bugs: bug === undefined ? PLANTED_BUGS : [bug] },
        ...{ seeds: number('seeds', 1, WORLDS_FOR_A_BUG), remember: values.remember === true },
      };
  }
};

/** A value that begins with a dash is a value: what is wrong with it is said in one line. */
const joined = (words: readonly string[]): string[] => {
  const args: string[] = [];
  for (const word of words) {
    const last = args.at(-1);
    if (last !== undefined && /^--[a-z]+$/.test(last) && /^-\d/.test(word)) args[args.length - 1] = `${last}=${word}`;
    else args.push(word);
  }
  return args;
};

/** Figures of a few worlds, or of one profile, would pass for those of all. */
const enough = (seeds: number, document: boolean, profile: Profile | undefined): number => {
  if (document && (seeds < LEAST_DOCUMENTED || profile !== undefined))
    throw new Error(`--document: needs --seeds ${LEAST_DOCUMENTED} at least, of all profiles`);
  return seeds;
};

const TAKEN: Readonly<Record<SimulationArguments['mode'], readonly string[]>> = {
  worlds: ['seeds', 'from', 'profile', 'twice', 'workers', 'document', 'json'],
  world: ['seed', 'profile', 'plan', 'trace', 'bug', 'json'],
  planted: ['planted', 'bug', 'seeds', 'workers', 'document', 'remember', 'json'],
};
const ASKED: Readonly<Record<SimulationArguments['mode'], string>> = {
  worlds: 'many worlds',
  world: 'one world',
  planted: '--planted',
};
const WHERE: Readonly<Record<string, string>> = {
  trace: 'needs --seed or --plan',
  bug: 'needs --planted, --seed or --plan',
  remember: 'needs --planted',
};

const profileNamed = (name: string): Profile => {
  const profile = PROFILES.find((one) => one === name);
  if (profile === undefined) throw new Error(`--profile: \`${name}\` is not known; expected ${PROFILES.join(', ')}`);
  return profile;
};

const bugNamed = (name: string): PlantedBug => {
  const bug = PLANTED_BUGS.find((one) => one.name === name);
  if (bug !== undefined) return bug;
  const names = PLANTED_BUGS.map((one) => one.name);
  throw new Error(`--bug: \`${name}\` is not known${didYouMean(name, names)}`);
};
