/** Worlds on file: fixtures (what a world once broke, with its plan) and bare plans. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkPlan } from './world/checkPlan';
import type { Profile, WorldPlan } from './world/plan';
import type { Violation } from './world/result';

const FIXTURE_VERSION = 1;
const FOLDER = join(__dirname, 'seeds');

export interface Fixture {
  readonly version: typeof FIXTURE_VERSION;
  /** What it broke before it was mended, and the seed that the shrunk plan comes from. */
  readonly found: Violation & { readonly profile: Profile; readonly seed: number; readonly commit?: string };
  readonly plan: WorldPlan;
  /** The planted bug that is the mistake which was mended: with it the world breaks again. */
  readonly bug?: string;
}

/** The plan of a fixture or of a plan on file. Throws an Error of one line that names the file. */
export const readPlanFile = (file: string): WorldPlan => {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return checkPlan(planIn(value));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
  }
};

const planIn = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('plan' in value)) return value;
  const version = 'version' in value ? value.version : undefined;
  if (version !== FIXTURE_VERSION)
    throw new Error(`fixture version ${String(version)} is not known; this simulator reads version ${FIXTURE_VERSION}`);
  return value.plan;
};

/** Answers with the fixture's name. A fixture that is there already stays as it is. */
export const writeFixture = (fixture: Fixture): string => {
  const { check, profile, seed } = fixture.found;
  const stem = `${check.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${profile}-${seed}`;
  mkdirSync(FOLDER, { recursive: true });
  let name = `${stem}.json`;
  for (let number = 2; existsSync(join(FOLDER, name)); number++) name = `${stem}-${number}.json`;
  writeFileSync(join(FOLDER, name), `${JSON.stringify(fixture, null, 2)}\n`, { flag: 'wx' });
  return `test/simulation/seeds/${name}`;
};

/** What CI replays: name, plan, and the planted bug that breaks it again, if there is one. */
export interface ReadFixture {
  readonly name: string;
  readonly plan: WorldPlan;
  readonly bug: string | undefined;
}

export const readFixtures = (): readonly ReadFixture[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const file = join(FOLDER, name);
      const { bug } = JSON.parse(readFileSync(file, 'utf8')) as { readonly bug?: string };
      return { name: basename(name, '.json'), plan: readPlanFile(file), bug };
    });
