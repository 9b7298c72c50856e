/** A timeline for machines: one object, decimals as in the contracts, times as RFC 3339, latencies in ms. */
import { decimalToJson } from '../../contracts/decimal';
import type { Decimal } from '../../contracts/decimal';
import type { JsonOut } from '../../contracts/json/write';
import { formatRfc3339 } from '../../contracts/timestamp';
import type { ExecutionStep, IntentStep } from '../steps/auditStep';
import type { Timeline } from './timeline';

export const timelineJson = (timeline: Timeline): JsonOut => {
  const { decision, latencies, findings } = timeline;
  return {
    run_id: timeline.runId === '' ? null : timeline.runId,
    intent_id: timeline.intentId,
    ...(timeline.late ? { late: true } : {}),
    status: timeline.status,
    decision: decision?.verdict ?? null,
    strategy_id: decision?.strategyId ?? null,
    symbol: symbolOf(timeline),
    filled_qty: decimalToJson(timeline.filled),
    steps: [
      ...(decision === undefined ? [] : [{ step: 'INTENT', at: decision.intentTimestamp, qty: decimalToJson(decision.qty) }]),
      ...timeline.steps.map(stepJson),
    ],
    latency_ms: {
      intent_to_decision: latencies.intentToDecision,
      decision_to_submitted: latencies.decisionToSubmitted,
      submitted_to_first_fill: latencies.submittedToFirstFill,
      submitted_to_last_fill: latencies.submittedToLastFill,
      decision_to_end: latencies.decisionToEnd,
      total: latencies.total,
    },
    findings: findings.map(({ code, message }) => ({ code, message })),
  };
};

/** Null: no step names one. */
export const symbolOf = ({ decision, steps }: Timeline): string | null =>
  decision?.symbol ??
  steps.flatMap((step) => (step.kind === 'EXECUTION' && step.symbol !== null ? [step.symbol] : []))[0] ??
  null;

const stepJson = (step: IntentStep): JsonOut => {
  const at = step.at === null ? null : formatRfc3339(step.at);
  const { clock, seq } = step;
  switch (step.kind) {
    case 'DECISION':
      return {
        ...{ step: step.kind, at, clock, seq, decision: step.verdict, rules: step.rules, side: step.side },
        qty: decimalToJson(step.sendable),
        eval_ms: step.evalMicros === null ? null : step.evalMicros / 1_000,
      };
    case 'EXECUTION':
      return {
        ...{ step: step.event, at, order_id: step.orderId, side: step.side ?? undefined },
        ...{ qty: given(step.qty), price: given(step.price) },
        // What is sent is wholly open: the execution log does not say it either.
        ...(isSubmission(step) ? {} : { cum_qty: given(step.cumQty), leaves_qty: given(step.leavesQty) }),
        ...{ code: step.code ?? undefined, reason: step.reason ?? undefined },
      };
    case 'RESOLUTION':
      return {
        ...{ step: 'RESOLVED', at, clock, seq, outcome: step.outcome, cum_qty: decimalToJson(step.cumQty) },
        ...{ price: given(step.price), actor: step.actor, reason: step.reason },
      };
    case 'DUPLICATE':
      return { step: step.kind, at, clock, seq, conflict: step.conflict };
  }
};

const isSubmission = ({ event }: ExecutionStep): boolean => event === 'ORDER_SUBMITTED' || event === 'ORDER_SUBMITTING';

const given = (value: Decimal | null): JsonOut | undefined => (value === null ? undefined : decimalToJson(value));
