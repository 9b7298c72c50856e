/** Planted bugs, each in a chain of cells of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { breakProgram } from '../builtProgram';
import type { Trial } from '../trials';
import { killOf } from './kills';
import type { PlantedGatewayBug } from './plantedBugs';
import { runChain } from './programChain';
import { TROUBLES } from './troubles';

export interface TrialOptions {
  /** The program without mistakes. */
  readonly intact: string;
  readonly folder: string;
  readonly seed: number;
}

const ORDERS_EACH = 8;
/** A mistake may depend on chance: so many chains at most. */
const ATTEMPTS = 3;

export const tryGatewayBug = async (bug: PlantedGatewayBug, { intact, folder, seed }: TrialOptions): Promise<Trial> => {
  const startedAt = performance.now();
  const { name, what, patches, dialect } = bug;
  const trouble = TROUBLES.find((one) => one.name === bug.trouble);
  if (trouble === undefined) throw new Error(`planted bug ${name}: there is no trouble \`${bug.trouble}\` any more`);
  const program = breakProgram(intact, join(folder, 'program'), patches);
  try {
    for (let attempt = 0; ; attempt++) {
      const kills = bug.kills.map((kill) => killOf(kill, 1));
      const own = { folder: join(folder, `chain-${attempt}`), seed: seed + attempt };
      const { findings, told } = await runChain({ program, dialect, trouble, kills, ordersEach: ORDERS_EACH, ...own });
      if (told.length === 0 && attempt + 1 < ATTEMPTS) continue;
      const [first] = told;
      return {
        ...{ bug: name, what, caught: told.length > 0, by: findings, seed: own.seed, durationMs: performance.now() - startedAt },
        first: first === undefined ? '' : `${first.check}: ${first.what}`,
      };
    }
  } finally {
    rmSync(program, { recursive: true, force: true });
  }
};
