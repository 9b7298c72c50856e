/**
 * Crashes at each step of an order's life, with everything that a broker can answer: every trouble and every point of the gateway with both dialects in
 * this process, and real kills of the built program. All pairs: `npm run campaign:gateway`. POLICYGATE_CAMPAIGN_SEED sets the seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROKER_FAULT_POINTS, GATEWAY_FAULT_POINTS } from '../src/gateway/gateway';
import { breakProgram, buildProgram } from './campaign/builtProgram';
import { runDeskChain } from './campaign/gateway/deskChain';
import { killOf } from './campaign/gateway/kills';
import { inLanes } from './campaign/gateway/lanes';
import { runChain } from './campaign/gateway/programChain';
import { TROUBLES } from './campaign/gateway/troubles';
import { DIALECTS, QUICK } from './campaign/gateway/venue';

const SEED = Number(process.env.POLICYGATE_CAMPAIGN_SEED ?? 20_261);
const LANES = 14;
const ORDERS_EACH = 6;
const POINTS = [...BROKER_FAULT_POINTS, ...GATEWAY_FAULT_POINTS, 'submission on its way', 'look on its way'];

/** Two points for each trouble, in turn. */
const chains = DIALECTS.flatMap((dialect) =>
  TROUBLES.map((trouble, at) => {
    const names = [0, 1].map((more) => POINTS[(2 * at + more) % POINTS.length] ?? '');
    return { dialect, trouble, kills: names.map((name) => killOf(name, 1)), ordersEach: ORDERS_EACH, seed: SEED + at };
  }),
);

it('doubles nothing, loses no order and no fill, and keeps the limits, whatever the broker answers and wherever it crashes', async () => {
  const outcomes = await inLanes(chains, LANES, runDeskChain);
  expect(outcomes.flatMap(({ name, told }) => told.map((finding) => ({ name, ...finding })))).toEqual([]);
  const happened = new Set(outcomes.flatMap(({ kills }) => Object.keys(kills)));
  expect(POINTS.filter((point) => !happened.has(point))).toEqual([]);
  const unspoiled = outcomes.flatMap(({ missed }) => missed.filter((what) => what.endsWith('no request was spoiled')));
  // Chance can leave a chain without the request that its trouble is about, such as a cancel; a trouble that no request meets any more is more than that.
  expect(unspoiled.length).toBeLessThanOrEqual(5);
}, 120_000);

describe('the built program, killed', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'policygate-gateway-'));
    program = breakProgram(await buildProgram(join(folder, 'built')), join(folder, 'intact'), QUICK);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(DIALECTS)(
    'goes on with what %s has and what it has not',
    async (dialect) => {
      const trouble = TROUBLES.find(({ name }) => name === 'madeThenReset');
      if (trouble === undefined) throw new Error('there is no such trouble any more');
      const kills = ['gateway-after-submitting-commit', 'submission on its way'].map((name) => killOf(name, 1));
      const outcome = await runChain({
        program,
        folder: join(folder, dialect),
        dialect,
        trouble,
        kills,
        ordersEach: ORDERS_EACH,
        seed: SEED,
      });
      expect(outcome.told).toEqual([]);
      expect(outcome.missed).toEqual([]);
      expect(Object.keys(outcome.kills)).toEqual(kills.map(({ name }) => name));
    },
    60_000,
  );
});
