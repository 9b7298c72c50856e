/**
 * The kill switch at each step of an order's life, with both brokers' dialects over HTTP, in every mode of policy and gateway, while the gateway runs and
 * when it takes over.
 */
import { killCells, tryKill } from './campaign/gateway/killMatrix';
import { inLanes } from './campaign/gateway/lanes';

const LANES = 12;
const cells = killCells();

it('sends nothing behind the trip, cancels what is open where it is to be cancelled, and has all of it on record', async () => {
  const outcomes = await inLanes(cells, LANES, tryKill);
  expect(outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  // Cells in which nothing was sent and nothing cancelled would prove nothing.
  expect(outcomes.filter(({ sent }) => sent > 0).length).toBeGreaterThan(cells.length / 2);
  expect(outcomes.filter(({ cancelled }) => cancelled > 0).length).toBeGreaterThan(cells.length / 4);
}, 120_000);
