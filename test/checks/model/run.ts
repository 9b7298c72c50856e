/** One run as the model knows it. Source: design, "The engine"; docs/adr/0001 (unknown runs, resets, ended runs). */
import { Book } from './book';
import type { Known } from './book';
import type { Policy } from './policy';

const MINUTE_MS = 60_000;
/** A run remembers so many violations. Source: docs/adr/0001, "Violation window". */
const VIOLATIONS_KEPT = 10_000;

export class ModelRun {
  status: 'UNKNOWN' | 'ACTIVE' | 'ENDED' = 'UNKNOWN';
  clock = 0;
  nextSeq = 0;
  policy: Policy | null = null;
  tripped = false;

  equity = 0n;
  startOfDay = 0n;
  peak = 0n;
  marked = false;
  /** In units of 10^-36; null: not found yet. */
  cash: bigint | null = null;

  book = new Book();
  /** By intent id. */
  known = new Map<string, Known>();

  /** Orders that were admitted, and those that the run began with. */
  admitted: { readonly at: number; readonly strategy: string }[] = [];
  begunAt = 0;
  begunOrders = 0;
  begunByStrategy: ReadonlyMap<string, number> = new Map();
  /** Times of violations since the run began or was reset; those that it began with may lie ahead of its clock. */
  violations: number[] = [];
  begunViolations: readonly number[] = [];

  /** A difference was found: all that follows would differ too, and is not told. */
  lost = false;

  constructor(readonly id: string) {}

  advance(to: number): void {
    if (to > this.clock) this.clock = to;
  }

  /** Less than a minute old at `clock`; `strategy` undefined: all of them. */
  ordersInMinute(clock: number, strategy?: string): number {
    const begun = strategy === undefined ? this.begunOrders : (this.begunByStrategy.get(strategy) ?? 0);
    const own = this.admitted.filter((order) => clock - order.at < MINUTE_MS && (strategy ?? order.strategy) === order.strategy);
    return own.length + (clock - this.begunAt < MINUTE_MS ? begun : 0);
  }

  /** As old as the policy's window, or younger. */
  violationsInWindow(): number {
    const { policy, clock } = this;
    if (policy === null) return 0;
    const counts = (at: number): boolean => clock - at <= policy.windowMs;
    const own = this.violations.slice(-VIOLATIONS_KEPT).filter(counts).length;
    return Math.min(VIOLATIONS_KEPT, own + this.begunViolations.filter(counts).length);
  }

  forgetViolations(): void {
    this.violations = [];
    this.begunViolations = [];
  }
}
