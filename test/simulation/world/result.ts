/** What came of a world. */
import type { FaultKind } from '../kernel/faultKinds';

export interface Violation {
  /** Number of the promise (docs/reliability.md). */
  readonly promise: number;
  /** Name of the check. */
  readonly check: string;
  readonly what: string;
}

export interface WorldResult {
  /** The first that was found, and of each check the first few. Empty: every promise was kept. */
  readonly violations: readonly Violation[];
  /** Scheduler events. */
  readonly events: number;
  readonly virtualMs: number;
  /** Records on the log by topic, audit records by kind, orders at brokers, and other figures of how much there was. */
  readonly counts: Readonly<Record<string, number>>;
  /** Faults that really happened. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** SHA-256, hex, over each topic of each partition (offset, timestamp, key, value, headers): equal for two runs of one plan. */
  readonly hash: string;
  /** Lines, if they were asked for. */
  readonly trace: readonly string[];
}
