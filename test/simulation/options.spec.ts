import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPlanFile } from './fixtures';
import { HELP, readArguments } from './options';
import { planOf } from './world/planOf';

const read = (...words: readonly string[]) => readArguments(words, 2);

it('runs many worlds of all profiles when nothing is said', () =>
  expect(read()).toEqual({
    ...{ mode: 'worlds', from: 1, seeds: 500, profile: undefined, twice: 10, workers: 2, json: false, document: false },
  }));
it('runs one world in the profile whose turn it is', () =>
  expect(read('--seed', '7', '--trace')).toMatchObject({ mode: 'world', world: { seed: 7, profile: 'broker' }, trace: true }));
it('looks for one planted bug', () =>
  expect(read('--planted', '--bug', 'no fence', '--seeds', '20')).toMatchObject({
    ...{ mode: 'planted', bugs: [{ name: 'no fence' }], seeds: 20 },
  }));
it('answers a request for help with nothing to do, and the help names every option', () => {
  expect(read('--help')).toBeUndefined();
  for (const name of [
    'seeds',
    'from',
    'profile',
    'seed',
    'plan',
    'trace',
    'planted',
    'bug',
    'twice',
    'workers',
    'document',
    'json',
  ])
    expect(HELP).toContain(`--${name}`);
});

it.each([
  [['--profile', 'calmer'], '--profile: `calmer` is not known; expected chaos, calm, broker, kill, policy'],
  [['--seed', 'seven'], '--seed: `seven`, expected a whole number'],
  [['--seeds', '0'], '--seeds: `0`, expected a whole number from 1'],
  [['--workers', '1.5'], '--workers: `1.5`, expected a whole number from 1'],
  [['--planted', '--bug', 'no fense'], '--bug: `no fense` is not known; did you mean `no fence`?'],
  [['--bug', 'no fence'], '--bug: needs --planted, --seed or --plan'],
  [['--trace'], '--trace: needs --seed or --plan'],
  [['--planted', '--from', '3'], '--from: goes not with --planted'],
  [['--seed', '1', '--plan', 'plan.json'], '--plan: goes not with --seed; give one of them'],
  [['--sead', '1'], "Unknown option '--sead'"],
])('refuses %j in one line', (words, message) => {
  expect(() => read(...words)).toThrow(message);
});

describe('a plan on file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'policygate-plan-'));
  const file = join(folder, 'world.json');
  const plan = planOf(3, 'calm');
  const readBack = (value: unknown) => {
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return readPlanFile(file);
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read as it is, and out of a fixture', () => {
    expect(readBack(plan)).toEqual(plan);
    expect(readBack({ version: 1, found: {}, plan })).toEqual(plan);
  });
  it.each([
    [{ version: 7, found: {}, plan }, 'fixture version 7 is not known; this simulator reads version 1'],
    [{ ...plan, version: 2 }, 'fixture version 2 is not known; this simulator reads version 1'],
    [{ ...plan, shards: 9 }, 'shards: 9, expected 1 to 4'],
    ['{', 'JSON'],
  ])('is refused with the name of the file: %#', (value, message) => {
    expect(() => readBack(value)).toThrow(`${file}: `);
    expect(() => readBack(value)).toThrow(message);
  });
});
