/** Whether a figure grows, by all its samples: a single peak, or a few, change nothing. */

export interface Sample {
  /** ms since 1970. */
  readonly at: number;
  readonly value: number;
}

const MINUTE_MS = 60_000;

/**
 * Growth in a minute: the median of the slopes between every two samples (Theil-Sen), which up to 29 % of wild samples cannot move far. Undefined: there are
 * fewer than three samples.
 */
export const growthPerMinute = (samples: readonly Sample[]): number | undefined => {
  if (samples.length < 3) return undefined;
  const slopes: number[] = [];
  for (const [at, one] of samples.entries())
    for (const other of samples.slice(at + 1))
      if (other.at > one.at) slopes.push(((other.value - one.value) / (other.at - one.at)) * MINUTE_MS);
  return middle(slopes);
};

/** The lowest of each so many ms: what is left of a figure that jumps up and falls back. */
export const lowestOfEach = (samples: readonly Sample[], windowMs: number): readonly Sample[] => {
  const lowest = new Map<number, Sample>();
  for (const sample of samples) {
    const window = Math.floor(sample.at / windowMs);
    const before = lowest.get(window);
    if (before === undefined || sample.value < before.value) lowest.set(window, sample);
  }
  return [...lowest.values()];
};

export const middle = (values: readonly number[]): number | undefined => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half];
  const lower = sorted[half - 1];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
};
