/**
 * Rolling windows on the run's clock: the orders of the last 60 seconds, and the violations that can trip the kill switch.
 * The clock never goes back, so what is added last is youngest. Source: design, "The engine".
 */
import type { ExecutionState, InitialViolation } from '../contracts/messages';

/** An order counts while it is less than this old, ms. */
export const ORDER_WINDOW_MS = 60_000;

/** Violations that are remembered per run: as many as `trip_after_n_violations` can ever ask for. Older ones change no verdict. */
export const VIOLATIONS_KEPT = 10_000;

/** Entries that may lie dead at the front of a queue before it is copied. */
const SLACK = 1_024;

interface AdmittedOrders {
  readonly at: number;
  readonly strategyId: string;
  count: number;
}

/** Orders admitted less than 60 s ago, in total and by strategy. */
export class OrderWindow {
  private queue: AdmittedOrders[] = [];
  private head = 0;
  private total = 0;
  private readonly byStrategy = new Map<string, number>();

  constructor(
    private readonly startedAt: number,
    private initialGlobal: number,
    private initialByStrategy: ReadonlyMap<string, number>,
  ) {}

  /** This window as it will be at `clock`, if nothing comes until then; this one stays as it is. Costs as much as there are orders in it. */
  ahead(clock: number): OrderWindow {
    const copy = new OrderWindow(this.startedAt, this.initialGlobal, this.initialByStrategy);
    for (const { at, strategyId, count } of this.queue.slice(this.head)) {
      for (let order = 0; order < count; order++) copy.add(at, strategyId);
    }
    copy.advance(clock);
    return copy;
  }

  add(at: number, strategyId: string): void {
    this.total += 1;
    this.byStrategy.set(strategyId, (this.byStrategy.get(strategyId) ?? 0) + 1);
    const last = this.queue[this.queue.length - 1];
    // Entries before the head are gone already.
    if (last?.at === at && last.strategyId === strategyId && this.head < this.queue.length) last.count += 1;
    else this.queue.push({ at, strategyId, count: 1 });
  }

  /** Forgets what is 60 s old or older. */
  advance(clock: number): void {
    if (this.initialGlobal !== 0 || this.initialByStrategy.size > 0) {
      if (clock - this.startedAt >= ORDER_WINDOW_MS) {
        this.initialGlobal = 0;
        this.initialByStrategy = new Map();
      }
    }
    for (let oldest = this.queue[this.head]; oldest !== undefined; oldest = this.queue[this.head]) {
      if (clock - oldest.at < ORDER_WINDOW_MS) break;
      this.head += 1;
      this.total -= oldest.count;
      const left = (this.byStrategy.get(oldest.strategyId) ?? 0) - oldest.count;
      if (left === 0) this.byStrategy.delete(oldest.strategyId);
      else this.byStrategy.set(oldest.strategyId, left);
    }
    if (this.head > SLACK && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  get globalCount(): number {
    return this.total + this.initialGlobal;
  }

  /** Strategies that have orders in it. */
  strategies(): ReadonlySet<string> {
    return new Set([...this.byStrategy.keys(), ...this.initialByStrategy.keys()]);
  }

  countOf(strategyId: string): number {
    return (this.byStrategy.get(strategyId) ?? 0) + (this.initialByStrategy.get(strategyId) ?? 0);
  }

  /** For display: every strategy that has orders in the window. */
  counts(): ExecutionState['orders_last_60s_by_strategy'] {
    const counts = new Map(this.initialByStrategy);
    for (const [strategyId, count] of this.byStrategy) counts.set(strategyId, (counts.get(strategyId) ?? 0) + count);
    return counts;
  }
}

/** The newest violations of a run; how many count depends on the active policy's window, so none is forgotten for its age. */
export class ViolationWindow {
  private queue: InitialViolation[] = [];
  /** First entry that may still be remembered. */
  private head = 0;
  /** First entry that counted when last asked, and for which window. */
  private from = 0;
  private fromWindowMs = -1;

  /** `initial`: sorted by time; may lie ahead of the clock. */
  constructor(private readonly initial: readonly InitialViolation[]) {}

  add(at: number, rule_id: string): void {
    this.queue.push({ at, rule_id });
    if (this.queue.length - this.head > VIOLATIONS_KEPT) this.head += 1;
    if (this.head > SLACK && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.from = Math.max(0, this.from - this.head);
      this.head = 0;
    }
  }

  /** Violations at most `windowMs` old, the bound included; at most VIOLATIONS_KEPT. */
  count(clock: number, windowMs: number): number {
    this.seek(clock, windowMs);
    const recent = this.queue.length - this.from;
    return Math.min(VIOLATIONS_KEPT, recent + this.initial.length - this.initialFrom(clock, windowMs));
  }

  /** The newest `most` of the violations that `count` counts at that clock, oldest first. */
  entries(clock: number, windowMs: number, most: number): readonly InitialViolation[] {
    let from = this.queue.length;
    const first = Math.max(this.head, this.queue.length - most);
    while (from > first && clock - (this.queue[from - 1]?.at ?? clock) <= windowMs) from -= 1;
    return [...this.initial.slice(this.initialFrom(clock, windowMs)), ...this.queue.slice(from)].slice(
      -Math.min(most, VIOLATIONS_KEPT),
    );
  }

  private seek(clock: number, windowMs: number): void {
    if (windowMs !== this.fromWindowMs) {
      this.from = this.head;
      this.fromWindowMs = windowMs;
    }
    if (this.from < this.head) this.from = this.head;
    for (let entry = this.queue[this.from]; entry !== undefined && clock - entry.at > windowMs; entry = this.queue[this.from]) {
      this.from += 1;
    }
  }

  private initialFrom(clock: number, windowMs: number): number {
    let from = 0;
    while (from < this.initial.length && clock - (this.initial[from]?.at ?? clock) > windowMs) from += 1;
    return from;
  }
}
