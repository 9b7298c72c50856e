import fc from 'fast-check';
import { decimal, wholeDecimal, type Decimal } from '../../../contracts/decimal';
import { sideOf, type TradierSide } from './side';
import { brokerOrder } from './testTradier';

const side = (side: 'buy' | 'sell', qty: number, held: number, openBuys = 0, openSells = 0) => {
  const [q, h, b, s] = [qty, held, openBuys, openSells].map(wholeDecimal) as [Decimal, Decimal, Decimal, Decimal];
  const answer = sideOf(brokerOrder({ intent: { side, qty: q }, held: h, openBuys: b, openSells: s }));
  return typeof answer === 'string' ? answer : answer.code;
};

describe('the side of an order', () => {
  it.each([
    ['sell', 10, 10, 0, 0, 'sell'],
    ['sell', 11, 10, 0, 0, 'CROSSES_ZERO'],
    ['sell', 5, 10, 0, 5, 'sell'],
    ['sell', 6, 10, 0, 5, 'CROSSES_ZERO'],
    // What an open buy will add is not there to be sold yet.
    ['sell', 11, 10, 5, 0, 'CROSSES_ZERO'],
    ['sell', 5, 0, 0, 0, 'sell_short'],
    ['sell', 5, 0, 0, 100, 'sell_short'],
    ['sell', 5, -3, 0, 0, 'sell_short'],
    ['sell', 5, -3, 3, 0, 'sell_short'],
    // The open buy could make it long before this one fills.
    ['sell', 5, 0, 1, 0, 'CROSSES_ZERO'],
    ['buy', 5, 0, 0, 0, 'buy'],
    ['buy', 5, 3, 100, 0, 'buy'],
    ['buy', 5, 3, 0, 3, 'buy'],
    ['buy', 5, 0, 0, 1, 'CROSSES_ZERO'],
    ['buy', 5, -5, 0, 0, 'buy_to_cover'],
    ['buy', 6, -5, 0, 0, 'CROSSES_ZERO'],
    ['buy', 2, -5, 3, 0, 'buy_to_cover'],
    ['buy', 3, -5, 3, 0, 'CROSSES_ZERO'],
    ['buy', 6, -5, 0, 9, 'CROSSES_ZERO'],
  ] as const)('%s %d with %d held, %d open to buy, %d open to sell: %s', (...[word, qty, held, buys, sells, expected]) =>
    expect(side(word, qty, held, buys, sells)).toBe(expected),
  );

  it('names all that it looked at', () =>
    expect(
      sideOf(brokerOrder({ intent: { side: 'sell', qty: decimal('6') }, held: decimal('10'), openSells: decimal('5') })),
    ).toEqual({
      code: 'CROSSES_ZERO',
      reason:
        'this sell of 6 could take the position across zero, which Tradier does not allow in one order: held 10, open buys 0, open sells 5; ' +
        'close the position first, then open the other side',
    }));

  it('holds at every fill, whatever fills first: no accepted order crosses zero or fills on the wrong side', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: -10, max: 10 }),
        fc.array(fc.record({ order: fc.boolean(), buy: fc.boolean(), qty: fc.integer({ min: 1, max: 12 }), pick: fc.nat() }), {
          maxLength: 30,
        }),
        (start, steps) => {
          let held = start;
          const open: { side: TradierSide; left: number }[] = [];
          const left = (sign: string): number =>
            open.filter((each) => each.side.startsWith(sign)).reduce((sum, each) => sum + each.left, 0);
          for (const { order, buy, qty, pick } of steps) {
            if (order) {
              const answer = side(buy ? 'buy' : 'sell', qty, held, left('buy'), left('sell'));
              if (answer !== 'CROSSES_ZERO') open.push({ side: answer as TradierSide, left: qty });
              continue;
            }
            const filling = open[pick % Math.max(1, open.length)];
            if (filling === undefined) continue;
            const part = Math.min(filling.left, qty);
            const before = held;
            held += filling.side.startsWith('buy') ? part : -part;
            filling.left -= part;
            if (filling.left === 0) open.splice(open.indexOf(filling), 1);
            const long = filling.side === 'buy' || filling.side === 'sell';
            expect(long ? Math.min(before, held) : -Math.max(before, held)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    ));
});
