/**
 * The documents that we write, as a reader of them may rely on: the fields below, and more in later versions (docs/contracts.md).
 * Source: contracts, the tables Decision to RunSummary.
 */
import type { z } from 'zod';
import type { Decimal } from '../decimal';
import { listOf, mapOf } from './collections';
import { executionStateShape, instrumentShape, intentShape, marketShape, portfolioShape } from './inputs';
import {
  amount,
  ANY_DECIMAL,
  anyText,
  count,
  digest,
  flag,
  name,
  NOT_NEGATIVE,
  number,
  oneOf,
  orNull,
  refuse,
  timestamp,
} from './kinds';
import type { Kind } from './kinds';
import { field, kindOf, openObject } from './schema';
import { JsonNumber, type JsonValue } from '../json/value';

/** A named figure of a violation: a flag, a name or a number. */
const figure: Kind<boolean | string | Decimal> = {
  read: (value) => {
    if (typeof value === 'boolean' || typeof value === 'string') return value;
    return value instanceof JsonNumber ? number(ANY_DECIMAL).read(value) : refuse('a number, a text, true or false', value);
  },
  schema: { type: ['number', 'string', 'boolean'] },
};
/** An object whose contents this document does not define. */
const anything: Kind<JsonValue> = {
  read: (value) => value ?? null,
  schema: {},
};
const milliseconds = orNull(number(NOT_NEGATIVE));

const intent = openObject({ ...intentShape, instrument: openObject(instrumentShape) });

export const violation = openObject({
  rule_id: field(name),
  severity: field(oneOf('LOW', 'MED', 'HIGH', 'CRIT')),
  message: field(anyText),
  inputs: field(mapOf(figure, 'figures')),
  computed: field(mapOf(figure, 'figures')),
});
export const evidence = openObject({
  metric: field(name),
  value: field(amount(ANY_DECIMAL)),
  limit: field(amount(ANY_DECIMAL)),
});
export const decision = openObject({
  decision: field(oneOf('ALLOW', 'DENY', 'MODIFY')),
  intent_id: field(name),
  modified_intent: field(orNull(kindOf(intent))),
  violations: field(listOf(kindOf(violation), 'violations')),
  evidence: field(listOf(kindOf(evidence), 'evidence')),
  eval_ms: field(milliseconds).optional(),
  kill_switch_triggered: field(flag),
});

export const auditEvent = openObject({
  event_id: field(name),
  timestamp: field(timestamp),
  engine_version: field(anyText),
  policy_hash: field(digest),
  run_id: field(name).optional(),
  intent,
  // The equity of a marked run may be lost.
  portfolio_state: openObject({ ...portfolioShape, equity: field(amount(ANY_DECIMAL)) }),
  market_snapshot: openObject(marketShape),
  execution_state: openObject(executionStateShape),
  decision,
  eval_ms: field(number(NOT_NEGATIVE)).optional(),
  seq: field(count(0, Number.MAX_SAFE_INTEGER)).optional(),
  kind: field(name).optional(),
  facts: field(orNull(mapOf(anything, 'facts'))).optional(),
  prev_hash: field(digest).optional(),
  hash: field(digest).optional(),
  line_sha256: field(digest).optional(),
  recorded_at: field(timestamp).optional(),
  preceding_records: field(listOf(anything, 'records')).optional(),
});

export const executionEvent = openObject({
  ts: field(timestamp),
  event: field(oneOf('ORDER_SUBMITTED', 'ORDER_FILLED', 'ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED', 'ORDER_UNKNOWN')),
  intent_id: field(name),
  order_id: field(anyText),
  run_id: field(name),
  policy_hash: field(digest),
  symbol: field(name).optional(),
  side: field(oneOf('buy', 'sell')).optional(),
  qty: field(amount(NOT_NEGATIVE)).optional(),
  order_type: field(oneOf('market', 'limit')).optional(),
  price: field(amount(ANY_DECIMAL)).optional(),
  cum_qty: field(amount(NOT_NEGATIVE)).optional(),
  leaves_qty: field(amount(NOT_NEGATIVE)).optional(),
  code: field(anyText).optional(),
  reason: field(anyText).optional(),
});

const whole = count(0, Number.MAX_SAFE_INTEGER);
export const runSummary = openObject({
  total_intents: field(whole),
  decisions: openObject({ ALLOW: field(whole), MODIFY: field(whole), DENY: field(whole) }),
  rule_histogram: field(mapOf(whole, 'counts by rule')),
  orders_submitted: field(whole),
  orders_filled: field(whole),
  final_equity: field(amount(ANY_DECIMAL)),
  final_positions: field(mapOf(amount(ANY_DECIMAL), 'quantities by symbol')),
  kill_switch_active: field(flag),
  run_id: field(name),
  duplicates: field(whole).optional(),
  conflicts: field(whole).optional(),
  chain_hash: field(digest).optional(),
});

export type ViolationDocument = z.output<typeof violation>;
export type EvidenceDocument = z.output<typeof evidence>;
export type DecisionDocument = z.output<typeof decision>;
export type AuditEventDocument = z.output<typeof auditEvent>;
export type ExecutionEventDocument = z.output<typeof executionEvent>;
export type RunSummaryDocument = z.output<typeof runSummary>;
