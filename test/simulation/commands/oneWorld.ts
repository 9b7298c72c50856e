/** One world: of a seed, of a fixture or of a plan. */
import { readPlanFile } from '../fixtures';
import type { OneWorld } from '../options';
import { planOf } from '../world/planOf';
import { describePlan, explain } from './explain';
import type { Surroundings } from './manyWorlds';

/** Answers whether every promise was kept. */
export const oneWorld = async ({ world, trace, bug, json }: OneWorld, { pool, say, print }: Surroundings): Promise<boolean> => {
  const plan = 'file' in world ? readPlanFile(world.file) : planOf(world.seed, world.profile);
  say(`seed ${plan.seed} (${plan.profile})${bug === undefined ? '' : `, with the planted bug \`${bug}\``}`);
  say(describePlan(plan));
  const { trace: lines, ...result } = await pool.run({ plan, bug, trace });
  if (json) print(`${JSON.stringify({ ...result, ...(trace ? { trace: lines } : {}), plan }, null, 2)}\n`);
  else {
    if (trace) print(`${[describePlan(plan), ...lines].join('\n')}\n`);
    print(`${JSON.stringify(result, null, 2)}\n`);
  }
  for (const { promise, check, what } of result.violations) say(`violated: promise ${promise}, ${check}: ${what}`);
  const [violation] = result.violations;
  // Whoever wants the trace wants this world; a fixture is shrunk already; and a planted bug is no defect.
  if (violation !== undefined && !trace && bug === undefined && !('file' in world)) say(await explain(pool, plan, violation));
  return violation === undefined;
};
