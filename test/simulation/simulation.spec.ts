/**
 * The simulation as CI runs it: some hundred worlds of every profile, every world that once broke something, and the worlds that find the planted bugs.
 * POLICYGATE_SEEDS: another number of worlds than 500.
 */
import { buildSimulation } from './build/buildSimulation';
import { readFixtures } from './fixtures';
import { readKnown } from './knownSeeds';
import { profileOf } from './options';
import { breaks } from './planted/findBug';
import { PLANTED_BUGS } from './planted/plantedBugs';
import { Tally } from './report/tally';
import { WorldPool } from './worker/pool';

const SEEDS = Number(process.env.POLICYGATE_SEEDS ?? 500);
const WORKERS = 2;
/** With so few worlds some kinds of faults may not happen. */
const ENOUGH_FOR_EVERY_FAULT = 200;
const MINUTES = 60_000;

jest.setTimeout(4 * MINUTES);
let pool: WorldPool;
let close = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  pool = new WorldPool(await buildSimulation(), WORKERS);
  close = () => pool.close();
});
afterAll(() => close());

it('keeps every promise in worlds that once broke one', async () => {
  const outcomes = readFixtures().map(async ({ name, plan }) => ({ name, violations: (await pool.run({ plan })).violations }));
  expect((await Promise.all(outcomes)).filter(({ violations }) => violations.length > 0)).toEqual([]);
});

it('still breaks those worlds where the mistake is made again', async () => {
  const again = readFixtures().flatMap(({ name, plan, bug }) => (bug === undefined ? [] : [{ name, plan, bug }]));
  expect(again.length).toBeGreaterThan(0);
  const outcomes = again.map(async ({ name, plan, bug }) =>
    (await pool.run({ plan, bug })).violations.length > 0 ? [] : [name],
  );
  expect((await Promise.all(outcomes)).flat()).toEqual([]);
});

it(`keeps every promise in ${SEEDS} worlds, in which every kind of fault happens`, async () => {
  const tally = new Tally();
  const worlds = Array.from({ length: SEEDS }, (_, at) => ({ seed: at + 1, profile: profileOf(at + 1) }));
  await Promise.all(worlds.map(async (world) => tally.add(world, await pool.run({ plan: world, twice: world.seed % 25 === 0 }))));
  expect(tally.violated).toEqual([]);
  if (SEEDS >= ENOUGH_FOR_EVERY_FAULT) expect(tally.holes).toEqual([]);
});

it('knows a world for each planted bug, in which it is found, and nothing without it', async () => {
  const known = readKnown();
  const trials = PLANTED_BUGS.map(async (bug) => {
    const world = known[bug.name];
    return world !== undefined && (await breaks(pool, bug, world)) !== undefined ? [] : [bug.name];
  });
  expect((await Promise.all(trials)).flat()).toEqual([]);
});
