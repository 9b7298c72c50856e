/** One record of each kind with fixed, lifelike contents: for golden bytes and for benchmarks. */
import { decimal, times } from '../decimal';
import type {
  AuditCheckpoint,
  AuditRecord,
  ControlEvent,
  ExecutionEvent,
  Facts,
  OrderIntent,
  OrderResolved,
  PositionDrift,
  PublishedDecision,
  StateEntity,
} from '../messages';

const RUN_ID = 'run-2026-02-24-paper';
const CLOCK = 1_771_925_401_250;
const digest = (first: number, size = 32): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (first + i * 7) & 255);

export const exampleIntent: OrderIntent = {
  intent_id: 'nd-000001',
  timestamp: '2026-02-24T09:30:01.250Z',
  strategy_id: 'momentum_v1',
  account_id: 'acct_1',
  instrument: { symbol: 'AAPL', asset_class: 'equity' },
  side: 'buy',
  order_type: 'limit',
  qty: decimal('33.333333333333336'),
  limit_price: decimal('210.5'),
};

const evidence = (metric: string, value: string, limit: string): PublishedDecision['evidence'][number] => ({
  metric,
  value: decimal(value),
  limit: decimal(limit),
});

/** Allowed: five pieces of evidence, no violation. */
export const exampleDecision: PublishedDecision = {
  decision: 'ALLOW',
  intent_id: exampleIntent.intent_id,
  order: exampleIntent,
  violations: [],
  evidence: [
    evidence('daily_return', '-0.005', '-0.02'),
    evidence('drawdown', '0.005', '0.05'),
    evidence('new_position_pct', '0.066667', '0.1'),
    evidence('gross_exposure_x', '0.866667', '2'),
    evidence('net_exposure_x', '0.466667', '1'),
  ],
  kill_switch_triggered: false,
  run_id: RUN_ID,
  seq: 1042,
  clock: CLOCK,
  reference_price: decimal('200'),
  policy_hash: digest(1),
  kill_switch_tripped: false,
  control_position: 2,
};

/** Denied for two reasons, which show each kind of figure. */
export const exampleDenial: PublishedDecision = {
  ...exampleDecision,
  decision: 'DENY',
  order: null,
  violations: [
    {
      rule_id: 'KILL-001',
      severity: 'CRIT',
      message: 'Kill switch is active — all orders denied.',
      inputs: [{ name: 'kill_switch_active', value: true }],
      computed: [],
    },
    {
      rule_id: 'EXEC-002',
      severity: 'HIGH',
      message: "Strategy 'momentum_v1' rate 15 orders/min exceeds limit 10.",
      inputs: [
        { name: 'strategy_id', value: 'momentum_v1' },
        { name: 'max_orders_per_minute_by_strategy', value: decimal('10') },
      ],
      computed: [{ name: 'orders_last_60s_strategy', value: decimal('15') }],
    },
  ],
  kill_switch_triggered: true,
  kill_switch_tripped: true,
};

const exampleFacts: Facts = {
  clock: CLOCK,
  price: decimal('200'),
  unpriced_symbol: null,
  position_qty: decimal('-12.5'),
  working_buy_qty: decimal('3'),
  working_sell_qty: decimal('0'),
  other_gross: times(decimal('80000'), decimal('1.0000001')),
  other_net: times(decimal('-40000'), decimal('1.0000001')),
  equity: decimal('99500'),
  start_of_day_equity: decimal('100000'),
  peak_equity: decimal('100250.75'),
  orders_last_60s_global: 6,
  orders_last_60s_strategy: 4,
  violations_in_window: 1,
  kill_switch_active: false,
};

export const exampleExecution: ExecutionEvent = {
  event: 'ORDER_FILLED',
  run_id: RUN_ID,
  intent_id: exampleIntent.intent_id,
  order_id: 'SIM-000001',
  client_order_id: 'nd-000001-4kq7',
  symbol: 'AAPL',
  side: 'buy',
  order_type: 'limit',
  qty: decimal('33.333333333333336'),
  price: decimal('200'),
  cum_qty: decimal('33.333333333333336'),
  leaves_qty: decimal('0'),
  code: null,
  reason: null,
  policy_hash: digest(1),
  decision_offset: 5150,
};

/** A submission of which nothing is known but that it was sent. */
export const exampleUnknown: ExecutionEvent = {
  ...exampleExecution,
  event: 'ORDER_UNKNOWN',
  order_id: '',
  qty: null,
  price: null,
  cum_qty: decimal('0'),
  leaves_qty: decimal('33.333333333333336'),
  code: 'timeout',
  reason: 'no answer within 10 s',
};

export const exampleDrift: PositionDrift = {
  type: 'PositionDrift',
  broker: 'alpaca',
  differences: [
    { symbol: 'AAPL', run_qty: decimal('10'), broker_qty: decimal('43.333333333333336') },
    { symbol: 'MSFT', run_qty: decimal('-12.5'), broker_qty: decimal('0') },
  ],
};

export const exampleResolution: OrderResolved = {
  type: 'OrderResolved',
  intent_id: exampleIntent.intent_id,
  outcome: 'CANCELLED',
  cum_qty: decimal('12'),
  price: decimal('200.25'),
};

export const exampleControl: ControlEvent = {
  actor: 'risk desk',
  reason: 'start of day',
  payload: {
    type: 'RunStarted',
    account_id: 'acct_1',
    policy_text: 'version: "0.1"\n',
    portfolio: {
      equity: decimal('99500'),
      start_of_day_equity: decimal('100000'),
      peak_equity: decimal('100250.75'),
      positions: new Map([
        ['MSFT', decimal('-12.5')],
        ['AAPL', decimal('10')],
        ['__proto__', decimal('1')],
      ]),
      realized_pnl_today: decimal('-500'),
      unrealized_pnl: decimal('0'),
    },
    execution: {
      orders_last_60s_global: 6,
      orders_last_60s_by_strategy: new Map([['momentum_v1', 6]]),
      violations_last_window: [['2026-02-24T09:29:00Z', 'EXP-001']],
      kill_switch_active: false,
    },
    equity_mode: 'marked',
  },
};

export const exampleAudit: AuditRecord = {
  run_id: RUN_ID,
  seq: 1042,
  kind: 'DECISION',
  input: { topic: 'order-intents', partition: 3, offset: 5149, timestamp: CLOCK },
  clock: CLOCK,
  positions: { order_intents: 5150, market_prices: 88_001, control_events: 2, execution_events: 4700 },
  policy_hash: digest(1),
  engine_version: '0.3.0',
  intent: exampleIntent,
  facts: exampleFacts,
  decision: exampleDecision,
  execution: null,
  control: null,
  kill_switch: null,
  duplicate: null,
  note: null,
  prev_hash: digest(2),
};

/** A trip by count, on record. */
export const exampleTrip: AuditRecord = {
  ...exampleAudit,
  kind: 'KILL_SWITCH',
  intent: null,
  facts: null,
  decision: null,
  kill_switch: {
    active: true,
    cause: 'COUNT',
    rule_ids: ['EXP-001', 'EXP-002'],
    violations_in_window: 3,
    actor: '',
    reason: '3 violations in 300 s',
  },
  duplicate: { decided_seq: 7, conflict: true },
  note: 'unsolicited',
};

export const exampleHash = digest(3);

export const exampleCheckpoint: AuditCheckpoint = {
  origin: 'risk.example/gate/3',
  tree_size: 5,
  root_hash: digest(5),
  audit_offset: 8,
  made_at: CLOCK,
  frontier: [digest(6), digest(7)],
  note: 'risk.example/gate/3\n5\nBQwTGiEoLzY9RElQV15lbHN6gYiPlp2kq7K5wMfO1dw=\naudit-offset 8\nmade-at 2026-02-24T09:30:01.250Z\n\n— risk.example/gate AAAA\n',
};

export const exampleEntities: Readonly<{ [K in StateEntity['kind']]: Extract<StateEntity, { kind: K }> }> = {
  run: {
    kind: 'run',
    status: 'ACTIVE',
    account_id: 'acct_1',
    equity: decimal('99500'),
    start_of_day_equity: decimal('100000'),
    peak_equity: decimal('100250.75'),
    realized_pnl_today: decimal('-500'),
    unrealized_pnl: decimal('0'),
    kill_switch_active: false,
    clock: CLOCK,
    next_seq: 1043,
    chain_hash: digest(3),
    policy_hash: digest(1),
    started_at: CLOCK - 60_000,
    initial_orders_global: 6,
    initial_orders_by_strategy: new Map([['momentum_v1', 6]]),
    initial_violations: [{ at: CLOCK - 120_000, rule_id: 'EXP-001' }],
    violations_from_seq: 12,
    equity_mode: 'marked',
    cash: times(decimal('19500'), decimal('1.0000001')),
  },
  position: { kind: 'position', qty: decimal('-12.5') },
  intent: {
    kind: 'intent',
    seq: 1042,
    digest: digest(4, 8),
    decision: 'ALLOW',
    strategy_id: 'momentum_v1',
    symbol: 'AAPL',
    side: 'buy',
    qty: decimal('33.333333333333336'),
    cum_qty: decimal('0'),
    status: 'WORKING',
    decided_at: CLOCK,
    rule_ids: [],
  },
  price: { kind: 'price', price: decimal('200') },
  policy: { kind: 'policy', text: 'version: "0.1"\n' },
  positions: { kind: 'positions', positions: exampleAudit.positions },
  fence: { kind: 'fence', owner: 'host-1/4711/1' },
  shard: { kind: 'shard', kill_switch_active: true },
};
