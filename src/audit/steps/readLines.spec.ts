import { decimal } from '../../contracts/decimal';
import { readAuditLine } from './readAuditLine';
import { readExecutionLine } from './readExecutionLine';

const intent = {
  ...{ intent_id: 'i-1', timestamp: '2026-02-24T09:30:01Z', strategy_id: 's-1', account_id: 'a-1', side: 'buy', qty: 10 },
  ...{ instrument: { symbol: 'AAPL', asset_class: 'equity' }, order_type: 'market', limit_price: null },
};
const decision = {
  ...{ decision: 'MODIFY', intent_id: 'i-1', modified_intent: { ...intent, qty: 2.5 }, evidence: [], eval_ms: 0.0149 },
  ...{ violations: [{ rule_id: 'EXP-001' }, { rule_id: 'EXP-001' }], kill_switch_triggered: false },
};
/** As the first program writes it: its numbers are Python's, its time is the wall clock. */
const first = { event_id: 'e', timestamp: '2026-05-01T10:00:00.25+00:00', run_id: 'r-1', intent, decision };

const stepsOf = (line: object) => {
  const read = readAuditLine(Buffer.from(JSON.stringify(line)));
  return read.ok ? read.value : [read.error];
};

it('reads a line of the first program', () => {
  expect(stepsOf(first)).toEqual([
    {
      ...{ kind: 'DECISION', runId: 'r-1', at: Date.parse('2026-05-01T10:00:00.250Z'), clock: null, seq: null, intentId: 'i-1' },
      ...{ intentTimestamp: intent.timestamp, strategyId: 's-1', symbol: 'AAPL', side: 'buy', qty: decimal('10') },
      ...{ verdict: 'MODIFY', rules: ['EXP-001', 'EXP-001'], sendable: decimal('2.5'), evalMicros: 15 },
    },
  ]);
});

it('takes our `recorded_at` as the wall clock, and the time of the line as that of the run', () => {
  const [step] = stepsOf({ ...first, seq: 4, recorded_at: '2026-06-01T00:00:00Z', eval_ms: 1.5 });
  expect(step).toMatchObject({
    at: Date.parse('2026-06-01T00:00:00Z'),
    clock: Date.parse(first.timestamp),
    seq: 4,
    evalMicros: 1_500,
  });
});

it('tells what happened before the decision, and passes over kinds that it does not know', () => {
  const payload = { type: 'OrderResolved', intent_id: 'i-0', outcome: 'FILLED', cum_qty: 3, price: 200 };
  const preceding_records = [
    { kind: 'CONTROL', seq: 1, clock: 10, control: { actor: 'alice', reason: 'by phone', payload } },
    {
      kind: 'CONTROL',
      seq: 2,
      clock: 10,
      control: { actor: 'alice', reason: 'start', payload: { type: 'RunStarted', price: 'x' } },
    },
    { kind: 'DUPLICATE', seq: 3, clock: 11, intent: { intent_id: 'i-0' }, duplicate: { conflict: true, decided_seq: 0 } },
    { kind: 'KILL_SWITCH', seq: 4, clock: 12, kill_switch: { active: true, cause: 'COUNT' } },
    { kind: 'REJECTED_INPUT', seq: 5, clock: 13, note: 'why' },
    { kind: 'EXECUTION', seq: 6, clock: 14, execution: { event: 'ORDER_FILLED' } },
    { kind: 'OF_LATER_VERSIONS', seq: 7, clock: 15 },
  ];
  const about = { runId: 'r-1', at: null };
  expect(stepsOf({ ...first, preceding_records }).slice(0, -1)).toEqual([
    {
      ...{ ...about, kind: 'RESOLUTION', seq: 1, clock: 10, intentId: 'i-0', outcome: 'FILLED', cumQty: decimal('3') },
      ...{ price: decimal('200'), actor: 'alice', reason: 'by phone' },
    },
    { ...about, kind: 'DUPLICATE', seq: 3, clock: 11, intentId: 'i-0', conflict: true },
    { ...about, kind: 'KILL_SWITCH', seq: 4, clock: 12, active: true, cause: 'COUNT' },
    { ...about, kind: 'REJECTED_INPUT', seq: 5, clock: 13 },
  ]);
});

it.each<[string, object, string]>([
  ['no decision', { ...first, decision: undefined }, 'decision'],
  ['a verdict that is none', { ...first, decision: { ...decision, decision: 'PERHAPS' } }, 'decision.decision'],
  ['no quantity', { ...first, intent: { ...intent, qty: 'many' } }, 'intent.qty'],
])('refuses a line with %s', (_, line, path) => expect(stepsOf(line)).toMatchObject([{ path }]));

it('reads an execution event, ours and the first program’s', () => {
  const read = (line: object) => readExecutionLine(Buffer.from(JSON.stringify(line)));
  const line = {
    ts: '2026-05-01T10:00:00Z',
    event: 'ORDER_FILLED',
    intent_id: 'i-1',
    order_id: 'o-1',
    run_id: 'r-1',
    qty: 2.5,
    price: 200,
  };
  expect(read(line)).toMatchObject({
    ok: true,
    value: { qty: decimal('2.5'), price: decimal('200'), cumQty: null, leavesQty: null },
  });
  expect(read({ ...line, cum_qty: 2.5, leaves_qty: '0' })).toMatchObject({
    ok: true,
    value: { cumQty: decimal('2.5'), leavesQty: 0n },
  });
  expect(read({ ...line, event: 'ORDER_LOST' })).toMatchObject({ ok: false, error: { path: 'event' } });
});
