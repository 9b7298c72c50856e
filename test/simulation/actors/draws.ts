/** Choices that people make, from draws. */
import type { Random } from '../../support/random';

/** One of the names, by weight; undefined: none has any. */
export const weighted = <T extends string>(random: Random, weights: Readonly<Partial<Record<T, number>>>): T | undefined => {
  const entries = Object.entries(weights) as [T, number][];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  return entries.at(-1)?.[0];
};

/** How often something happens that happens `mean` times on average: 1.3 is once, and in three of ten cases twice. */
export const times = (random: Random, mean: number): number => Math.floor(mean) + (random.chance(mean % 1) ? 1 : 0);
