/** Planted bugs, each in a campaign of its own that is short and full of what should bring it to light. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { breakProgram } from './builtProgram';
import { runCampaign } from './campaign';
import type { CampaignOptions } from './campaign';
import type { PlantedBug } from './plantedBugs';

export interface Trial {
  readonly bug: string;
  readonly what: string;
  readonly caught: boolean;
  /** How often each check found something. */
  readonly by: Readonly<Record<string, number>>;
  readonly first: string;
  readonly seed: number;
  readonly durationMs: number;
}

export type TrialOptions = Pick<CampaignOptions, 'cluster' | 'folder' | 'topicPrefix' | 'seed' | 'sessionMs' | 'say'> & {
  /** The program without mistakes. */
  readonly intact: string;
};

/** Enough for each batch to hold several records of each kind. */
const SIZE = { shards: 2, runs: 4, intents: 300, rate: 120, processors: 2, batchRecords: 60, livenessMs: 25_000 } as const;

export const tryBug = async (bug: PlantedBug, options: TrialOptions): Promise<Trial> => {
  const { name, what, patches, faults: steps } = bug;
  const program = breakProgram(options.intact, join(options.folder, 'program'), patches);
  try {
    const outcome = await runCampaign({ ...options, ...SIZE, program, steps });
    const { findings, told, seed, durationMs } = outcome;
    const [first] = told;
    return {
      ...{ bug: name, what, caught: told.length > 0, by: findings, seed, durationMs },
      first: first === undefined ? '' : `${first.check}: ${first.what}`,
    };
  } finally {
    rmSync(program, { recursive: true, force: true });
  }
};
