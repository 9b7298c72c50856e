/** JSON Schemas of the journal: rows, and whole audit records (their texts are those of src/contracts/documents/recordTexts.ts). */
import type { JsonSchema } from '../route';
import {
  amount,
  component,
  digest,
  exactly,
  flag,
  listOf,
  object,
  oneOf,
  ORDER_TYPE,
  orNull,
  SIDE,
  text,
  VERDICT,
  whole,
} from './schemaParts';

const EXECUTION_EVENT = oneOf(
  'ORDER_SUBMITTED',
  'ORDER_FILLED',
  'ORDER_REJECTED',
  'ORDER_CANCELLED',
  'ORDER_EXPIRED',
  'ORDER_SUBMITTING',
  'ORDER_UNKNOWN',
  'ORDER_CANCELLING',
);
const CAUSE = oneOf('RULE', 'COUNT', 'OPERATOR');

/** `run_id` is there where a row stands by itself, as in /events. */
const row = (kind: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema =>
  object({ run_id: text, seq: whole, kind: exactly(kind), clock_ms: whole, ...properties }, 'run_id');

const ROWS = {
  DecisionRow: row('DECISION', {
    intent_id: text,
    strategy_id: text,
    symbol: text,
    side: SIDE,
    order_type: ORDER_TYPE,
    qty: amount,
    limit_price: orNull(amount),
    decision: VERDICT,
    order_qty: orNull(amount),
    price: orNull(amount),
    rules: listOf(text),
    tripped: flag,
  }),
  ExecutionRow: row('EXECUTION', {
    intent_id: text,
    symbol: text,
    side: SIDE,
    event: EXECUTION_EVENT,
    order_id: text,
    qty: orNull(amount),
    price: orNull(amount),
    cum_qty: amount,
    leaves_qty: amount,
    code: orNull(text),
    reason: orNull(text),
    note: orNull(text),
  }),
  ControlRow: row('CONTROL', { type: text, actor: text, reason: text, policy_hash: orNull(digest), note: orNull(text) }),
  KillSwitchRow: row('KILL_SWITCH', {
    active: flag,
    cause: CAUSE,
    rules: listOf(text),
    violations_in_window: whole,
    actor: text,
    reason: text,
  }),
  DuplicateRow: row('DUPLICATE', { intent_id: text, decided_seq: whole, conflict: flag }),
  RejectedInputRow: row('REJECTED_INPUT', { intent_id: orNull(text), topic: text, note: orNull(text) }),
} satisfies Readonly<Record<string, JsonSchema>>;

const publishedDecision = object({
  clock: whole,
  control_position: { type: 'integer', minimum: -1 },
  decision: VERDICT,
  evidence: listOf(component('Evidence')),
  intent_id: text,
  kill_switch_triggered: flag,
  kill_switch_tripped: flag,
  modified_intent: orNull(component('OrderIntent')),
  order: orNull(component('OrderIntent')),
  policy_hash: orNull(digest),
  reference_price: orNull(amount),
  run_id: text,
  seq: whole,
  violations: listOf(component('Violation')),
});
const execution = object({
  client_order_id: text,
  code: orNull(text),
  cum_qty: amount,
  decision_offset: { type: 'integer' },
  event: EXECUTION_EVENT,
  intent_id: text,
  leaves_qty: amount,
  order_id: text,
  order_type: ORDER_TYPE,
  policy_hash: digest,
  price: orNull(amount),
  qty: orNull(amount),
  reason: orNull(text),
  run_id: text,
  side: SIDE,
  symbol: text,
});
const killSwitch = object({
  active: flag,
  actor: text,
  cause: CAUSE,
  reason: text,
  rule_ids: listOf(text),
  violations_in_window: whole,
});
/** What a control event carries depends on its type. */
const control = object({
  actor: text,
  reason: text,
  payload: { type: 'object', required: ['type'], properties: { type: text } },
});
const optional = ['control', 'decision', 'duplicate', 'execution', 'facts', 'intent', 'kill_switch', 'note', 'policy_hash'];

export const JOURNAL_SCHEMAS = {
  ...ROWS,
  Row: { oneOf: Object.keys(ROWS).map(component) },
  Journal: object({ run_id: text, rows: listOf(component('Row')), next_seq: whole }),
  AuditRecord: object(
    {
      clock: whole,
      engine_version: text,
      hash: digest,
      input: object({ offset: whole, partition: whole, timestamp: { type: 'integer' }, topic: text }),
      kind: oneOf('DECISION', 'EXECUTION', 'CONTROL', 'KILL_SWITCH', 'DUPLICATE', 'REJECTED_INPUT'),
      positions: object({ control_events: whole, execution_events: whole, market_prices: whole, order_intents: whole }),
      prev_hash: digest,
      run_id: text,
      seq: whole,
      control,
      decision: publishedDecision,
      duplicate: object({ conflict: flag, decided_seq: whole }),
      execution,
      facts: component('Facts'),
      intent: component('OrderIntent'),
      kill_switch: killSwitch,
      note: text,
      policy_hash: digest,
    },
    ...optional,
  ),
} satisfies Readonly<Record<string, JsonSchema>>;
