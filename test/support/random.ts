/** Chance that can be had again: the same seed, the same draws. Mulberry32, which is good enough to choose a fault. */
export class Random {
  constructor(private state: number) {}

  /** From 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /**
   * About as often between 1 and 2 as between 500 and 1,000: an octave, and a place in it. Without powers and logarithms, whose last bit is not the same
   * everywhere.
   */
  octaves(least: number, most: number): number {
    let count = 1;
    for (let top = 2 * least; top < most; top *= 2) count += 1;
    let bottom = least;
    for (let octave = this.below(count); octave > 0; octave--) bottom *= 2;
    return bottom + this.next() * (Math.min(2 * bottom, most) - bottom);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** Draws of its own, so that one part of a campaign does not shift another's. */
  fork(): Random {
    return new Random(this.below(2 ** 31));
  }
}
