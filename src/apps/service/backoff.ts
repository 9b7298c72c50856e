/** How long to wait before the next attempt. */
import { setTimeout as timeout } from 'node:timers/promises';

/** Doubles from `leastMs` to `mostMs`. Half of it is left to chance, so that many shards that failed together do not return together. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly leastMs: number,
    private readonly mostMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  nextMs(): number {
    const most = Math.min(this.mostMs, this.leastMs * 2 ** this.failures);
    this.failures += 1;
    return (most / 2) * (1 + this.random());
  }

  reset(): void {
    this.failures = 0;
  }
}

/** Waits; ends early, without an error, when `ended` is aborted. */
export const pause = async (ms: number, ended: AbortSignal): Promise<void> => {
  await timeout(ms, undefined, { signal: ended }).catch(() => undefined);
};

/** As `pause`, for what only looks on: it keeps no process alive whose work has ended. */
export const idlePause = async (ms: number, ended: AbortSignal): Promise<void> => {
  await timeout(ms, undefined, { signal: ended, ref: false }).catch(() => undefined);
};
