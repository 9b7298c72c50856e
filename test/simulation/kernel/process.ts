/** One simulated process: its events stop when it crashes, and wait while it is paused. Nothing that it awaited ever comes after a crash. */
export class SimulatedProcess {
  isAlive = true;
  /** Virtual ms; in the past: it is not paused. */
  pausedUntil = -Infinity;

  constructor(
    /** Such as `processor 2.3`: the third life of the second processor. */
    readonly name: string,
    /** How far its wall clock is off, ms. */
    readonly clockSkewMs = 0,
    /** False: it never crashes or stands still, such as the people outside. */
    readonly mayFail = false,
    private readonly heard: { readonly crashed?: () => void; readonly paused?: (untilMs: number) => void } = {},
  ) {}

  crash(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.heard.crashed?.();
  }

  pauseUntil(ms: number): void {
    if (ms <= this.pausedUntil) return;
    this.pausedUntil = ms;
    this.heard.paused?.(ms);
  }
}
