/** Seeds by the thousand. */
import type { ManyWorlds } from '../options';
import { profileOf } from '../options';
import { originOf } from '../report/origin';
import { WORLDS_PLACE, writeOnPage } from '../report/page';
import { Tally } from '../report/tally';
import { worldsPage, worldsReport, worldsText } from '../report/worldsReport';
import type { WorldPool } from '../worker/pool';
import { planOf } from '../world/planOf';
import { explain } from './explain';

const PROGRESS_EVERY_MS = 2_000;
/** So many worlds that broke something are enough to look at. */
const MOST_VIOLATED = 20;
/** Of so many checks the first world is shrunk. */
const MOST_EXPLAINED = 3;

export interface Surroundings {
  readonly pool: WorldPool;
  readonly words: readonly string[];
  readonly say: (line: string) => void;
  readonly print: (text: string) => void;
}

/** Answers whether every promise was kept. */
export const manyWorlds = async (given: ManyWorlds, { pool, words, say, print }: Surroundings): Promise<boolean> => {
  const { from, seeds, profile, twice } = given;
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1_000;
  const tally = new Tally();
  const progress = setInterval(() => say(progressLine(tally, seeds, seconds())), PROGRESS_EVERY_MS);
  try {
    await runAll(pool, given, tally, (line) => say(line));
  } finally {
    clearInterval(progress);
  }
  const report = worldsReport(tally, originOf(words), { from, profile: profile ?? 'all profiles by turns', seconds: seconds() });
  say(worldsText(report));
  if (twice > 0 && seeds >= twice) say(`one seed in ${twice} was run twice`);
  if (given.json) print(`${JSON.stringify(report, null, 2)}\n`);
  if (given.document) writeOnPage(WORLDS_PLACE, worldsPage(report));
  const firsts = new Map(tally.violated.toReversed().map((world) => [world.violation.check, world]));
  for (const { seed, profile: of, violation } of [...firsts.values()].sort((a, b) => a.seed - b.seed).slice(0, MOST_EXPLAINED)) {
    say(`shrinking seed ${seed} (${violation.check})`);
    say(await explain(pool, planOf(seed, of), violation));
  }
  return tally.violations === 0;
};

/** As many at a time as the pool has room for; a few that broke something end it. */
const runAll = async (
  pool: WorldPool,
  { from, seeds, profile, twice }: ManyWorlds,
  tally: Tally,
  say: (line: string) => void,
): Promise<void> => {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < from + seeds && tally.violations < MOST_VIOLATED) {
      const seed = next++;
      const world = { seed, profile: profile ?? profileOf(seed) };
      const result = await pool.run({ plan: world, twice: twice > 0 && seed % twice === 0 });
      tally.add(world, result);
      const [violation] = result.violations;
      if (violation !== undefined) say(`seed ${seed} (${world.profile}): promise ${violation.promise}, ${violation.check}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(pool.room, seeds) }, lane));
};

const progressLine = ({ worlds, virtualHours, violations }: Tally, seeds: number, seconds: number): string =>
  `${worlds} of ${seeds} worlds, ${(worlds / seconds).toFixed(1)} a second, ${Math.round(virtualHours)} virtual hours, ${violations} violated`;
