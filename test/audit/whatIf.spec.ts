/** What another policy would have decided, over chosen histories. */
import type { DecidedTwice } from '../../src/audit/whatIf/decidedTwice';
import type { RunEnd } from '../../src/audit/whatIf/runEnds';
import { Codec } from '../../src/contracts/avro/codec';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { schemaText } from '../../src/contracts/avro/schemas';
import { decimal, formatDecimal, formatFixed, toDecimal, ZERO } from '../../src/contracts/decimal';
import type { ControlPayload, PublishedDecision } from '../../src/contracts/messages';
import { policyText, START, TestShard } from '../support/shard';
import { executionOf, intentOf, portfolioOf } from '../support/situations';
import { ask, begun } from '../support/whatIf';
import type { Asked } from '../support/whatIf';

const seconds = (after: number): string => new Date(START + after * 1_000).toISOString();

const answers = (pairs: readonly DecidedTwice[]): readonly string[] =>
  pairs.map(({ recorded, other, assumed }) => {
    const answer = ({ decision, order, violations }: PublishedDecision): string =>
      [decision, ...(order === null ? [] : [formatDecimal(order.qty)]), ...violations.map(({ rule_id }) => rule_id)].join(' ');
    const outcome =
      assumed === null ? '' : assumed.type === 'filled' ? `, filled at ${formatDecimal(assumed.price)}` : `, ${assumed.code}`;
    return `${answer(recorded)} -> ${answer(other)}${outcome}`;
  });

const figures = ({ equity, grossExposure, killSwitchActive, positions }: RunEnd): string =>
  `equity ${formatFixed(equity, 2)}, gross ${formatFixed(toDecimal(grossExposure), 2)}, ${killSwitchActive ? 'tripped' : 'open'}, ` +
  [...positions].map(([symbol, qty]) => `${symbol} ${formatDecimal(qty)}`).join(', ');

const endsOf = ({ ends }: Asked): readonly string[] =>
  ends.map(({ runId, recorded, other }) => `${runId}: ${figures(recorded)} | ${figures(other)}`);

it('cuts an order to a tighter cap, fills what is left of it, and judges the next one by that', async () => {
  const shard = await begun(
    (s) => s.started(),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('40') })),
    (s) => s.execution(executionOf({ intent_id: 'a', qty: decimal('40'), cum_qty: decimal('40'), price: decimal('201') })),
    (s) => s.price('AAPL', '210'),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('5') })),
    (s) => s.execution(executionOf({ intent_id: 'b', qty: decimal('5'), cum_qty: decimal('5') })),
    (s) => s.intent(intentOf({ intent_id: 'c', qty: decimal('5'), side: 'sell' })),
    (s) => s.execution(executionOf({ intent_id: 'c', qty: decimal('5'), cum_qty: decimal('5'), side: 'sell' })),
  );
  const outcome = await ask(shard, policyText({ position: '0.05' }));
  expect(answers(outcome.pairs)).toEqual([
    'ALLOW 40 -> MODIFY 25 EXP-001, filled at 200',
    'ALLOW 5 -> DENY EXP-001',
    'ALLOW 5 -> ALLOW 5',
  ]);
  expect(endsOf(outcome)).toEqual([
    'r-1: equity 100000.00, gross 8400.00, open, AAPL 40 | equity 100000.00, gross 4200.00, open, AAPL 20',
  ]);
  const { tally } = outcome;
  expect([tally.executionsKept, tally.executionsLeftOut, tally.changed, tally.decisions]).toEqual([1, 2, 2, 3]);
  expect([...tally.byRule]).toEqual([
    ['EXP-001', { changed: 2, recordedNotional: decimal('9050') * 10n ** 18n, otherNotional: decimal('5000') * 10n ** 18n }],
  ]);
  expect(tally.turns).toEqual(new Map([['ALLOW to MODIFY', 1], ['ALLOW to DENY', 1]])); // prettier-ignore
});

it('lets a looser policy send what was denied, at the price of that moment', async () => {
  const shard = await begun(
    (s) => s.started({ policy_text: policyText({ tripAfter: 50 }) }),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('60') })),
    (s) => s.price('AAPL', '250'),
    (s) =>
      s.intent(
        intentOf({ intent_id: 'b', symbol: 'MSFT', qty: decimal('30'), order_type: 'limit', limit_price: decimal('399') }),
      ),
    (s) =>
      s.intent(
        intentOf({ intent_id: 'c', symbol: 'MSFT', qty: decimal('30'), order_type: 'limit', limit_price: decimal('400') }),
      ),
    (s) => s.intent(intentOf({ intent_id: 'd', symbol: 'MSFT', qty: decimal('30'), order_type: 'limit' })),
    (s) => s.price('MSFT', '500'),
  );
  const outcome = await ask(shard, policyText({ position: '0.5' }));
  // Without executions the 50 shares that were admitted of `a` stay reserved as recorded; the other 60 are filled.
  expect(answers(outcome.pairs)).toEqual([
    'MODIFY 50 EXP-001 -> ALLOW 60, filled at 200',
    'MODIFY 25 EXP-001 -> ALLOW 30, NOT_MARKETABLE',
    'DENY EXP-001 -> ALLOW 30, filled at 400',
    'DENY SYS-002 EXP-001 -> DENY SYS-002',
  ]);
  expect(outcome.tally.assumedFills.get('MSFT')).toEqual({
    fills: 1,
    notional: decimal('12000') * 10n ** 18n,
    lowest: decimal('400'),
    highest: decimal('400'),
  });
  expect(outcome.tally.assumedRejections).toBe(1);
  expect(endsOf(outcome)).toEqual([
    // Prices behind the last audit record count: 60 * 250 + 30 * 500.
    'r-1: equity 100000.00, gross 25000.00, open,  | equity 100000.00, gross 30000.00, open, AAPL 60, MSFT 30',
  ]);
});

it('trips the kill switch by the other policy, and denies what follows until a recorded reset', async () => {
  const reset: ControlPayload = { type: 'KillSwitchReset' };
  const shard = await begun(
    (s) => s.started({ policy_text: policyText({ tripOn: '' }), portfolio: { ...portfolioOf(), equity: decimal('97000') } }),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('1') })),
    (s) =>
      s.control({
        type: 'PortfolioUpdated',
        equity: decimal('100000'),
        start_of_day_equity: decimal('100000'),
        peak_equity: decimal('100000'),
        positions: null,
      }),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('1') })),
    (s) => s.control(reset),
    (s) => s.intent(intentOf({ intent_id: 'c', qty: decimal('1') })),
  );
  const outcome = await ask(shard, policyText({ tripOn: 'LOSS-001' }));
  expect(answers(outcome.pairs)).toEqual(['DENY LOSS-001 -> DENY LOSS-001', 'ALLOW 1 -> DENY KILL-001', 'ALLOW 1 -> ALLOW 1']);
  expect(outcome.tally.trips).toEqual({
    recorded: { RULE: 0, COUNT: 0, OPERATOR: 0 },
    other: { RULE: 1, COUNT: 0, OPERATOR: 0 },
  });
  expect(outcome.tally.portfoliosKept).toBe(1);
  expect([...outcome.tally.byRule.keys()]).toEqual(['KILL-001']);
});

it('keeps partial fills, resting and cancelled orders whose quantity is as recorded, and strangers, each at its place', async () => {
  const part = { qty: decimal('4'), cum_qty: decimal('4'), leaves_qty: decimal('6'), price: decimal('199.5') };
  const shard = await begun(
    (s) => s.started({ policy_text: policyText({ tripAfter: 50 }), equity_mode: 'marked' }),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('10') })),
    (s) => s.execution(executionOf({ intent_id: 'a', event: 'ORDER_SUBMITTED', price: null, cum_qty: ZERO, leaves_qty: decimal('10') })),
    (s) => s.execution(executionOf({ intent_id: 'a', ...part })),
    (s) => s.execution(executionOf({ intent_id: 'a', ...part })),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('50') })),
    (s) => s.execution(executionOf({ intent_id: 'b', event: 'ORDER_SUBMITTED', price: null, cum_qty: ZERO, leaves_qty: decimal('39') })),
    (s) => s.intent(intentOf({ intent_id: 'c', symbol: 'MSFT', qty: decimal('2') })),
    (s) => s.execution(executionOf({ intent_id: 'ghost', symbol: 'MSFT', side: 'sell', qty: decimal('1'), cum_qty: decimal('1'), price: decimal('410') })),
    (s) => s.execution(executionOf({ intent_id: 'a', event: 'ORDER_CANCELLED', price: null, qty: null, cum_qty: decimal('4') })),
    (s) => s.intent(intentOf({ intent_id: 'd', qty: decimal('1') })),
    (s) => s.price('AAPL', '201'),
  ); // prettier-ignore
  const outcome = await ask(shard, policyText({ position: '0.09', tripAfter: 50 }));
  // 4 shares bought at 199.5 are worth 2 more: 10 % of 100002, less the 10 shares of `a`; and 9 % of it.
  expect(answers(outcome.pairs)).toEqual([
    'ALLOW 10 -> ALLOW 10',
    'MODIFY 40.001 EXP-001 -> MODIFY 35.0009 EXP-001, filled at 200',
    'ALLOW 2 -> ALLOW 2',
    'ALLOW 1 -> ALLOW 1',
  ]);
  expect([outcome.tally.executionsKept, outcome.tally.executionsLeftOut]).toEqual([5, 1]);
  // At the last prices: 4 AAPL held and 41.001 that may be bought, or 39.0009 held and 1 that may be bought; one MSFT short, sold at 410, worth 400.
  expect(endsOf(outcome)).toEqual([
    'r-1: equity 100016.00, gross 9445.20, open, AAPL 4, MSFT -1 | equity 100051.00, gross 8440.18, open, AAPL 39.0009, MSFT -1',
  ]);
});

it('lets time go on by what is left out', async () => {
  const late = START + 90_000;
  const shard = await begun(
    (s) => s.started(),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('40') })),
    (s) => s.execution(executionOf({ intent_id: 'a', qty: decimal('40'), cum_qty: decimal('40') }), late),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('1') })),
    (s) => s.control({ type: 'PolicyActivated', policy_text: policyText({ mode: 'monitor' }) }, { at: late + 1_000 }),
    (s) => s.intent(intentOf({ intent_id: 'c', qty: decimal('1') })),
  );
  const { pairs } = await ask(shard, policyText({ position: '0.05' }));
  expect(pairs.map(({ recorded, other }) => [recorded.clock, other.clock])).toEqual([
    [START, START],
    [late, late],
    [late + 1_000, late + 1_000],
  ]);
});

it('compares the chosen runs alone, and leaves policy activations out', async () => {
  const shard = await begun(
    (s) => s.intent(intentOf({ intent_id: 'early' }), 'r-2'),
    (s) => s.started(),
    (s) => s.started({ portfolio: portfolioOf({ AAPL: '10' }) }, 'r-2'),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('20') })),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('20') }), 'r-2'),
    (s) => s.control({ type: 'PolicyActivated', policy_text: policyText({ position: '0.01' }) }, { run: '*' }),
    (s) => s.control({ type: 'PolicyActivated', policy_text: 'no policy' }, { run: '*' }),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('20') })),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('20') }), 'r-2'),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('20') }), 'r-2'),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('21') }), 'r-2'),
    (s) => s.record('order-intents', 'r-2', Buffer.from('poison')),
    (s) => s.control({ type: 'RunEnded' }, { run: '*' }),
    (s) => s.intent(intentOf({ intent_id: 'late', timestamp: seconds(100) }), 'r-2'),
  );
  const both = await ask(shard, policyText());
  expect(answers(both.pairs)).toEqual([
    'DENY SYS-002 -> DENY SYS-002',
    'ALLOW 20 -> ALLOW 20',
    'ALLOW 20 -> ALLOW 20',
    'DENY EXP-001 -> ALLOW 20, filled at 200',
    'DENY EXP-001 -> ALLOW 20, filled at 200',
    'DENY SYS-002 -> DENY SYS-002',
  ]);
  expect(both.tally.policyActivationsLeftOut).toBe(2);
  const one = await ask(shard, policyText(), new Set(['r-1']));
  expect(answers(one.pairs)).toEqual(['ALLOW 20 -> ALLOW 20', 'DENY EXP-001 -> ALLOW 20, filled at 200']);
  expect([one.tally.policyActivationsLeftOut, one.tally.decisions, one.ends.length]).toEqual([1, 2, 1]);
});

it('passes over what was set aside for a schema that nobody knew, though it is known now', async () => {
  const shard = await begun((s) => s.started());
  const unknown = shard.intent(intentOf({ intent_id: 'unknown' }));
  const bytes = Buffer.from(unknown.value ?? []);
  bytes.writeUInt32BE(999, 1);
  await shard.feed({ ...unknown, value: bytes }, shard.intent(intentOf({ intent_id: 'known', qty: decimal('50') })));
  expect(await shard.deadLetters()).toHaveLength(1);
  const { ids, schemas } = freshSchemas();
  const codec = new Codec({ ids, schemas: new Map([...schemas, [999, schemaText('OrderIntent')]]) });
  expect(codec.decodeValue('order-intents', bytes).ok).toBe(true);
  const { pairs } = await ask({ bus: shard.bus, codec }, policyText());
  expect(answers(pairs)).toEqual(['ALLOW 50 -> ALLOW 50']);
});

it('counts stops by the recorded kill switch that it keeps', async () => {
  const shard = await begun(
    (s) => s.started({ policy_text: policyText({ tripAfter: 1 }) }),
    (s) => s.intent(intentOf({ intent_id: 'a', qty: decimal('20') })),
    (s) => s.intent(intentOf({ intent_id: 'b', qty: decimal('60') })),
    (s) => s.execution(executionOf({ intent_id: 'a', event: 'ORDER_REJECTED', code: 'KILL_SWITCH', qty: decimal('20'), price: null, cum_qty: ZERO })),
  ); // prettier-ignore
  const outcome = await ask(shard, policyText({ position: '0.5' }));
  expect(outcome.tally.trips.recorded).toEqual({ RULE: 0, COUNT: 1, OPERATOR: 0 });
  expect(outcome.tally.trips.other).toEqual({ RULE: 0, COUNT: 0, OPERATOR: 0 });
  expect(outcome.tally.killSwitchStopsKept).toBe(1);
});

it('refuses a log that does not follow from its inputs', async () => {
  const shard = await begun((s) => s.started(), (s) => s.intent(intentOf())); // prettier-ignore
  const forged = await begun((s) => s.started({ policy_text: policyText({ position: '0.001' }) }), (s) => s.intent(intentOf())); // prettier-ignore
  const inputs = new TestShard();
  for (const topic of ['control-events', 'market-prices', 'order-intents'] as const)
    await inputs.publish(...(await shard.all(topic)));
  for (const topic of ['audit-records', 'policy-state'] as const) await inputs.publish(...(await forged.all(topic)));
  await expect(ask(inputs, policyText())).rejects.toThrow(/audit-records\/0@1: does not follow from its input/);
});
