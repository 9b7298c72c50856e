import { hash } from 'node:crypto';
import fc from 'fast-check';
import { decimal, formatDecimal, parseDecimal, type Decimal, type Notional } from '../decimal';
import { canonicalJson, prettyJson, type JsonOut } from '../json/write';
import type { Decision, ExecutionEvent, ExecutionState, Facts, MarketSnapshot, OrderIntent, PortfolioState } from '../messages';
import { readDocument, type JsonDocumentKind } from './readDocument';
import {
  auditEventText,
  decimalText,
  decisionText,
  evidenceText,
  executionEventText,
  executionStateText,
  factsText,
  instrumentText,
  marketSnapshotText,
  orderIntentText,
  plain,
  portfolioStateText,
  runSummaryText,
  violationText,
} from './writeDocument';

const LARGEST = 10n ** 38n - 1n;
const anyDecimal = fc.oneof(
  fc.bigInt({ min: -LARGEST, max: LARGEST }),
  fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }).map((value) => value * 10n ** 12n),
) as fc.Arbitrary<Decimal>;
const aboveZero = anyDecimal.map((value) => (value < 0n ? -value : value + 1n) as Decimal).filter((value) => value <= LARGEST);
const notNegative = anyDecimal.map((value) => (value < 0n ? -value : value) as Decimal);
const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '10', '9', 'BRK B', 'é—😀', '"\\'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text)),
);
const time = fc.date({ min: new Date(0), max: new Date(4102444800000), noInvalidDate: true }).map((date) => date.toISOString());
const count = fc.nat(2_147_483_647);
const mapOf = <T>(value: fc.Arbitrary<T>) => fc.array(fc.tuple(name, value), { maxLength: 6 }).map((entries) => new Map(entries));

const orderIntent: fc.Arbitrary<OrderIntent> = fc.record({
  intent_id: name,
  timestamp: time,
  strategy_id: name,
  account_id: name,
  instrument: fc.record({ symbol: name, asset_class: fc.constantFrom('equity', 'crypto', 'fx', 'futures') }),
  side: fc.constantFrom('buy', 'sell'),
  order_type: fc.constantFrom('market', 'limit'),
  qty: aboveZero,
  limit_price: fc.option(notNegative),
});
const portfolioState: fc.Arbitrary<PortfolioState> = fc.record({
  equity: aboveZero,
  start_of_day_equity: aboveZero,
  peak_equity: aboveZero,
  positions: mapOf(anyDecimal),
  realized_pnl_today: anyDecimal,
  unrealized_pnl: anyDecimal,
});
const marketSnapshot: fc.Arbitrary<MarketSnapshot> = fc.record({ timestamp: time, prices: mapOf(anyDecimal) });
const executionState: fc.Arbitrary<ExecutionState> = fc.record({
  orders_last_60s_global: count,
  orders_last_60s_by_strategy: mapOf(count),
  violations_last_window: fc.array(fc.tuple(time, name), { maxLength: 4 }),
  kill_switch_active: fc.boolean(),
});

/** Written, read again: the same value; and the text is the canonical one. */
const roundTrip = <T>(kind: JsonDocumentKind, values: fc.Arbitrary<T>, write: (value: T) => string) =>
  fc.assert(
    fc.property(values, (value) => {
      const text = write(value);
      expect(readDocument(kind, text)).toEqual({ ok: true, value });
      expect(canonicalJson(plain(text))).toBe(text);
      expect(readDocument(kind, prettyJson(plain(text)))).toEqual({ ok: true, value });
    }),
  );

it('writes an OrderIntent that reads back as it was', () => roundTrip('order_intent', orderIntent, orderIntentText));
it('writes an Instrument that reads back as it was', () =>
  roundTrip(
    'instrument',
    orderIntent.map(({ instrument }) => instrument),
    instrumentText,
  ));
it('writes a PortfolioState that reads back as it was', () => roundTrip('portfolio_state', portfolioState, portfolioStateText));
it('writes a MarketSnapshot that reads back as it was', () => roundTrip('market_snapshot', marketSnapshot, marketSnapshotText));
it('writes an ExecutionState that reads back as it was', () => roundTrip('execution_state', executionState, executionStateText));

it('writes a decimal as a number if doubles keep it, else as a text; exact either way', () => {
  expect(['0', '-0.5', '37', '100000', '0.1', '33.333333333333336'].map((text) => decimalText(decimal(text)))).toEqual([
    '0',
    '-0.5',
    '37',
    '100000',
    '0.1',
    '33.333333333333336',
  ]);
  expect(decimalText(decimal('0.00000001'))).toBe('0.00000001');
  expect(decimalText(decimal('0.123456789012345678'))).toBe('"0.123456789012345678"');
  fc.assert(
    fc.property(anyDecimal, (value) => {
      const json: unknown = JSON.parse(decimalText(value));
      expect(parseDecimal(String(json))).toBe(value);
      if (typeof json === 'string') expect(json).toBe(formatDecimal(value));
    }),
  );
});

const INTENT: OrderIntent = {
  intent_id: 'nd-007',
  timestamp: '2026-02-24T09:30:01Z',
  strategy_id: 'momentum_v1',
  account_id: 'acct_1',
  instrument: { symbol: 'AAPL', asset_class: 'equity' },
  side: 'buy',
  order_type: 'market',
  qty: decimal('50'),
  limit_price: null,
};
const REDUCED = { ...INTENT, qty: decimal('37') };
const DECISION: Decision = {
  decision: 'MODIFY',
  intent_id: 'nd-007',
  order: REDUCED,
  violations: [
    {
      rule_id: 'EXP-001',
      severity: 'HIGH',
      message: 'Position 0.1260 breaches limit 0.1000.',
      inputs: [{ name: 'max_position_pct', value: decimal('0.1') }],
      computed: [
        { name: 'requested_qty', value: decimal('50') },
        { name: 'allowed_qty', value: decimal('37') },
      ],
    },
    {
      rule_id: 'KILL-001',
      severity: 'CRIT',
      message: 'Kill switch is active — all orders denied.',
      inputs: [{ name: 'kill_switch_active', value: true }],
      computed: [],
    },
  ],
  evidence: [{ metric: 'drawdown', value: decimal('0.01'), limit: decimal('0.05') }],
  kill_switch_triggered: false,
};
const DECISION_TEXT =
  '{"decision":"MODIFY","eval_ms":0.045,"evidence":[{"limit":0.05,"metric":"drawdown","value":0.01}],"intent_id":"nd-007"' +
  ',"kill_switch_triggered":false,"modified_intent":{"account_id":"acct_1","instrument":{"asset_class":"equity","symbol":"AAPL"}' +
  ',"intent_id":"nd-007","limit_price":null,"order_type":"market","qty":37,"side":"buy","strategy_id":"momentum_v1"' +
  ',"timestamp":"2026-02-24T09:30:01Z"},"violations":[{"computed":{"allowed_qty":37,"requested_qty":50}' +
  ',"inputs":{"max_position_pct":0.1},"message":"Position 0.1260 breaches limit 0.1000.","rule_id":"EXP-001","severity":"HIGH"}' +
  ',{"computed":{},"inputs":{"kill_switch_active":true},"message":"Kill switch is active \\u2014 all orders denied."' +
  ',"rule_id":"KILL-001","severity":"CRIT"}]}';

it('writes a Decision as the first program did', () => {
  expect(decisionText(DECISION, 0.045)).toBe(DECISION_TEXT);
  expect(readDocument('decision', DECISION_TEXT).ok).toBe(true);
  expect(readDocument('violation', violationText(DECISION.violations[0]!)).ok).toBe(true);
  expect(readDocument('evidence', evidenceText(DECISION.evidence[0]!)).ok).toBe(true);
});

it('writes a modified intent only for MODIFY, and null for a time that nobody took', () =>
  expect(plain(decisionText({ ...DECISION, decision: 'ALLOW' }, null))).toMatchObject({ modified_intent: null, eval_ms: null }));

it('writes an audit line in canonical form, with what applies and no more', () => {
  const digest = new Uint8Array(32).fill(0xab);
  const parts = {
    event_id: '5304ecd0-5107-4160-a5f3-0e6f8f37f820',
    timestamp: '2026-02-24T09:30:01.000Z',
    engine_version: '0.3.0',
    policy_hash: digest,
    run_id: undefined,
    intent: orderIntentText(INTENT),
    portfolio_state:
      '{"equity":1,"peak_equity":1,"positions":{},"realized_pnl_today":0,"start_of_day_equity":1,"unrealized_pnl":0}',
    market_snapshot: '{"prices":{"AAPL":200},"timestamp":"2026-02-24T09:30:00Z"}',
    execution_state:
      '{"kill_switch_active":false,"orders_last_60s_by_strategy":{},"orders_last_60s_global":0,"violations_last_window":[]}',
    decision: DECISION_TEXT,
    eval_ms: null,
  };
  const facts: Facts = {
    clock: 1,
    price: null,
    unpriced_symbol: 'é',
    position_qty: decimal('1'),
    working_buy_qty: decimal('0'),
    working_sell_qty: decimal('0'),
    other_gross: (10n ** 35n) as Notional,
    other_net: -1n as Notional,
    equity: decimal('1'),
    start_of_day_equity: decimal('1'),
    peak_equity: decimal('1'),
    orders_last_60s_global: 1,
    orders_last_60s_strategy: 1,
    violations_in_window: 0,
    kill_switch_active: true,
  };
  const least = auditEventText(parts);
  const whole = auditEventText({
    ...parts,
    run_id: 'r-1',
    eval_ms: 0.045,
    seq: 3,
    kind: 'DECISION',
    facts: factsText(facts),
    prev_hash: digest,
    hash: digest,
    recorded_at: '2026-11-22T15:55:19.907352+00:00',
    preceding_records: ['{"kind":"CONTROL"}'],
  });
  for (const text of [least, whole]) {
    expect(canonicalJson(plain(text))).toBe(text);
    expect(readDocument('audit_event', text).ok).toBe(true);
  }
  expect(Object.keys(plain(least) as object)).toHaveLength(9);
  expect(plain(whole)).toMatchObject({
    run_id: 'r-1',
    hash: 'ab'.repeat(32),
    line_sha256: hash('sha256', whole.replace(/,"line_sha256":"[0-9a-f]{64}"/, '')),
    preceding_records: [{ kind: 'CONTROL' }],
    facts: { other_gross: 0.1, other_net: `-0.${'0'.repeat(35)}1`, price: null },
  });
});

it('writes the execution events with the fields of each, in the order of the first program', () => {
  const event: ExecutionEvent = {
    event: 'ORDER_SUBMITTED',
    run_id: 'r-1',
    intent_id: 'nd-001',
    order_id: 'SIM-000001',
    client_order_id: '',
    symbol: 'AAPL',
    side: 'buy',
    order_type: 'market',
    qty: decimal('37'),
    price: null,
    cum_qty: decimal('0'),
    leaves_qty: decimal('37'),
    code: null,
    reason: null,
    policy_hash: new Uint8Array(32),
    decision_offset: 4,
  };
  const ts = '2026-11-22T15:55:19.906331+00:00';
  const common = ['ts', 'event', 'intent_id', 'order_id', 'run_id', 'policy_hash'];
  const keys = (change: Partial<ExecutionEvent>) => {
    const text = executionEventText({ ...event, ...change }, ts);
    expect(readDocument('execution_event', text).ok).toBe(true);
    return Object.keys(plain(text) as object);
  };
  const filled = { qty: decimal('37'), price: decimal('200'), cum_qty: decimal('37'), leaves_qty: decimal('0') };
  expect(keys({})).toEqual([...common, 'symbol', 'side', 'qty', 'order_type']);
  expect(keys({ event: 'ORDER_FILLED', ...filled })).toEqual([
    ...common,
    'symbol',
    'side',
    'qty',
    'price',
    'cum_qty',
    'leaves_qty',
  ]);
  expect(keys({ event: 'ORDER_REJECTED', qty: null, reason: 'no price' })).toEqual([
    ...common,
    'cum_qty',
    'leaves_qty',
    'reason',
  ]);
  expect(keys({ event: 'ORDER_REJECTED', qty: null, code: 'NO_PRICE', reason: 'no price' })).toEqual([
    ...common,
    'cum_qty',
    'leaves_qty',
    'code',
    'reason',
  ]);
  for (const order_id of ['', '904837e3'])
    expect(keys({ event: 'ORDER_UNKNOWN', qty: null, order_id, code: 'TIMEOUT', reason: 'no answer' })).toEqual([
      ...common,
      'symbol',
      'cum_qty',
      'leaves_qty',
      'code',
      'reason',
    ]);
  expect(keys({ event: 'ORDER_REJECTED', qty: null, order_id: '' })).toEqual([...common, 'symbol', 'cum_qty', 'leaves_qty']);
});

it('writes a run summary with its maps sorted', () => {
  const text = runSummaryText({
    total_intents: 10,
    decisions: { ALLOW: 7, MODIFY: 1, DENY: 2 },
    rule_histogram: new Map([
      ['KILL-001', 1],
      ['EXP-001', 3],
    ]),
    orders_submitted: 8,
    orders_filled: 8,
    final_equity: decimal('100000'),
    final_positions: new Map([
      ['__proto__', decimal('-1.5')],
      ['AAPL', decimal('50')],
    ]),
    kill_switch_active: true,
    run_id: 'r-1',
    duplicates: 2,
    conflicts: 1,
    chain_hash: new Uint8Array(32).fill(1),
  });
  expect(text).toBe(
    `{"chain_hash":"${'01'.repeat(32)}","conflicts":1,"decisions":{"ALLOW":7,"DENY":2,"MODIFY":1},"duplicates":2` +
      ',"final_equity":100000,"final_positions":{"AAPL":50,"__proto__":-1.5}' +
      ',"kill_switch_active":true,"orders_filled":8,"orders_submitted":8,"rule_histogram":{"EXP-001":3,"KILL-001":1}' +
      ',"run_id":"r-1","total_intents":10}',
  );
  expect(canonicalJson(JSON.parse(text) as JsonOut)).toBe(text);
  expect(readDocument('run_summary', text).ok).toBe(true);
});
