/**
 * Wakes readers that wait for records. A slot is one partition of one topic (see slots.ts). Waking costs nothing when nobody waits.
 */
export class Arrivals {
  private readonly waiting: Set<() => void>[];

  constructor(slots: number) {
    this.waiting = Array.from({ length: slots }, () => new Set());
  }

  /** Something became visible in this slot. */
  notify(slot: number): void {
    const waiting = this.waiting[slot];
    if (waiting === undefined || waiting.size === 0) return;
    for (const wake of [...waiting]) wake();
  }

  /** Waits for one of `slots`, at most so long. `ended` is handed the function that ends the wait early (the reader is closed). */
  async wait(slots: readonly number[], maxWaitMs: number, ended: (end: () => void) => void): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const timer = setTimeout(wake, maxWaitMs);
    ended(wake);
    for (const slot of slots) this.waiting[slot]?.add(wake);
    await woken;
    clearTimeout(timer);
    for (const slot of slots) this.waiting[slot]?.delete(wake);
  }
}
