/** The planted bugs: does the simulation see? */
import { remember } from '../knownSeeds';
import type { PlantedWorlds } from '../options';
import type { Catch } from '../planted/findBug';
import { findBug } from '../planted/findBug';
import { PLANTED_BUGS } from '../planted/plantedBugs';
import { originOf } from '../report/origin';
import { PLANTED_PLACE, writeOnPage } from '../report/page';
import { plantedPage, plantedReport, plantedText, trialLine } from '../report/plantedReport';
import type { Surroundings } from './manyWorlds';

/** Answers whether each was found. */
export const plantedWorlds = async (given: PlantedWorlds, { pool, words, say, print }: Surroundings): Promise<boolean> => {
  const { bugs, seeds, workers } = given;
  const catches = new Map<string, Catch>();
  const waiting = bugs.values();
  let tried = 0;
  const lane = async (): Promise<void> => {
    for (const bug of waiting) {
      const found = await findBug(pool, bug, seeds);
      if (found !== undefined) catches.set(bug.name, found);
      tried += 1;
      say(`${tried} of ${bugs.length}: ${trialLine(bug, found, seeds)}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  const trials = bugs.map(({ name, what }) => ({ bug: name, what, found: catches.get(name) ?? null }));
  const report = plantedReport(trials, originOf(words), seeds);
  say(plantedText(report));
  if (given.json) print(`${JSON.stringify(report, null, 2)}\n`);
  if (given.document) writeOnPage(PLANTED_PLACE, plantedPage(report));
  if (given.remember || given.document) {
    const found = Object.fromEntries([...catches].map(([name, { seed, profile }]) => [name, { seed, profile }]));
    remember(
      found,
      PLANTED_BUGS.map(({ name }) => name),
    );
  }
  return catches.size === bugs.length;
};
