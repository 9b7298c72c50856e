/** Draws the faults of one world and counts those that happened. After `stop` none happens any more: what is left must come to rest by itself. */
import type { Random } from '../../support/random';
import type { FaultKind, FaultRates } from './faultKinds';

export class Faults {
  readonly counts = new Map<FaultKind, number>();
  private stopped = false;

  constructor(
    private readonly rates: FaultRates,
    private readonly random: Random,
  ) {}

  /** Whether this fault happens at this opportunity; counted if it does. */
  happens(kind: FaultKind): boolean {
    const rate = this.rates[kind] ?? 0;
    // A fault that is switched off draws nothing: the draws of the others stay what they are as far as they can.
    if (this.stopped || rate <= 0 || !this.random.chance(rate)) return false;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    return true;
  }

  /** How it happens: how long, how many, which one. */
  get draw(): Random {
    return this.random;
  }

  get areOver(): boolean {
    return this.stopped;
  }

  stop(): void {
    this.stopped = true;
  }
}
