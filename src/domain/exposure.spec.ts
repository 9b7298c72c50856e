import fc from 'fast-check';
import { anyDecimal, anySide } from '../../test/support/situations';
import type { Decimal } from '../contracts/decimal';
import { decimal, largerNotional, magnitude, minus, NO_NOTIONAL, plus, plusNotional, times } from '../contracts/decimal';
import type { Side } from '../contracts/messages';
import { Exposure } from './exposure';

const SYMBOLS = ['AAPL', 'MSFT', '__proto__', 'constructor'] as const;
const anySymbol = fc.constantFrom(...SYMBOLS);

type Step =
  | { readonly type: 'price'; readonly symbol: string; readonly price: Decimal | undefined }
  | { readonly type: 'work'; readonly symbol: string; readonly side: Side; readonly qty: Decimal }
  | { readonly type: 'fill'; readonly symbol: string; readonly side: Side; readonly qty: Decimal };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('price' as const),
    symbol: anySymbol,
    price: fc.option(anyDecimal(1, 900, 8), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('work' as const), symbol: anySymbol, side: anySide, qty: anyDecimal(1, 50, 8) }),
  fc.record({ type: fc.constant('fill' as const), symbol: anySymbol, side: anySide, qty: anyDecimal(1, 50, 8) }),
);

const play = (steps: readonly Step[]): { exposure: Exposure; prices: Map<string, Decimal> } => {
  const prices = new Map<string, Decimal>();
  const exposure = new Exposure(prices);
  for (const step of steps) {
    if (step.type === 'price') {
      const before = prices.get(step.symbol);
      if (step.price === undefined) prices.delete(step.symbol);
      else prices.set(step.symbol, step.price);
      exposure.reprice(step.symbol, before);
    } else if (step.type === 'work') exposure.addWorking(step.symbol, step.side, step.qty);
    else exposure.fill(step.symbol, step.side, step.qty, decimal('0'));
  }
  return { exposure, prices };
};

/** From scratch, as the design says it. */
const recomputed = ({ exposure, prices }: ReturnType<typeof play>, without?: string) => {
  let gross = NO_NOTIONAL;
  let netBuy = NO_NOTIONAL;
  let netSell = NO_NOTIONAL;
  for (const [symbol, { qty, workingBuy, workingSell }] of exposure.positions) {
    const price = prices.get(symbol);
    if (price === undefined || symbol === without) continue;
    const buy = times(plus(qty, workingBuy), price);
    const sell = times(minus(qty, workingSell), price);
    gross = plusNotional(gross, largerNotional(magnitude(buy), magnitude(sell)));
    netBuy = plusNotional(netBuy, buy);
    netSell = plusNotional(netSell, sell);
  }
  return { gross, netBuy, netSell };
};

describe('running totals', () => {
  it('equal a recomputation from scratch, to the last digit, however long they ran', () =>
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 300 }), anySymbol, anySide, (steps, symbol, side) => {
        const played = play(steps);
        expect(played.exposure.totals()).toEqual(recomputed(played));
        const { gross, netBuy, netSell } = recomputed(played, symbol);
        expect(played.exposure.others(symbol, side)).toEqual({ gross, net: side === 'buy' ? netBuy : netSell });
      }),
      { numRuns: 300 },
    ));

  it('do not depend on the order of prices and fills of different symbols', () =>
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), fc.infiniteStream(fc.nat(1_000)), (steps, draws) => {
        // A random interleaving that keeps each symbol's own order: what is left commutes.
        const queues = SYMBOLS.map((symbol) => steps.filter((step) => step.symbol === symbol));
        const shuffled: Step[] = [];
        while (shuffled.length < steps.length) {
          const waiting = queues.filter((queue) => queue.length > 0);
          const step = waiting[draws.next().value % waiting.length]?.shift();
          if (step !== undefined) shuffled.push(step);
        }
        expect(play(shuffled).exposure.totals()).toEqual(play(steps).exposure.totals());
      }),
    ));

  it('do not depend on whether a price or a fill of one symbol came first', () =>
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 2, maxLength: 60 }), fc.nat(), (steps, draw) => {
        const at = draw % (steps.length - 1);
        const [a, b] = [steps[at]!, steps[at + 1]!];
        fc.pre((a.type === 'price') !== (b.type === 'price') || (a.type === 'fill' && b.type === 'fill'));
        const swapped = [...steps.slice(0, at), b, a, ...steps.slice(at + 2)];
        expect(play(swapped).exposure.totals()).toEqual(play(steps).exposure.totals());
      }),
    ));

  it('name the first symbol that is held or working and has no price', () => {
    const { exposure } = play([
      { type: 'price', symbol: 'MSFT', price: decimal('1') },
      { type: 'work', symbol: 'MSFT', side: 'buy', qty: decimal('1') },
    ]);
    expect(exposure.firstUnpriced).toBeNull();
    exposure.addWorking('__proto__', 'buy', decimal('1'));
    exposure.addWorking('AAPL', 'sell', decimal('1'));
    expect(exposure.firstUnpriced).toBe('AAPL');
  });
});
