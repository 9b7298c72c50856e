/**
 * How many requests an account may send: never more than `perMinute` in any 60 seconds, at most `burst` of them at once.
 *
 * A share of the burst is kept back from submissions, so that cancels and look-ups get through; cancels go before reads. What the broker says is
 * left is followed downwards only: others may use the same account. Times are those of the injected monotonic clock, ms.
 */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface TokenBucketOptions {
  readonly perMinute: number;
  /** Below `perMinute`; the rest of it is the rate at which tokens come back. */
  readonly burst: number;
  readonly now: () => number;
  readonly sleep: Sleep;
}

const KEPT_BACK = 0.2;
const MINUTE_MS = 60_000;
/** Float rounding must not make a whole token a moment too late. */
const ROUNDING = 1e-6;

interface Waiter {
  readonly giveUpAt: number;
  readonly answer: (taken: boolean) => void;
}

export class TokenBucket {
  private level: number;
  private refilledAt: number;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private readonly perMs: number;
  private readonly keptBack: number;
  private readonly waiting: { readonly cancel: Waiter[]; readonly read: Waiter[] } = { cancel: [], read: [] };
  private pumping = false;
  private closed = false;
  /** Ends the pump's sleep early when somebody comes who cannot wait as long. */
  private awake = new AbortController();

  constructor(private readonly options: TokenBucketOptions) {
    const { perMinute, burst, now } = options;
    if (!(burst >= 1 && burst < perMinute))
      throw new RangeError(`burst ${burst} must be at least 1 and below ${perMinute} a minute`);
    this.level = burst;
    this.refilledAt = now();
    this.perMs = (perMinute - burst) / MINUTE_MS;
    this.keptBack = Math.ceil(burst * KEPT_BACK);
  }

  /** Submissions that may go now. */
  capacity(): number {
    this.refill();
    if (this.closed || this.options.now() < this.pausedUntil) return 0;
    const queued = this.waiting.cancel.length + this.waiting.read.length;
    return Math.max(0, Math.floor(this.level + ROUNDING) - this.keptBack - queued);
  }

  /** A token for a submission, which never waits. */
  takeNow(): boolean {
    if (this.capacity() < 1) return false;
    this.level -= 1;
    return true;
  }

  /** False: there was none before `giveUpAt`, or the bucket was closed. */
  take(kind: 'cancel' | 'read', giveUpAt: number): Promise<boolean> {
    if (this.closed) return Promise.resolve(false);
    return new Promise((answer) => {
      this.waiting[kind].push({ giveUpAt, answer });
      this.awake.abort();
      void this.pump();
    });
  }

  /** Nothing is sent before `at`. */
  pauseUntil(at: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, at);
  }

  /** The broker says that so many requests are left, beyond those of ours that are under way. */
  atMost(left: number): void {
    this.refill();
    this.level = Math.max(0, Math.min(this.level, left));
  }

  /** How long a submission would have to wait, ms. */
  waitMs(): number {
    this.refill();
    const missing = this.keptBack + 1 - this.level;
    return Math.max(0, this.pausedUntil - this.options.now(), missing > ROUNDING ? missing / this.perMs : 0);
  }

  close(): void {
    this.closed = true;
    this.awake.abort();
    for (const { answer } of [...this.waiting.cancel.splice(0), ...this.waiting.read.splice(0)]) answer(false);
  }

  private refill(): void {
    const now = this.options.now();
    this.level = Math.min(this.options.burst, this.level + Math.max(0, now - this.refilledAt) * this.perMs);
    this.refilledAt = now;
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      while (this.waiting.cancel.length + this.waiting.read.length > 0) {
        const wait = this.serve();
        if (wait === undefined) continue;
        this.awake = new AbortController();
        await this.options.sleep(wait, this.awake.signal);
      }
    } finally {
      this.pumping = false;
    }
  }

  /** Answers those who can be answered now; how long until the next can be, undefined: nobody waits. */
  private serve(): number | undefined {
    this.refill();
    const now = this.options.now();
    for (const queue of [this.waiting.cancel, this.waiting.read]) {
      const inTime = queue.filter(({ giveUpAt }) => giveUpAt > now);
      const late = queue.filter(({ giveUpAt }) => giveUpAt <= now);
      queue.splice(0, queue.length, ...inTime);
      for (const { answer } of late) answer(false);
      while (queue.length > 0 && this.level + ROUNDING >= 1 && now >= this.pausedUntil && !this.closed) {
        this.level -= 1;
        queue.shift()?.answer(true);
      }
    }
    const left = [...this.waiting.cancel, ...this.waiting.read];
    if (left.length === 0) return undefined;
    const nextToken = Math.max(this.pausedUntil - now, (1 - this.level) / this.perMs);
    return Math.max(1, Math.min(nextToken, ...left.map(({ giveUpAt }) => giveUpAt - now)));
  }
}
