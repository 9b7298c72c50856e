/** How many intents were decided a second of late: what somebody who is turned away is told when to come back by. */

const WINDOW_MS = 1_000;
const LEAST_SECONDS = 1;
const MOST_SECONDS = 30;

export class DecisionRate {
  private perSecond = 0;
  private windowStart: number;
  private inWindow = 0;

  /** `now`: of a clock that never goes back, in ms. */
  constructor(private readonly now: () => number) {
    this.windowStart = now();
  }

  add(count: number): void {
    this.roll();
    this.inWindow += count;
  }

  /** Whole seconds, 1 to 30, after which so many should have been decided. */
  secondsFor(intents: number): number {
    this.roll();
    if (this.perSecond === 0) return intents === 0 ? LEAST_SECONDS : MOST_SECONDS;
    return Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, Math.ceil(intents / this.perSecond)));
  }

  /** The newest second counts as much as all before it. */
  private roll(): void {
    const elapsed = this.now() - this.windowStart;
    if (elapsed < WINDOW_MS) return;
    const newest = (this.inWindow * 1_000) / elapsed;
    this.perSecond = this.perSecond === 0 ? newest : (this.perSecond + newest) / 2;
    this.inWindow = 0;
    this.windowStart += elapsed;
  }
}
