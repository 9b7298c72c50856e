/** Durations by size. The bounds are 1, 2 and 5 times a power of ten: each class is about twice as wide as the one below. */
import type { Measured } from './measured';

export interface HistogramClass {
  /** Above this, microseconds... */
  readonly above: number;
  /** ...up to and with this. */
  readonly upTo: number;
  readonly count: number;
}

/** From the first class that holds something to the last one; empty classes between them are there too. */
export const histogramOf = (measured: Measured): readonly HistogramClass[] => {
  const classes: { above: number; upTo: number; count: number }[] = [];
  const sorted = measured.sorted();
  let next = 0;
  let above = -1;
  for (const upTo of bounds()) {
    let count = 0;
    for (let entry = sorted[next]; entry !== undefined && entry[0] <= upTo; entry = sorted[next]) {
      count += entry[1];
      next += 1;
    }
    if (count > 0 || classes.length > 0) classes.push({ above, upTo, count });
    if (next === sorted.length) return classes;
    above = upTo;
  }
  return classes;
};

function* bounds(): Generator<number> {
  yield 0;
  for (let power = 1; ; power *= 10) for (const factor of [1, 2, 5]) yield factor * power;
}
