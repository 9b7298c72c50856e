import fc from 'fast-check';
import { anyDecimal, anyFacts, anyIntent, anyLimits, baseLimits, factsOf, intentOf } from '../../test/support/situations';
import type { Decimal, Notional } from '../contracts/decimal';
import { decimal, formatDecimal, times } from '../contracts/decimal';
import type { Facts, OrderIntent, Verdict } from '../contracts/messages';
import { decide } from './decide';
import { largestAllowed } from './largestAllowed';
import type { AppliedLimits } from './limits';

const STEP = decimal('0.00000001');
const verdict = (intent: OrderIntent, limits: AppliedLimits, facts: Facts, qty: bigint): Verdict =>
  decide({ ...intent, qty: qty as Decimal }, limits, facts).decision;
const answer = (intent: Partial<OrderIntent> = {}, facts: Partial<Facts> = {}, limits: Partial<AppliedLimits> = {}) => {
  const { qty, binding } = largestAllowed(intentOf(intent), { ...baseLimits, ...limits }, factsOf(facts));
  return [qty === null ? null : formatDecimal(qty), binding?.rule_id];
};
const worth = (text: string): Notional => times(decimal(text), decimal('1'));
const exposureOf = (fields: Readonly<Record<string, string>>) => ({
  exposure: {
    ...baseLimits.exposure,
    ...Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, decimal(text)])),
  },
});

describe('examples', () => {
  it('the position, the gross or the net exposure binds, whichever comes first', () => {
    expect(answer()).toEqual(['50', 'EXP-001']);
    expect(answer({}, { price: decimal('3000') })).toEqual(['3.33333333', 'EXP-001']);
    expect(answer({}, { other_gross: worth('199000') })).toEqual(['5', 'EXP-002']);
    expect(answer({}, { other_net: worth('98000') })).toEqual(['10', 'EXP-003']);
  });

  it('working orders of its side are in the way, those of the other are not', () => {
    expect(answer({}, { working_buy_qty: decimal('20'), working_sell_qty: decimal('7') })).toEqual(['30', 'EXP-001']);
    expect(answer({ side: 'sell' }, { working_buy_qty: decimal('20'), working_sell_qty: decimal('7') })).toEqual([
      '43',
      'EXP-001',
    ]);
  });

  it('a sale goes through zero to the cap on the short side', () =>
    expect(answer({ side: 'sell' }, { position_qty: decimal('30') })).toEqual(['80', 'EXP-001']));

  it('a position over its cap takes no more, and an exit from it may be large', () => {
    expect(answer({}, { position_qty: decimal('60') })).toEqual(['0', 'EXP-001']);
    // The least that is allowed is 10: what is smaller leaves the position over its cap.
    expect(answer({ side: 'sell' }, { position_qty: decimal('60') })).toEqual(['110', 'EXP-001']);
  });

  it('nothing is allowed where each limit leaves room for itself, and not for the other', () => {
    // At least 250 must be sold for the net, at most 50 for the position.
    const facts = { other_net: worth('150000'), other_gross: worth('150000') };
    expect(answer({ side: 'sell' }, facts)).toEqual(['0', 'EXP-003']);
  });

  it('rules that do not depend on the quantity forbid any', () => {
    expect(answer({}, { kill_switch_active: true })).toEqual(['0', 'KILL-001']);
    expect(answer({}, { equity: decimal('90000') })).toEqual(['0', 'LOSS-001']);
    expect(answer({}, { orders_last_60s_strategy: 10 })).toEqual(['0', 'EXEC-002']);
    expect(answer({}, { price: null })).toEqual(['0', 'SYS-001']);
    expect(answer({}, { unpriced_symbol: 'MSFT' })).toEqual(['0', 'SYS-001']);
    expect(answer({ order_type: 'limit' })).toEqual(['0', 'SYS-002']);
    expect(answer({}, { equity: decimal('0') })).toEqual(['0', 'SYS-002']);
  });

  it('in monitor mode nothing bounds it, unless it cannot be judged', () => {
    expect(answer({}, { kill_switch_active: true }, { mode: 'monitor' })).toEqual([null, undefined]);
    expect(answer({}, { price: null }, { mode: 'monitor' })).toEqual(['0', 'SYS-001']);
  });

  it('what is worth next to nothing is bounded by what can be written down alone', () => {
    expect(answer({}, { price: 1n as Decimal })).toEqual([null, undefined]);
    expect(answer({}, { price: decimal('0.0000000000000001') })).toEqual([null, undefined]);
    expect(answer({}, { price: 1n as Decimal, position_qty: decimal('1') })).toEqual([
      '99999999999999999998.99999999',
      'SYS-002',
    ]);
  });

  it('a share that can still be shown is the bound of limits that are larger', () => {
    const limits = exposureOf({ max_position_pct: '1', max_gross_exposure_x: '99999999999999999999' });
    const most = { equity: decimal('0.000001'), price: decimal('1'), other_gross: worth('9999999999999') };
    expect(answer({}, most, limits)[1]).toBe('LOSS-001');
    const day = { ...most, start_of_day_equity: most.equity, peak_equity: most.equity };
    expect(answer({}, day, limits)).toEqual(['0.000001', 'EXP-001']);
    expect(answer({}, { ...day, other_gross: worth('9999999999999.999999') }, limits)).toEqual(['0.00000099', 'SYS-002']);
  });
});

const anyOne = fc
  .record({
    intent: anyIntent.map((intent) => ({ ...intent, limit_price: intent.limit_price ?? decimal('1') })),
    limits: anyLimits,
    facts: anyFacts,
    calm: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    price: fc.oneof(
      anyDecimal(1, 900),
      anyDecimal(1, 900, 18),
      fc.bigInt(1n, 10n ** 22n).map((n) => n as Decimal),
    ),
  })
  .map(({ intent, limits, facts, calm, price }) => {
    const { equity } = facts;
    const quiet = { start_of_day_equity: equity, peak_equity: equity, kill_switch_active: false };
    return { intent, limits, facts: { ...facts, price, ...(calm ? quiet : {}) } };
  });

describe('properties', () => {
  it('it is allowed, one step more is not, and the rule that is named is one that the next step breaks', () =>
    fc.assert(
      fc.property(anyOne, ({ intent, limits, facts }) => {
        const { qty, binding } = largestAllowed(intent, limits, facts);
        if (qty === null) {
          expect(limits.mode === 'monitor' || facts.price < decimal('0.001')).toBe(true);
          return;
        }
        expect(qty % STEP).toBe(0n);
        if (qty > 0n) expect(verdict(intent, limits, facts, qty)).toBe('ALLOW');
        const next = decide({ ...intent, qty: (qty + STEP) as Decimal }, limits, facts);
        expect(next.decision).not.toBe('ALLOW');
        expect(next.violations).toContainEqual(binding);
      }),
      { numRuns: 3_000 },
    ));

  it('no larger quantity is allowed', () =>
    fc.assert(
      fc.property(
        anyOne,
        fc.array(fc.oneof(fc.bigInt(1n, 10n ** 27n), fc.bigInt(1n, 10n ** 13n), fc.bigInt(1n, 100n)), { maxLength: 20 }),
        ({ intent, limits, facts }, more) => {
          const { qty } = largestAllowed(intent, limits, facts);
          fc.pre(qty !== null);
          for (const steps of more) expect(verdict(intent, limits, facts, qty + steps * STEP)).not.toBe('ALLOW');
        },
      ),
      { numRuns: 1_500 },
    ));

  it('whatever is allowed or offered by MODIFY is not more', () =>
    fc.assert(
      fc.property(anyOne, ({ intent, limits, facts }) => {
        const { order } = decide(intent, limits, facts);
        fc.pre(order !== null);
        const { qty } = largestAllowed(intent, limits, facts);
        expect(qty === null || qty >= (order.qty / STEP) * STEP).toBe(true);
      }),
      { numRuns: 1_500 },
    ));
});
