/**
 * Durations in whole microseconds, counted by value: exact percentiles of any number of them. Memory grows with the number of different values, not with
 * that of durations: what is measured to three decimals of a millisecond has few.
 */
export class Measured {
  private readonly counts = new Map<number, number>();
  private sum = 0n;
  private taken = 0;
  private largest = 0;

  add(micros: number): void {
    this.counts.set(micros, (this.counts.get(micros) ?? 0) + 1);
    this.sum += BigInt(micros);
    this.taken += 1;
    this.largest = Math.max(this.largest, micros);
  }

  get count(): number {
    return this.taken;
  }

  /** Rounded to a whole microsecond; there must be a duration. */
  get mean(): number {
    const count = BigInt(this.taken);
    return Number((2n * this.sum + count) / (2n * count));
  }

  get max(): number {
    return this.largest;
  }

  /** The smallest values, from below, that hold `percents` of the durations (nearest rank: the ⌈p/100 × n⌉th of them). There must be a duration. */
  percentiles(percents: readonly number[]): readonly number[] {
    const sorted = this.sorted();
    return percents.map((percent) => {
      const rank = Math.max(1, Math.ceil((percent * this.taken) / 100));
      let before = 0;
      for (const [micros, count] of sorted) {
        before += count;
        if (before >= rank) return micros;
      }
      return this.largest;
    });
  }

  /** Value and count, by value. */
  sorted(): readonly (readonly [micros: number, count: number])[] {
    return [...this.counts].sort(([a], [b]) => a - b);
  }
}
