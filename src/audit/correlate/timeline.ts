/** What became of one intent: its steps in the order of the log, and what follows from them. */
import { ZERO } from '../../contracts/decimal';
import type { Decimal } from '../../contracts/decimal';
import { parseRfc3339 } from '../../contracts/timestamp';
import type { DecisionStep, ExecutionStep, IntentStep } from '../steps/auditStep';
import type { Finding } from './findings';
import { findingsOf } from './findings';
import type { TimelineStatus } from './orderStatus';
import { filledAfter, statusOf } from './orderStatus';

/** Between two steps, ms of the wall clock; null: one of the two is missing, or its time is. */
export interface Latencies {
  readonly intentToDecision: number | null;
  readonly decisionToSubmitted: number | null;
  readonly submittedToFirstFill: number | null;
  readonly submittedToLastFill: number | null;
  /** From the decision to the order's last step. */
  readonly decisionToEnd: number | null;
  /** From the intent to the order's last step. */
  readonly total: number | null;
}

export interface Timeline {
  readonly runId: string;
  readonly intentId: string;
  /** Steps of an intent whose timeline was closed and handed out long before: those alone. */
  readonly late: boolean;
  readonly decision: DecisionStep | undefined;
  readonly steps: readonly IntentStep[];
  /** Null: none of its steps says. */
  readonly status: TimelineStatus | null;
  /** In all, by its fills. */
  readonly filled: Decimal;
  readonly latencies: Latencies;
  readonly findings: readonly Finding[];
}

export const timelineOf = (runId: string, intentId: string, steps: readonly IntentStep[], late: boolean): Timeline => {
  const decision = steps.find((step) => step.kind === 'DECISION');
  const executions = steps.filter((step) => step.kind === 'EXECUTION');
  const status = statusOf(decision, executions);
  return {
    runId,
    intentId,
    late,
    decision,
    steps,
    status,
    filled: filledBy(executions),
    latencies: latenciesOf(decision, executions),
    findings: findingsOf({ steps, decision, executions, status, late }),
  };
};

const filledBy = (executions: readonly ExecutionStep[]): Decimal => executions.reduce(filledAfter, ZERO);

/**
 * An intent that is a day older than its decision, or a minute younger, was not written by the clock that decided it: a file was run, or a log
 * published again. Between two such clocks there is no latency.
 */
const OLDEST_INTENT_MS = 86_400_000;
const CLOCKS_APART_MS = 60_000;

const latenciesOf = (decision: DecisionStep | undefined, executions: readonly ExecutionStep[]): Latencies => {
  const decided = decision?.at ?? null;
  const written = decision === undefined ? null : (parseRfc3339(decision.intentTimestamp) ?? null);
  const waited = between(written, decided);
  const oneClock = waited !== null && waited <= OLDEST_INTENT_MS && waited >= -CLOCKS_APART_MS;
  const submitted = executions.find(({ event }) => event === 'ORDER_SUBMITTED')?.at ?? null;
  const fills = executions.filter(({ event }) => event === 'ORDER_FILLED');
  const end = executions.at(-1)?.at ?? null;
  return {
    intentToDecision: oneClock ? waited : null,
    decisionToSubmitted: between(decided, submitted),
    submittedToFirstFill: between(submitted, fills[0]?.at ?? null),
    submittedToLastFill: between(submitted, fills.at(-1)?.at ?? null),
    decisionToEnd: between(decided, end),
    total: oneClock ? between(written, end) : null,
  };
};

const between = (from: number | null, to: number | null): number | null => (from === null || to === null ? null : to - from);
