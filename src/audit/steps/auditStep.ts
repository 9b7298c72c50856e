/**
 * What happened to an intent, one step at a time, in the words that every source of it has: audit JSONL, execution JSONL, the topics, and the logs
 * of the first program. `correlate` puts the steps of an intent together, `stats` counts them.
 */
import type { Decimal } from '../../contracts/decimal';
import type { ExecutionEventType, KillSwitchChange, OrderResolved, Side, Verdict } from '../../contracts/messages';

interface Step {
  /** Empty: a single evaluation, outside of any run. */
  readonly runId: string;
  /** Wall clock when it was recorded, ms since 1970; null: the source does not say. */
  readonly at: number | null;
  /** The run's clock, ms; null: the source does not say. */
  readonly clock: number | null;
  /** Of its audit record; null: it has none, or the source does not say. */
  readonly seq: number | null;
}

export interface DecisionStep extends Step {
  readonly kind: 'DECISION';
  readonly intentId: string;
  /** As the strategy wrote it. */
  readonly intentTimestamp: string;
  readonly strategyId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Decimal;
  readonly verdict: Verdict;
  /** One for each violation, in their order. */
  readonly rules: readonly string[];
  /** What may be sent; zero when denied. */
  readonly sendable: Decimal;
  /** How long the evaluation took, whole microseconds; null: nobody measured. */
  readonly evalMicros: number | null;
}

export interface ExecutionStep extends Step {
  readonly kind: 'EXECUTION';
  readonly intentId: string;
  readonly event: ExecutionEventType;
  readonly orderId: string;
  readonly symbol: string | null;
  readonly side: Side | null;
  readonly qty: Decimal | null;
  readonly price: Decimal | null;
  /** Null in logs of the first program. */
  readonly cumQty: Decimal | null;
  readonly leavesQty: Decimal | null;
  readonly code: string | null;
  readonly reason: string | null;
}

/** An operator's word on how an order of unknown outcome ended. */
export interface ResolutionStep extends Step {
  readonly kind: 'RESOLUTION';
  readonly intentId: string;
  readonly outcome: OrderResolved['outcome'];
  readonly cumQty: Decimal;
  readonly price: Decimal | null;
  readonly actor: string;
  readonly reason: string;
}

/** The intent came again; `conflict`: under its id, another one. */
export interface DuplicateStep extends Step {
  readonly kind: 'DUPLICATE';
  readonly intentId: string;
  readonly conflict: boolean;
}

export interface KillSwitchStep extends Step {
  readonly kind: 'KILL_SWITCH';
  readonly active: boolean;
  readonly cause: KillSwitchChange['cause'];
}

export interface RejectedInputStep extends Step {
  readonly kind: 'REJECTED_INPUT';
}

/** Steps that are about one intent. */
export type IntentStep = DecisionStep | ExecutionStep | ResolutionStep | DuplicateStep;
export type AuditStep = IntentStep | KillSwitchStep | RejectedInputStep;
