/** Arbitrary messages, of every shape that the types allow and the codec accepts. For property tests. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Decimal, Notional } from '../decimal';
import { ONE, ZERO } from '../decimal';
import { RULE_IDS } from '../messages';
import type {
  AuditCheckpoint,
  AuditRecord,
  ControlEvent,
  ControlPayload,
  ExecutionEvent,
  ExecutionState,
  Facts,
  Figure,
  InputPositions,
  IntentKey,
  OrderIntent,
  PortfolioState,
  PriceUpdated,
  PublishedDecision,
  StateEntity,
  StateKey,
  Violation,
} from '../messages';
import { ENTITY_KINDS } from './entityFormat';
import {
  ASSET_CLASSES,
  AUDIT_KINDS,
  EQUITY_MODES,
  EXECUTION_EVENT_TYPES,
  KILL_SWITCH_CAUSES,
  ORDER_STATUSES,
  ORDER_TYPES,
  RESOLVED_OUTCOMES,
  RUN_STATUSES,
  SEVERITIES,
  SIDES,
  VERDICTS,
} from './symbols';

const DECIMAL_LIMIT = 10n ** 38n - 1n;
const NOTIONAL_LIMIT = 10n ** 76n - 1n;
const one = <T>(values: readonly T[]): Arbitrary<T> => fc.constantFrom(...values);
const nullable = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | null> => fc.option(arbitrary, { nil: null, freq: 2 });

/** Bounds, zero, words of 64 bits and what people trade. */
export const anyDecimal: Arbitrary<Decimal> = fc
  .oneof(
    fc.bigInt({ min: -DECIMAL_LIMIT, max: DECIMAL_LIMIT }),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc.bigInt({ min: -1000n, max: 1000n }).map((whole) => whole * 10n ** 18n),
    fc.constantFrom(0n, 1n, -1n, DECIMAL_LIMIT, -DECIMAL_LIMIT, 2n ** 63n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n)),
  )
  .map((value) => value as Decimal);
const positiveDecimal: Arbitrary<Decimal> = anyDecimal.map(
  (value) => (value === 0n ? 1n : value < 0n ? -value : value) as Decimal,
);
const unsignedDecimal: Arbitrary<Decimal> = anyDecimal.map((value) => (value < 0n ? -value : value) as Decimal);
export const anyNotional: Arbitrary<Notional> = fc
  .oneof(
    fc.bigInt({ min: -NOTIONAL_LIMIT, max: NOTIONAL_LIMIT }),
    fc.bigInt({ min: -(2n ** 193n), max: 2n ** 193n }),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc.constantFrom(0n, NOTIONAL_LIMIT, -NOTIONAL_LIMIT, 2n ** 128n, -(2n ** 128n)),
  )
  .map((value) => value as Notional);

/** What avsc, which the tests compare with, can hold: it writes odd numbers below -2^52 wrong, and refuses 2^53 - 1. */
const long = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 }), fc.integer({ min: -100, max: 100 }));
const count = fc.oneof(fc.nat(2 ** 53 - 2), fc.nat(100));
/** Well-formed text of any script, now and then longer than the short form. */
export const anyText: Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 60, maxLength: 200 }),
);
/** An id or symbol as contracts, "Strict input", allows, names that bite in JavaScript included. */
export const anyName: Arbitrary<string> = fc.oneof(
  fc.constantFrom('AAPL', 'BRK B', '__proto__', 'constructor', 'toString', 'ÄÖ', '😀', '\uffee'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
);
const sha256 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const map = <T>(values: Arbitrary<T>): Arbitrary<ReadonlyMap<string, T>> =>
  fc.uniqueArray(fc.tuple(anyName, values), { selector: ([name]) => name, maxLength: 6 }).map((entries) => new Map(entries));
const list = <T>(values: Arbitrary<T>): Arbitrary<readonly T[]> => fc.array(values, { maxLength: 4 });
const timestamp = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

export const anyIntent: Arbitrary<OrderIntent> = fc.record({
  intent_id: anyName,
  timestamp,
  strategy_id: anyName,
  account_id: anyName,
  instrument: fc.record({ symbol: anyName, asset_class: one(ASSET_CLASSES) }),
  side: one(SIDES),
  order_type: one(ORDER_TYPES),
  qty: positiveDecimal,
  limit_price: nullable(unsignedDecimal),
});

export const anyPrice: Arbitrary<PriceUpdated> = fc.record({ symbol: anyName, price: nullable(anyDecimal) });

export const anyExecution: Arbitrary<ExecutionEvent> = fc.record({
  event: one(EXECUTION_EVENT_TYPES),
  run_id: anyName,
  intent_id: anyName,
  order_id: anyText,
  symbol: anyName,
  side: one(SIDES),
  order_type: one(ORDER_TYPES),
  qty: nullable(unsignedDecimal),
  price: nullable(anyDecimal),
  cum_qty: unsignedDecimal,
  leaves_qty: unsignedDecimal,
  reason: nullable(anyText),
  policy_hash: sha256,
  decision_offset: count,
  client_order_id: anyText,
  code: nullable(anyText),
});

const anyPortfolio: Arbitrary<PortfolioState> = fc.record({
  equity: positiveDecimal,
  start_of_day_equity: positiveDecimal,
  peak_equity: positiveDecimal,
  positions: map(anyDecimal),
  realized_pnl_today: anyDecimal,
  unrealized_pnl: anyDecimal,
});

const anyExecutionState: Arbitrary<ExecutionState> = fc.record({
  orders_last_60s_global: count,
  orders_last_60s_by_strategy: map(count),
  violations_last_window: list(fc.tuple(timestamp, one<string>(RULE_IDS))),
  kill_switch_active: fc.boolean(),
});

const anyPayload: Arbitrary<ControlPayload> = fc.oneof(
  fc.record({
    type: fc.constant('RunStarted' as const),
    account_id: anyName,
    policy_text: anyText,
    portfolio: anyPortfolio,
    execution: anyExecutionState,
    equity_mode: one(EQUITY_MODES),
  }),
  fc.record({
    type: fc.constant('PortfolioUpdated' as const),
    equity: positiveDecimal,
    start_of_day_equity: positiveDecimal,
    peak_equity: positiveDecimal,
    positions: nullable(map(anyDecimal)),
  }),
  fc.record({ type: fc.constant('PolicyActivated' as const), policy_text: anyText }),
  fc.record({
    type: fc.constant('PositionDrift' as const),
    broker: anyName,
    differences: map(fc.tuple(anyDecimal, anyDecimal)).map((differences) =>
      [...differences].map(([symbol, [run_qty, broker_qty]]) => ({ symbol, run_qty, broker_qty })),
    ),
  }),
  fc
    .record({
      type: fc.constant('OrderResolved' as const),
      intent_id: anyName,
      outcome: one(RESOLVED_OUTCOMES),
      cum_qty: unsignedDecimal,
      price: positiveDecimal,
    })
    .map((resolved) => {
      const { outcome } = resolved;
      const filled = outcome === 'REJECTED' ? ZERO : outcome === 'FILLED' && resolved.cum_qty === ZERO ? ONE : resolved.cum_qty;
      return { ...resolved, cum_qty: filled, price: filled === ZERO ? null : resolved.price };
    }),
  fc.constantFrom<ControlPayload>(
    { type: 'RunEnded' },
    { type: 'KillSwitchTripped' },
    { type: 'KillSwitchReset' },
    { type: 'SessionRolled' },
  ),
);

export const anyControl: Arbitrary<ControlEvent> = fc
  .record({ actor: anyText, reason: anyText, payload: anyPayload })
  .map((control) =>
    control.payload.type === 'OrderResolved'
      ? { actor: `a${control.actor}`, reason: `r${control.reason}`, payload: control.payload }
      : control,
  );

const anyFigure: Arbitrary<Figure> = fc.record({
  name: anyName,
  value: fc.oneof<Arbitrary<Figure['value']>[]>(fc.boolean(), anyText, anyDecimal),
});

const anyViolation: Arbitrary<Violation> = fc.record({
  rule_id: one(RULE_IDS),
  severity: one(SEVERITIES),
  message: anyText,
  inputs: list(anyFigure),
  computed: list(anyFigure),
});

export const anyDecision: Arbitrary<PublishedDecision> = fc.record({
  decision: one(VERDICTS),
  intent_id: anyName,
  order: nullable(anyIntent),
  violations: list(anyViolation),
  evidence: list(fc.record({ metric: anyName, value: anyDecimal, limit: anyDecimal })),
  kill_switch_triggered: fc.boolean(),
  run_id: anyName,
  seq: long,
  clock: long,
  reference_price: nullable(anyDecimal),
  policy_hash: nullable(sha256),
  kill_switch_tripped: fc.boolean(),
  control_position: long,
});

const anyFacts: Arbitrary<Facts> = fc.record({
  clock: long,
  price: nullable(anyDecimal),
  unpriced_symbol: nullable(anyName),
  position_qty: anyDecimal,
  working_buy_qty: anyDecimal,
  working_sell_qty: anyDecimal,
  other_gross: anyNotional,
  other_net: anyNotional,
  equity: anyDecimal,
  start_of_day_equity: anyDecimal,
  peak_equity: anyDecimal,
  orders_last_60s_global: long,
  orders_last_60s_strategy: long,
  violations_in_window: long,
  kill_switch_active: fc.boolean(),
});

const anyPositions: Arbitrary<InputPositions> = fc.record({
  order_intents: long,
  market_prices: long,
  control_events: long,
  execution_events: long,
});

export const anyAudit: Arbitrary<AuditRecord> = fc.record({
  run_id: anyName,
  seq: long,
  kind: one(AUDIT_KINDS),
  input: fc.record({ topic: anyText, partition: fc.integer(), offset: long, timestamp: long }),
  clock: long,
  positions: anyPositions,
  policy_hash: nullable(sha256),
  engine_version: anyText,
  intent: nullable(anyIntent),
  facts: nullable(anyFacts),
  decision: nullable(anyDecision),
  execution: nullable(anyExecution),
  control: nullable(anyControl),
  kill_switch: nullable(
    fc.record({
      active: fc.boolean(),
      cause: one(KILL_SWITCH_CAUSES),
      rule_ids: list<string>(one(RULE_IDS)),
      violations_in_window: long,
      actor: anyText,
      reason: anyText,
    }),
  ),
  duplicate: nullable(fc.record({ decided_seq: long, conflict: fc.boolean() })),
  note: nullable(anyText),
  prev_hash: sha256,
});

export const anyHash: Arbitrary<Uint8Array> = sha256;

export const anyEntity: Arbitrary<StateEntity> = fc.oneof<Arbitrary<StateEntity>[]>(
  fc.record({
    kind: fc.constant('run' as const),
    status: one(RUN_STATUSES),
    account_id: anyText,
    equity: anyDecimal,
    start_of_day_equity: anyDecimal,
    peak_equity: anyDecimal,
    realized_pnl_today: anyDecimal,
    unrealized_pnl: anyDecimal,
    kill_switch_active: fc.boolean(),
    clock: long,
    next_seq: long,
    chain_hash: sha256,
    policy_hash: nullable(sha256),
    started_at: long,
    initial_orders_global: long,
    initial_orders_by_strategy: map(long),
    initial_violations: list(fc.record({ at: long, rule_id: anyText })),
    violations_from_seq: long,
    equity_mode: one(EQUITY_MODES),
    cash: nullable(anyNotional),
  }),
  fc.record({ kind: fc.constant('position' as const), qty: anyDecimal }),
  fc.record({
    kind: fc.constant('intent' as const),
    seq: long,
    digest: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    decision: one(VERDICTS),
    strategy_id: anyName,
    symbol: anyName,
    side: one(SIDES),
    qty: anyDecimal,
    cum_qty: anyDecimal,
    status: one(ORDER_STATUSES),
    decided_at: long,
    rule_ids: list<string>(one(RULE_IDS)),
  }),
  fc.record({ kind: fc.constant('price' as const), price: anyDecimal }),
  fc.record({ kind: fc.constant('policy' as const), text: anyText }),
  fc.record({ kind: fc.constant('positions' as const), positions: anyPositions }),
  fc.record({ kind: fc.constant('fence' as const), owner: anyText }),
  fc.record({ kind: fc.constant('shard' as const), kill_switch_active: fc.boolean() }),
);

export const anyCheckpoint: Arbitrary<AuditCheckpoint> = fc.record({
  origin: anyText,
  tree_size: long,
  root_hash: sha256,
  audit_offset: long,
  made_at: long,
  frontier: list(sha256),
  note: anyText,
});

export const anyIntentKey: Arbitrary<IntentKey> = fc.record({ run_id: anyText, intent_id: anyText });
export const anyStateKey: Arbitrary<StateKey> = fc.record({ run_id: anyText, kind: one(ENTITY_KINDS), id: anyText });
