import type { Judged } from './judge';
import type { SoakBus } from './options';

export interface SoakOutcome {
  readonly bus: SoakBus;
  readonly seed: number;
  readonly minutes: number;
  /** Intents a second that were asked for. */
  readonly rate: number;
  readonly findings: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  readonly load: Readonly<Record<string, number>>;
  readonly log: Readonly<Record<string, number>>;
  /** From the end of the load, which the last fault precedes, until everything was decided and executed. */
  readonly drainedMs: number | null;
  /** Services that ended by themselves because no broker or registry answered when they started: started again, as by design. */
  readonly restarts: number;
  readonly processes: readonly Judged[];
  /** Of the last minute, before the soak began. */
  readonly loadBefore: number;
  readonly durationMs: number;
}
