/** Tells the log of requests without a valid token: a line now and then, however many there are, and never what they showed. */
import type { Logger } from '../service/logger';

const EVERY_MS = 10_000;

export class AuthenticationLog {
  private lastAt = -Infinity;
  private unsaid = 0;

  constructor(
    private readonly log: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  failed(address: string): void {
    const now = this.now();
    this.unsaid += 1;
    if (now - this.lastAt < EVERY_MS) return;
    this.log.warn({ address, requests: this.unsaid }, 'requests without a valid token were refused');
    this.lastAt = now;
    this.unsaid = 0;
  }
}
