/** What another policy would have decided, over any history, against a shard that really lived under the other policy. */
import fc from 'fast-check';
import { decimal, minus, ZERO } from '../../src/contracts/decimal';
import type { Decimal } from '../../src/contracts/decimal';
import type { ControlPayload, PublishedDecision } from '../../src/contracts/messages';
import { paperOutcome } from '../../src/domain/paperOutcome';
import type { OutgoingRecord } from '../../src/processor/bus';
import { policyText, START } from '../support/shard';
import type { TestShard } from '../support/shard';
import { anyDecimal, anySide, executionOf, intentOf, portfolioOf } from '../support/situations';
import { ask, begun } from '../support/whatIf';

type Step =
  | { readonly type: 'intent'; readonly id: number; readonly run: number; readonly symbol: number; readonly side: 'buy' | 'sell'; readonly qty: Decimal; readonly limit: number | null; readonly strategy: number }
  | { readonly type: 'price'; readonly symbol: number; readonly price: number | null }
  | { readonly type: 'control'; readonly which: number; readonly run: number }
  | { readonly type: 'execution'; readonly order: number; readonly tenths: number; readonly ends: boolean }
  | { readonly type: 'wait'; readonly seconds: number }; // prettier-ignore

const steps = (executions: boolean): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          type: fc.constant('intent' as const),
          id: fc.nat(60),
          run: fc.nat(2),
          symbol: fc.nat(2),
          side: anySide,
          qty: anyDecimal(1, 60, 2),
          limit: fc.option(fc.integer({ min: 100, max: 450 }), { freq: 2 }),
          strategy: fc.nat(1),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          type: fc.constant('price' as const),
          symbol: fc.nat(2),
          price: fc.option(fc.integer({ min: 150, max: 450 }), { freq: 12 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('control' as const), which: fc.nat(7), run: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: fc.nat(40) }) },
      ...(executions
        ? [
            {
              weight: 5,
              arbitrary: fc.record({
                type: fc.constant('execution' as const),
                order: fc.nat(30),
                tenths: fc.nat(12),
                ends: fc.boolean(),
              }),
            },
          ]
        : []),
    ),
    { minLength: 10, maxLength: 70 },
  );

const RUNS = ['r-1', 'r-2', 'never-started'];
const SYMBOLS = ['AAPL', 'MSFT', 'LATE'];

/** A shard that lives through these steps under one policy. `paper`: the paper broker fills at once; else executions are the steps' own. */
const lived = async (history: readonly Step[], policy: string, paper: boolean): Promise<TestShard> => {
  const shard = await begun(
    (s) => s.started({ policy_text: policy }),
    (s) => s.started({ policy_text: policy, portfolio: portfolioOf({ MSFT: '5', AAPL: '-7.5' }), equity_mode: 'marked' }, 'r-2'),
  );
  let clock = START;
  let decided = 0;
  for (const step of history) {
    if (step.type === 'wait') {
      clock += step.seconds * 1_000;
      continue;
    }
    await shard.feed(await recordOf(shard, step, clock, policy));
    const decisions = await shard.decisions();
    for (const decision of paper ? decisions.slice(decided) : []) await fill(shard, decision);
    decided = decisions.length;
  }
  return shard;
};

const recordOf = async (shard: TestShard, step: Exclude<Step, { type: 'wait' }>, clock: number, policy: string): Promise<OutgoingRecord> => {
  switch (step.type) {
    case 'intent': {
      const { id, symbol, side, qty, limit, strategy } = step;
      const limits = limit === null ? {} : ({ order_type: 'limit', limit_price: decimal(String(limit)) } as const);
      const intent = intentOf({ intent_id: `i-${id}`, symbol: SYMBOLS[symbol] ?? '', side, qty, strategy_id: `s-${strategy}`, timestamp: new Date(clock).toISOString(), ...limits }); // prettier-ignore
      return shard.intent(intent, RUNS[step.run] ?? '');
    }
    case 'price':
      return shard.price(SYMBOLS[step.symbol] ?? '', step.price === null ? null : String(step.price), clock);
    case 'control': {
      const run = [...RUNS, '*'][step.run] ?? '*';
      const figures = { equity: decimal('90000'), start_of_day_equity: decimal('91000'), peak_equity: decimal('92000') };
      const payloads: readonly ControlPayload[] = [
        { type: 'KillSwitchTripped' },
        { type: 'KillSwitchReset' },
        { type: 'KillSwitchReset' },
        { type: 'PortfolioUpdated', ...figures, positions: null },
        { type: 'PortfolioUpdated', ...figures, positions: new Map([['AAPL', decimal('3')]]) },
        { type: 'SessionRolled' },
        { type: 'PolicyActivated', policy_text: policy },
        step.run === 1 ? { type: 'RunEnded' } : { type: 'PolicyActivated', policy_text: 'not a policy' },
      ];
      return shard.control(payloads[step.which] ?? { type: 'SessionRolled' }, { run, at: clock });
    }
    case 'execution': {
      const admitted = (await shard.decisions()).filter(({ order }) => order !== null);
      const { run_id, intent_id, order } = admitted[step.order % Math.max(1, admitted.length)] ?? { run_id: 'r-1', intent_id: 'ghost', order: intentOf() };
      const { qty, side, instrument } = order ?? intentOf();
      const cum_qty = ((qty * BigInt(step.tenths)) / 10n) as Decimal;
      const leaves_qty = step.ends || cum_qty > qty ? ZERO : minus(qty, cum_qty);
      const event = step.ends ? 'ORDER_CANCELLED' : 'ORDER_FILLED';
      return shard.execution(executionOf({ event, run_id, intent_id, symbol: instrument.symbol, side, cum_qty, leaves_qty }), clock);
    }
  }
}; // prettier-ignore

/** As the paper broker answers, at the run's clock. */
const fill = async (shard: TestShard, { order, reference_price, run_id, intent_id, clock }: PublishedDecision): Promise<void> => {
  if (order === null || reference_price === null) return;
  const outcome = paperOutcome(order, reference_price);
  const done = outcome.type === 'filled' ? { qty: order.qty, price: outcome.price, cum_qty: order.qty } : { qty: null, price: null, cum_qty: ZERO, event: 'ORDER_REJECTED' } as const; // prettier-ignore
  await shard.feed(
    shard.execution(
      executionOf({ run_id, intent_id, symbol: order.instrument.symbol, side: order.side, leaves_qty: ZERO, ...done }),
      clock,
    ),
  );
};

const anyPolicy = fc
  .record({
    position: fc.constantFrom('0.03', '0.1', '0.4'),
    tripOn: fc.constantFrom('', '"LOSS-001"', '"EXP-001"'),
    tripAfter: fc.constantFrom(2, 8, 1_000),
    mode: fc.constantFrom('enforce', 'enforce', 'monitor'),
  })
  .map(policyText);

/** All of a decision but its number: what is left out of the other course of events leaves no record there. */
const bodyOf = (decision: PublishedDecision): unknown => ({ ...decision, seq: 0 });

it('finds no change with the policy of the record, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(steps(true), anyPolicy, fc.boolean(), async (history, policy, paper) => {
      const shard = await lived(history, policy, paper);
      const { pairs, tally, ends } = await ask(shard, policy);
      expect(pairs.map(({ other }) => bodyOf(other))).toEqual((await shard.decisions()).map(bodyOf));
      for (const { recorded, other } of ends) expect(other).toEqual(recorded);
      expect([tally.changed, tally.assumedFills.size, tally.assumedRejections, tally.executionsLeftOut]).toEqual([0, 0, 0, 0]);
      expect(tally.trips.other).toEqual(tally.trips.recorded);
    }),
    { numRuns: 60 },
  );
}, 120_000);

it('says of another policy what a shard decides that really lives under it, where orders fill at once', async () => {
  let changes = 0;
  await fc.assert(
    fc.asyncProperty(steps(false), anyPolicy, anyPolicy, async (history, policy, otherPolicy) => {
      const shard = await lived(history, policy, true);
      const otherwise = await lived(history, otherPolicy, true);
      const { pairs, tally, ends } = await ask(shard, otherPolicy);
      expect(pairs.map(({ other }) => bodyOf(other))).toEqual((await otherwise.decisions()).map(bodyOf));
      const truth = await ask(otherwise, otherPolicy);
      expect(ends.map(({ other }) => other)).toEqual(truth.ends.map(({ recorded }) => recorded));
      expect(tally.trips.other).toEqual(truth.tally.trips.recorded);
      changes += tally.changed;
    }),
    { numRuns: 60 },
  );
  expect(changes).toBeGreaterThan(100);
}, 120_000);
