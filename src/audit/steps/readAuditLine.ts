/**
 * The steps that a line of an audit JSONL tells: those of the records before its decision, then the decision. It reads what it needs, and passes over
 * the rest: whether a line is whole and true is what `policygate verify` says.
 *
 * A line of the first program has no `recorded_at`: its `timestamp` is the wall clock. Source: contracts, "AuditEvent".
 */
import type { Decimal } from '../../contracts/decimal';
import { ZERO } from '../../contracts/decimal';
import type { ContractError } from '../../contracts/contractError';
import { listOf } from '../../contracts/documents/collections';
import {
  ABOVE_ZERO,
  amount,
  anyText,
  count,
  flag,
  NOT_NEGATIVE,
  number,
  oneOf,
  orNull,
  timestamp,
} from '../../contracts/documents/kinds';
import { readBySchema } from '../../contracts/documents/readDocument';
import { field, kindOf, openObject } from '../../contracts/documents/schema';
import { succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { parseRfc3339 } from '../../contracts/timestamp';
import { LONGEST_AUDIT_LINE } from '../jsonl/auditLineReader';
import type { AuditStep } from './auditStep';

export const readAuditLine = (bytes: Uint8Array): Result<readonly AuditStep[], ContractError> => {
  const read = readBySchema(() => auditLine, bytes, LONGEST_AUDIT_LINE);
  return read.ok ? succeeded([...precedingSteps(read.value), decisionStep(read.value)]) : read;
};

const whole = count(0, Number.MAX_SAFE_INTEGER);
/** ms, as what is measured is written. */
const duration = field(orNull(number(NOT_NEGATIVE))).optional();
const anyIntent = openObject({ intent_id: field(anyText) });

const precedingRecord = openObject({
  kind: field(anyText),
  seq: field(whole),
  clock: field(whole),
  control: openObject({
    actor: field(anyText),
    reason: field(anyText),
    payload: openObject({ type: field(anyText) }),
  }).optional(),
  duplicate: openObject({ conflict: field(flag) }).optional(),
  intent: anyIntent.optional(),
  kill_switch: openObject({ active: field(flag), cause: field(oneOf('RULE', 'COUNT', 'OPERATOR')) }).optional(),
});

const auditLine = openObject({
  timestamp: field(timestamp),
  run_id: field(anyText).optional(),
  intent: openObject({
    intent_id: field(anyText),
    timestamp: field(timestamp),
    strategy_id: field(anyText),
    instrument: openObject({ symbol: field(anyText) }),
    side: field(oneOf('buy', 'sell')),
    qty: field(amount(ABOVE_ZERO)),
  }),
  decision: openObject({
    decision: field(oneOf('ALLOW', 'DENY', 'MODIFY')),
    modified_intent: field(orNull(kindOf(openObject({ qty: field(amount(ABOVE_ZERO)) })))),
    violations: field(listOf(kindOf(openObject({ rule_id: field(anyText) })), 'violations')),
    eval_ms: duration,
  }),
  eval_ms: duration,
  seq: field(whole).optional(),
  clock: field(whole).optional(),
  recorded_at: field(timestamp).optional(),
  preceding_records: field(listOf(kindOf(precedingRecord), 'records')).optional(),
});
type AuditLine = ReturnType<(typeof auditLine)['parse']>;
type PrecedingRecord = ReturnType<(typeof precedingRecord)['parse']>;

/** What an operator says in an OrderResolved. */
const resolution = openObject({
  intent_id: field(anyText),
  outcome: field(oneOf('FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED')),
  cum_qty: field(amount(NOT_NEGATIVE)),
  price: field(orNull(amount(ABOVE_ZERO))),
});

const precedingSteps = ({ run_id: runId = '', preceding_records = [] }: AuditLine): readonly AuditStep[] =>
  preceding_records.flatMap((record): readonly AuditStep[] => {
    const about = { runId, at: null, clock: record.clock, seq: record.seq };
    const { kind, control, duplicate, intent, kill_switch } = record;
    if (kind === 'REJECTED_INPUT') return [{ ...about, kind }];
    if (kind === 'DUPLICATE' && duplicate !== undefined && intent !== undefined)
      return [{ ...about, kind, intentId: intent.intent_id, conflict: duplicate.conflict }];
    if (kind === 'KILL_SWITCH' && kill_switch !== undefined)
      return [{ ...about, kind, active: kill_switch.active, cause: kill_switch.cause }];
    return control?.payload.type === 'OrderResolved' ? resolutionSteps(about, control) : [];
  });

const resolutionSteps = (
  about: Pick<AuditStep, 'runId' | 'at' | 'clock' | 'seq'>,
  { actor, reason, payload }: NonNullable<PrecedingRecord['control']>,
): readonly AuditStep[] => {
  const read = resolution.safeParse(payload);
  if (!read.success) return [];
  const { intent_id: intentId, outcome, cum_qty: cumQty, price } = read.data;
  return [{ ...about, kind: 'RESOLUTION', intentId, outcome, cumQty, price, actor, reason }];
};

const decisionStep = (line: AuditLine): AuditStep => {
  const { intent, decision, recorded_at } = line;
  const written = parseRfc3339(line.timestamp) ?? null;
  const evalMs = line.eval_ms ?? decision.eval_ms ?? null;
  return {
    kind: 'DECISION',
    runId: line.run_id ?? '',
    at: recorded_at === undefined ? written : (parseRfc3339(recorded_at) ?? null),
    clock: line.clock ?? (recorded_at === undefined ? null : written),
    seq: line.seq ?? null,
    intentId: intent.intent_id,
    intentTimestamp: intent.timestamp,
    strategyId: intent.strategy_id,
    symbol: intent.instrument.symbol,
    side: intent.side,
    qty: intent.qty,
    verdict: decision.decision,
    rules: decision.violations.map(({ rule_id }) => rule_id),
    sendable: decision.decision === 'DENY' ? ZERO : (decision.modified_intent?.qty ?? intent.qty),
    evalMicros: evalMs === null ? null : microseconds(evalMs),
  };
};

/** Of ms in units of 10^-18; finer ones are rounded. */
const microseconds = (milliseconds: Decimal): number => Math.round(Number(milliseconds / 10n ** 12n) / 1_000);
