/** Adds up worlds. */
import type { FaultKind } from '../kernel/faultKinds';
import { FAULT_KINDS } from '../kernel/faultKinds';
import type { Profile } from '../world/plan';
import type { Violation, WorldResult } from '../world/result';

export interface ViolatedWorld {
  readonly seed: number;
  readonly profile: Profile;
  readonly violation: Violation;
}

export class Tally {
  worlds = 0;
  events = 0;
  virtualMs = 0;
  /** Worlds that broke something; `violated` holds the first of them. */
  violations = 0;
  readonly violated: ViolatedWorld[] = [];
  readonly counts = new Map<string, number>();
  readonly faults = new Map<FaultKind, number>();

  add(world: Omit<ViolatedWorld, 'violation'>, { events, virtualMs, counts, faults, violations }: WorldResult): void {
    this.worlds += 1;
    this.events += events;
    this.virtualMs += virtualMs;
    for (const [name, count] of Object.entries(counts)) this.counts.set(name, (this.counts.get(name) ?? 0) + count);
    for (const kind of FAULT_KINDS) {
      const count = faults[kind] ?? 0;
      if (count > 0) this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
    }
    const [violation] = violations;
    if (violation === undefined) return;
    this.violations += 1;
    if (this.violated.length < MOST_KEPT) this.violated.push({ ...world, violation });
  }

  /** Faults that never happened: of them nothing was proved. */
  get holes(): readonly FaultKind[] {
    return FAULT_KINDS.filter((kind) => !this.faults.has(kind));
  }

  /** How often each kind happened, those that did; in the order of the kinds. */
  get faultCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(FAULT_KINDS.flatMap((kind) => (this.faults.has(kind) ? [[kind, this.faults.get(kind) ?? 0]] : [])));
  }

  get virtualHours(): number {
    return this.virtualMs / 3_600_000;
  }
}

const MOST_KEPT = 100;
