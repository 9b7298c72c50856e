/** Who listens to a fold: the audit JSONL of `run`, its summary, metrics. Listeners see what happens; they change nothing. */
import type { Decimal } from '../contracts/decimal';
import type { AuditRecord } from '../contracts/messages';
import type { RunState } from '../domain/state';

/** Wall-clock figures of a record. They travel in headers, outside what is hashed; a refold gets them from there. */
export interface Measured {
  /** ISO 8601; when the record was made. */
  readonly recordedAt: string;
  /** How long the evaluation took, ms with 3 decimals; null where nothing was evaluated. */
  readonly evalMs: number | null;
}

export interface FoldObserver {
  /** Inputs were read; the first of them is folded next. */
  folding?(): void;
  /** All of them are folded; what came of them is committed next. */
  committing?(): void;
  /** An intent has been judged; `run` still is as it was before the decision. Read what is needed at once: it changes afterwards. */
  judged?(run: RunState, prices: ReadonlyMap<string, Decimal>): void;
  /** A price of the shard has changed. */
  priced?(symbol: string): void;
  /** A record was added to a run's chain. `traceparent`: whose work its input is part of, if it says so. */
  recorded?(record: AuditRecord, hash: Uint8Array, measured: Measured, traceparent: string | undefined): void;
  /** All that was seen since the last call is durable. */
  committed?(): void | Promise<void>;
}

/** The wall clock, as a port: a refold answers with what was recorded. */
export interface Stopwatch {
  /** ISO 8601 now. */
  now(): string;
  /** Does `work` and tells how long it took. */
  timed<T>(work: () => T): { readonly value: T; readonly measured: Measured };
}
