import fc from 'fast-check';
import { decimal, minus, plus, plusNotional, times, wholeDecimal, ZERO, type Decimal, type Notional } from '../contracts/decimal';
import type { BrokerFill } from './broker';
import { fillGrowth, type AppliedFills } from './fillGrowth';

const NOTHING: AppliedFills = { cumQty: ZERO, notional: 0n as Notional };
const fill = (qty: string, price: string, cumQty: string): BrokerFill => ({
  qty: decimal(qty),
  price: decimal(price),
  cumQty: decimal(cumQty),
});
const report = (filledQty: string, averagePrice: string | null, fills: readonly BrokerFill[] = []) => ({
  filledQty: decimal(filledQty),
  averagePrice: averagePrice === null ? null : decimal(averagePrice),
  fills,
});
const applied = (cumQty: string, notional: string): AppliedFills => ({
  cumQty: decimal(cumQty),
  notional: times(decimal(notional), decimal('1')),
});

describe('fills by growth of what the broker shows', () => {
  it('is one fill of all, at the average, when nothing was published', () =>
    expect(fillGrowth(report('5', '10.5'), NOTHING)).toEqual({
      fills: [fill('5', '10.5', '5')],
      unpriced: ZERO,
      restated: false,
    }));
  it('gives the growth the price that explains the new average', () =>
    expect(fillGrowth(report('8', '11'), applied('5', '50')).fills).toEqual([
      // (11 * 8 - 50) / 3 = 38 / 3
      fill('3', '12.666666666666666667', '8'),
    ]));
  it('waits for a price that is not shown yet', () =>
    expect(fillGrowth(report('5', null), applied('2', '20'))).toEqual({ fills: [], unpriced: decimal('3'), restated: false }));
  it.each(['5', '4'])('gives nothing for a report of %s when 5 are published', (qty) =>
    expect(fillGrowth(report(qty, '99'), applied('5', '50'))).toEqual({ fills: [], unpriced: ZERO, restated: false }),
  );
  it('says that an average was restated when only a price of zero or less explains it', () =>
    expect(fillGrowth(report('10', '5'), applied('9', '90'))).toEqual({
      fills: [fill('1', '-40', '10')],
      unpriced: ZERO,
      restated: true,
    }));
  it('leaves unpriced, and says so, what no decimal can hold', () => {
    const grown = fillGrowth(report('10000000000', '10000000000000000000'), applied('9999999999.99', '1'));
    expect(grown).toEqual({ fills: [], unpriced: decimal('0.01'), restated: true });
  });
});

describe('fills from executions', () => {
  const told = [fill('2', '10', '2'), fill('3', '11', '5'), fill('4', '12', '9')];
  it('takes those that are new, in any order, each once', () =>
    expect(fillGrowth(report('9', null, [...told, ...told].reverse()), applied('2', '20')).fills).toEqual(told.slice(1)));
  it('cuts one that is published in part, and one that the report does not count yet', () =>
    expect(fillGrowth(report('7', null, told), applied('3', '31')).fills).toEqual([fill('2', '11', '5'), fill('2', '12', '7')]));
  it('fills what executions lag behind by growth', () =>
    // 12 * 9 - 53 = 55 for 4
    expect(fillGrowth(report('9', '12', told.slice(0, 2)), NOTHING).fills).toEqual([
      ...told.slice(0, 2),
      fill('4', '13.75', '9'),
    ]));
  it('does not use executions beyond a gap', () =>
    expect(fillGrowth(report('9', null, told.slice(1)), NOTHING)).toEqual({
      fills: [],
      unpriced: decimal('9'),
      restated: false,
    }));
});

/** Executions in whole shares at prices of two places, and reports of them in any order, late, repeated, with or without rows and price. */
const history = fc
  .array(fc.record({ qty: fc.integer({ min: 1, max: 9 }), cents: fc.integer({ min: 1, max: 100_000 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((executions) => {
    let cumQty = ZERO;
    return executions.map(({ qty, cents }): BrokerFill => {
      cumQty = plus(cumQty, wholeDecimal(qty));
      return { qty: wholeDecimal(qty), price: (BigInt(cents) * 10n ** 16n) as Decimal, cumQty };
    });
  });
const look = fc.record({
  known: fc.nat(),
  priced: fc.boolean(),
  rows: fc.option(fc.nat(), { nil: undefined }),
  mixed: fc.boolean(),
});

const averageOf = (executions: readonly BrokerFill[]): Decimal | null => {
  const qty = executions.at(-1)?.cumQty ?? ZERO;
  if (qty === ZERO) return null;
  const notional = executions.reduce((sum, { qty: each, price }) => sum + each * price, 0n);
  return (notional / qty) as Decimal;
};

describe('any reports of an order', () => {
  it('publishes every share once, in order, never more than is shown, and in the end all of them at what they cost', () =>
    fc.assert(
      fc.property(history, fc.array(look, { maxLength: 12 }), (executions, looks) => {
        const all = executions.length;
        const last = { known: all, priced: true, rows: undefined, mixed: false };
        let state = NOTHING;
        const published: BrokerFill[] = [];
        for (const { known, priced, rows, mixed } of [...looks, last]) {
          const shown = executions.slice(0, known % (all + 1));
          const reported = known === all ? executions : shown;
          const told = rows === undefined ? [] : executions.slice(0, rows % (all + 1));
          const filledQty = reported.at(-1)?.cumQty ?? ZERO;
          const grown = fillGrowth(
            {
              filledQty,
              averagePrice: priced ? averageOf(reported) : null,
              fills: mixed ? [...told].reverse() : [...told, ...told],
            },
            state,
          );
          for (const each of grown.fills) {
            expect(each.qty > ZERO).toBe(true);
            expect(minus(each.cumQty, each.qty)).toBe(state.cumQty);
            expect(each.cumQty <= filledQty).toBe(true);
            published.push(each);
            state = { cumQty: each.cumQty, notional: plusNotional(state.notional, times(each.qty, each.price)) };
          }
          if (filledQty > state.cumQty) expect(grown.unpriced).toBe(minus(filledQty, state.cumQty));
          else expect(grown.unpriced).toBe(ZERO);
        }
        const total = executions.at(-1)?.cumQty ?? ZERO;
        expect(published.reduce((sum, { qty }) => plus(sum, qty), ZERO)).toBe(total);
        const cost = executions.reduce((sum, { qty, price }) => sum + qty * price, 0n);
        const off: bigint = state.notional - cost;
        // The average and each price are rounded to 10^-18 of a dollar a share.
        expect(off <= 2n * total && off >= -2n * total).toBe(true);
      }),
    ));
});
