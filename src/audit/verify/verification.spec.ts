/** What the chain alone does not show: logs in which every hash fits, and one record says what cannot follow. */
import { decoded, rechained, resealed } from '../../../test/support/editedLog';
import { policyText, START, TestShard } from '../../../test/support/shard';
import { executionOf, intentOf } from '../../../test/support/situations';
import { decimal } from '../../contracts/decimal';
import type { AuditRecord } from '../../contracts/messages';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import type { FaultKind } from './faults';
import { readRecord } from './readRecord';
import { Verification } from './verification';
import type { VerificationOptions, Verified } from './verification';

const shard = new TestShard();
let log: readonly BusRecord[];

const at = (seconds: number): number => START + seconds * 1_000;
const asked = (id: string, seconds: number, fields = {}) =>
  shard.intent(intentOf({ intent_id: id, timestamp: new Date(at(seconds)).toISOString(), ...fields }));

/** seq: 0 start, 1 ALLOW, 2 fill, 3 ALLOW, 4 MODIFY, 5 repeat, 6 DENY, 7 its trip, 8 DENY, 9 reset, 10 refused, 11 another policy, 12 end, 13 DENY. */
beforeAll(async () => {
  await shard.takeOver();
  await shard.feed(
    shard.price('AAPL', '200'),
    shard.started({ policy_text: policyText({ tripAfter: 2 }) }),
    asked('a', 1),
    shard.execution(executionOf({ intent_id: 'a' }), at(2)),
    asked('b', 3),
    asked('c', 4, { qty: decimal('40') }),
    asked('c', 5, { qty: decimal('40') }),
    asked('d', 6, { symbol: 'NO-PRICE' }),
    asked('e', 7),
    shard.control({ type: 'KillSwitchReset' }, { at: at(8) }),
    shard.control({ type: 'PolicyActivated', policy_text: 'version: "9"' }, { at: at(9) }),
    shard.control({ type: 'PolicyActivated', policy_text: policyText({ position: '0.2' }) }, { at: at(10) }),
    shard.control({ type: 'RunEnded' }, { at: at(11) }),
    asked('f', 12),
  );
  log = await shard.all(AUDIT_RECORDS);
});

const verify = (records: readonly BusRecord[], options: VerificationOptions = { inOrderOfShard: true }): Verified => {
  const verification = new Verification(options);
  for (const record of records) verification.add(readRecord(shard.codec, record));
  return verification.end();
};

/** The log with one record changed and everything behind it made to fit. */
const forged = (seq: number, change: (record: AuditRecord) => Partial<AuditRecord>): readonly BusRecord[] => {
  const { record } = decoded(shard.codec, log[seq]!);
  const again = resealed(shard.codec, log[seq]!, { ...record, ...change(record) });
  if (again === undefined) throw new Error('no record holds this');
  return rechained(shard.codec, log.with(seq, again));
};

it('finds the log of the engine whole', () => {
  const { faults, records, decisions, derived, runs, warnings } = verify(log);
  expect(faults.first).toBeUndefined();
  expect({ records, decisions, derived, warnings }).toEqual({ records: 14, decisions: 6, derived: 6, warnings: [] });
  expect(runs).toMatchObject([{ run_id: 'r-1', partition: 0, records: 14, first_seq: 0, last_seq: 13, faults: 0 }]);
});

const decision = (fields: Partial<NonNullable<AuditRecord['decision']>>) => (record: AuditRecord) => ({
  decision: { ...record.decision!, ...fields },
});
const facts = (fields: Partial<NonNullable<AuditRecord['facts']>>) => (record: AuditRecord) => ({
  facts: { ...record.facts!, ...fields },
});

const FORGERIES: readonly (readonly [string, number, (record: AuditRecord) => Partial<AuditRecord>, FaultKind, RegExp])[] = [
  ['a denial that became an admission', 6, decision({ decision: 'ALLOW' }), 'DECISION', /^decision\.decision: "DENY"/],
  ['another figure of a violation', 4, decision({ violations: [] }), 'DECISION', /^decision\.violations\[0\]/],
  [
    'a larger order than was offered',
    4,
    ({ decision: d, intent }) => ({ decision: { ...d!, order: intent } }),
    'DECISION',
    /^decision\.order\.qty: 30/,
  ],
  ['a trip that is not told', 6, decision({ kill_switch_tripped: false }), 'DECISION', /^decision\.kill_switch_tripped: true/],
  [
    'another price than that of the facts',
    1,
    decision({ reference_price: decimal('199') }),
    'DECISION',
    /^decision\.reference_price: 200/,
  ],
  [
    'a reason of a refusal',
    13,
    ({ decision: d }) => ({ decision: { ...d!, violations: [{ ...d!.violations[0]!, message: 'no' }] } }),
    'DECISION',
    /has ended/,
  ],
  ['equity that nobody gave', 1, facts({ equity: decimal('99999') }), 'FACTS', /^facts\.equity: 100000/],
  ['an order that does not count', 3, facts({ orders_last_60s_global: 0 }), 'FACTS', /^facts\.orders_last_60s_global: 1/],
  [
    'an order of the strategy that does not count',
    3,
    facts({ orders_last_60s_strategy: 0 }),
    'FACTS',
    /^facts\.orders_last_60s_strategy: 1/,
  ],
  ['violations that do not count', 6, facts({ violations_in_window: 0 }), 'FACTS', /^facts\.violations_in_window: 1/],
  ['a kill switch that is not active', 8, facts({ kill_switch_active: false }), 'FACTS', /^facts\.kill_switch_active: true/],
  ['another clock of the facts', 1, facts({ clock: START }), 'FACTS', /^facts\.clock/],
  [
    'facts of a run that has ended',
    13,
    () => ({ facts: decoded(shard.codec, log[1]!).record.facts }),
    'FACTS',
    /the run is over/,
  ],
  [
    'another reason of a trip',
    7,
    ({ kill_switch: k }) => ({ kill_switch: { ...k!, reason: 'x' } }),
    'KILL_SWITCH',
    /^kill_switch\.reason: "2 violations/,
  ],
  [
    'who reset it',
    9,
    ({ kill_switch: k }) => ({ kill_switch: { ...k!, actor: 'x' } }),
    'KILL_SWITCH',
    /^kill_switch\.actor: "desk"/,
  ],
  ['a clock that goes back', 3, () => ({ clock: START }), 'CLOCK', /^the clock at \d+/],
  [
    'positions that go back',
    4,
    ({ positions: p }) => ({ positions: { ...p, market_prices: 0 } }),
    'POSITION',
    /^market_prices at or behind 1/,
  ],
  [
    'positions that do not cover the input',
    4,
    ({ positions: p }) => ({ positions: { ...p, order_intents: 9 } }),
    'POSITION',
    /^order_intents at 3/,
  ],
  ['another policy', 3, () => ({ policy_hash: new Uint8Array(32).fill(7) }), 'DECISION', /^decision\.policy_hash/],
  [
    'a policy that is in force without an activation',
    2,
    () => ({ policy_hash: new Uint8Array(32).fill(7) }),
    'POLICY',
    /of the policy in force/,
  ],
  [
    'an activation that was refused, as one that took effect',
    10,
    () => ({ kind: 'CONTROL', note: null }),
    'CONTENT',
    /a PolicyActivated that is a REJECTED_INPUT/,
  ],
  [
    'an activation that took effect, as one that was refused',
    11,
    () => ({ kind: 'REJECTED_INPUT', note: 'no' }),
    'CONTENT',
    /a PolicyActivated that is a CONTROL/,
  ],
  [
    'a repeat of what comes later',
    5,
    ({ duplicate: d }) => ({ duplicate: { ...d!, decided_seq: 5 } }),
    'CONTENT',
    /^a decided_seq before 5/,
  ],
  ['an execution with a note of its own', 2, () => ({ note: 'fine' }), 'CONTENT', /a note that the gate writes/],
  ['a decision without its intent', 1, () => ({ intent: null }), 'CONTENT', /^a DECISION with `intent`/],
  [
    'a fill that came of an intent',
    2,
    ({ input }) => ({ input: { ...input, topic: 'order-intents' } }),
    'POSITION',
    /order-intents/,
  ],
];

it.each(FORGERIES)('tells of %s', (_, seq, change, kind, expected) => {
  const { faults } = verify(forged(seq, change));
  expect(faults.first).toMatchObject({
    kind,
    run_id: 'r-1',
    seq,
    where: `audit-records/0@${seq}`,
    expected: expect.stringMatching(expected),
  });
});

it('tells of a trip that was taken out with its number, and of one that nothing made due', () => {
  expect(verify(rechained(shard.codec, log.toSpliced(7, 1))).faults.first).toMatchObject({
    kind: 'KILL_SWITCH',
    expected: expect.stringContaining('2 violations within 300 s'),
  });
  expect(
    verify(rechained(shard.codec, log.toSpliced(3, 0, log[7]!)))
      .faults.byKind()
      .has('KILL_SWITCH'),
  ).toBe(true);
  expect(verify(log.slice(0, 7)).faults.first).toMatchObject({
    kind: 'KILL_SWITCH',
    where: 'the end of shard 0',
    found: 'the end of the log',
  });
  expect(verify(log.slice(0, 7), { endsWithDecision: true }).faults.total).toBe(0);
});

it('says that the beginning is missing, unless it is told where the log goes on', () => {
  const rest = log.slice(4);
  expect(verify(rest).faults.first).toMatchObject({
    kind: 'SEQUENCE',
    seq: 4,
    expected: expect.stringMatching(/^seq 0; the records before are missing/),
  });
  const after = new Map([['r-1', { seq: 3, hash: decoded(shard.codec, log[3]!).hash }]]);
  const { faults, warnings, derived, decisions } = verify(rest, { after });
  expect({ fault: faults.first, derived, decisions }).toEqual({ fault: undefined, derived: 1, decisions: 4 });
  expect(warnings).toEqual([
    expect.stringMatching(/^3 decisions were not derived again: the text of policy [0-9a-f]{64} is not in the log/),
    expect.stringContaining('run r-1 goes on behind seq 3: what came before is not proven'),
  ]);
  const other = new Map([['r-1', { seq: 3, hash: new Uint8Array(32) }]]);
  expect(verify(rest, { after: other }).faults.first).toMatchObject({ kind: 'CHAIN', seq: 4 });
});

it('goes on behind a fault, and accuses nothing that is sound', () => {
  const value = Buffer.from(log[2]!.value!);
  value[40] = value[40]! ^ 1;
  const { faults, records } = verify(log.with(2, { ...log[2]!, value }));
  expect(faults.total).toBe(1);
  expect(records).toBeGreaterThanOrEqual(13);
  expect(verify(log, { run: 'another' })).toMatchObject({ records: 0, runs: [] });
});
