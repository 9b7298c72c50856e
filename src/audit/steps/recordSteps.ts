/** The steps that records of `audit-records` and `execution-events` tell. Wall-clock figures stand in their headers. */
import { ZERO } from '../../contracts/decimal';
import type { AuditRecord, ExecutionEvent } from '../../contracts/messages';
import { parseRfc3339 } from '../../contracts/timestamp';
import type { Headers } from '../../processor/bus';
import type { AuditStep, ExecutionStep } from './auditStep';

/** Undefined: the record is about something that no step stands for. An execution is told by `execution-events`, once. */
export const stepOfAudit = (record: AuditRecord, headers: Headers): AuditStep | undefined => {
  const { control, decision, duplicate, intent, kill_switch, kind } = record;
  const about = { runId: record.run_id, at: recordedAt(headers), clock: record.clock, seq: record.seq };
  if (kind === 'DECISION' && decision !== null && intent !== null)
    return {
      ...about,
      kind,
      intentId: intent.intent_id,
      intentTimestamp: intent.timestamp,
      strategyId: intent.strategy_id,
      symbol: intent.instrument.symbol,
      side: intent.side,
      qty: intent.qty,
      verdict: decision.decision,
      rules: decision.violations.map(({ rule_id }) => rule_id),
      sendable: decision.order?.qty ?? ZERO,
      evalMicros: evalMicros(headers),
    };
  if (kind === 'DUPLICATE' && duplicate !== null && intent !== null)
    return { ...about, kind, intentId: intent.intent_id, conflict: duplicate.conflict };
  if (kind === 'KILL_SWITCH' && kill_switch !== null)
    return { ...about, kind, active: kill_switch.active, cause: kill_switch.cause };
  if (kind === 'REJECTED_INPUT') return { ...about, kind };
  if (control?.payload.type !== 'OrderResolved') return undefined;
  const { intent_id: intentId, outcome, cum_qty: cumQty, price } = control.payload;
  return { ...about, kind: 'RESOLUTION', intentId, outcome, cumQty, price, actor: control.actor, reason: control.reason };
};

/** `timestamp` of the record, ms: for reports of somebody who did not write down when he made them. */
export const stepOfExecution = (event: ExecutionEvent, headers: Headers, timestamp: number): ExecutionStep => ({
  kind: 'EXECUTION',
  runId: event.run_id,
  at: recordedAt(headers) ?? timestamp,
  clock: null,
  seq: null,
  intentId: event.intent_id,
  event: event.event,
  orderId: event.order_id,
  symbol: event.symbol,
  side: event.side,
  qty: event.qty,
  price: event.price,
  cumQty: event.cum_qty,
  leavesQty: event.leaves_qty,
  code: event.code,
  reason: event.reason,
});

const recordedAt = ({ recorded_at }: Headers): number | null =>
  recorded_at === undefined ? null : (parseRfc3339(recorded_at) ?? null);

const evalMicros = ({ eval_ms }: Headers): number | null => {
  const milliseconds = eval_ms === undefined ? Number.NaN : Number(eval_ms);
  return Number.isFinite(milliseconds) && milliseconds >= 0 ? Math.round(milliseconds * 1_000) : null;
};
