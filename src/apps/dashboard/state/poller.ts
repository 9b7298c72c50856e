/** Asks one question again and again: never twice at once, not more often than is good, and until it is stopped. */
export interface Pace {
  /** This long from one asking to the next, at least. */
  readonly atMostEveryMs: number;
  /** Asked again without any reason after this long. */
  readonly everyMs?: number | undefined;
}

export class Poller {
  #lastAt = -Infinity;
  #asking = false;
  #wanted = false;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: () => Promise<void>,
    private readonly pace: Pace,
  ) {}

  /** There is a reason to ask. */
  poke(): void {
    if (this.#asking || this.#stop.signal.aborted) {
      this.#wanted = true;
      return;
    }
    this.#in(Math.max(0, this.#lastAt + this.pace.atMostEveryMs - Date.now()));
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  #in(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#now(), ms);
  }

  /** Whether somebody asked meanwhile. */
  #takeWish(): boolean {
    return this.#wanted;
  }

  async #now(): Promise<void> {
    this.#asking = true;
    this.#wanted = false;
    this.#lastAt = Date.now();
    await this.ask().finally(() => (this.#asking = false));
    if (this.#stop.signal.aborted) return;
    if (this.#takeWish()) this.poke();
    else if (this.pace.everyMs !== undefined) this.#in(this.pace.everyMs);
  }
}
