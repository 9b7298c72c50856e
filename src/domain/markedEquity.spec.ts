import fc from 'fast-check';
import { anyDecimal, anySide, basePolicy, executionOf, portfolioOf } from '../../test/support/situations';
import type { Decimal } from '../contracts/decimal';
import { decimal, formatDecimal, toDecimal, ZERO } from '../contracts/decimal';
import type { EquityMode, ExecutionEvent, PortfolioState } from '../contracts/messages';
import { advanceClock, evolve, reprice } from './evolve';
import type { RunState } from './state';
import { unknownRun } from './state';

const SYMBOLS = ['AAPL', 'MSFT', '__proto__'];

/** A run alone with its prices, told one thing at a time. */
class Told {
  readonly prices = new Map<string, Decimal>();
  readonly run: RunState;
  private orders = 0;

  constructor(
    portfolio: PortfolioState,
    prices: Readonly<Record<string, string>> = {},
    readonly equityMode: EquityMode = 'marked',
  ) {
    for (const [symbol, price] of Object.entries(prices)) this.prices.set(symbol, decimal(price));
    this.run = unknownRun('r-1', this.prices);
    advanceClock(this.run, 1);
    evolve(this.run, {
      type: 'RunStarted',
      accountId: 'a',
      policy: { policy: basePolicy, hash: new Uint8Array(32) },
      portfolio,
      execution: {
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      },
      violationTimes: [],
      prices: this.prices,
      equityMode,
      seq: 0,
    });
  }

  price(symbol: string, price: Decimal | null): this {
    const before = this.prices.get(symbol);
    if (price === null) this.prices.delete(symbol);
    else this.prices.set(symbol, price);
    reprice(this.run, symbol, before);
    return this;
  }

  /** Filled by nobody's order: facts win. */
  fill(fields: Partial<ExecutionEvent>): this {
    const event = executionOf({ intent_id: `x-${++this.orders}`, ...fields });
    evolve(this.run, { type: 'ExecutionReported', event, seq: this.orders });
    return this;
  }

  updated(equity: string, positions: ReadonlyMap<string, Decimal> | null = null): this {
    const figures = { equity: decimal(equity), start_of_day_equity: decimal(equity), peak_equity: decimal(equity) };
    evolve(this.run, { type: 'PortfolioUpdated', account: figures, positions });
    return this;
  }

  rolled(): this {
    evolve(this.run, { type: 'SessionRolled' });
    return this;
  }

  /** Equity, start of day, peak. */
  get figures(): readonly string[] {
    const { equity, start_of_day_equity, peak_equity } = this.run.account;
    return [equity, start_of_day_equity, peak_equity].map(formatDecimal);
  }
}

it('follows prices by what is held, and its peak follows it up', () => {
  const told = new Told(portfolioOf({ AAPL: '100', MSFT: '-10' }), { AAPL: '200', MSFT: '400' });
  expect(told.figures).toEqual(['100000', '100000', '100000']);
  expect(told.price('AAPL', decimal('210')).figures).toEqual(['101000', '100000', '101000']);
  expect(told.price('MSFT', decimal('500')).figures).toEqual(['100000', '100000', '101000']);
  expect(told.price('OTHER', decimal('1')).figures).toEqual(['100000', '100000', '101000']);
});

it('pays what it buys and receives what it sells, at the price of the fill', () => {
  const told = new Told(portfolioOf(), { AAPL: '200' });
  expect(told.fill({ price: decimal('201') }).figures[0]).toBe('99990');
  expect(told.fill({ side: 'sell', price: decimal('203') }).figures[0]).toBe('100020');
  expect(told.run.exposure.positions.size).toBe(0);
  expect(told.price('AAPL', decimal('1')).figures).toEqual(['100020', '100000', '100020']);
});

it('counts the same fill once', () => {
  const told = new Told(portfolioOf(), { AAPL: '200' });
  const half = { intent_id: 'i-1', price: decimal('190'), cum_qty: decimal('5'), leaves_qty: decimal('5') };
  expect(told.fill(half).fill(half).figures[0]).toBe('100050');
  const whole = { ...half, cum_qty: decimal('10'), leaves_qty: ZERO };
  expect(told.fill(whole).fill(half).fill(whole).figures[0]).toBe('100100');
});

it('is as given until every position has a price', () => {
  const told = new Told(portfolioOf({ AAPL: '100', MSFT: '10' }), { AAPL: '200' });
  expect(told.price('AAPL', decimal('150')).figures[0]).toBe('100000');
  expect(told.run.cash).toBeNull();
  expect(told.price('MSFT', decimal('400')).figures[0]).toBe('100000');
  expect(told.price('AAPL', decimal('149')).figures[0]).toBe('99900');
});

it('stays as last marked while a price is withdrawn, and then takes in what happened meanwhile', () => {
  const told = new Told(portfolioOf({ AAPL: '100', MSFT: '10' }), { AAPL: '200', MSFT: '400' });
  told
    .price('MSFT', null)
    .price('AAPL', decimal('210'))
    .fill({ price: decimal('205') });
  expect(told.figures).toEqual(['100000', '100000', '100000']);
  // 100 shares gained 10, ten more gained 5, and MSFT lost 1 on each of 10.
  expect(told.price('MSFT', decimal('399')).figures).toEqual(['101040', '100000', '101040']);
});

it('takes a fill of no price, or of zero, at the price of the market', () => {
  for (const price of [null, ZERO, decimal('-1')]) {
    const told = new Told(portfolioOf(), { AAPL: '200' });
    expect(told.fill({ price }).figures[0]).toBe('100000');
    expect(told.price('AAPL', decimal('201')).figures[0]).toBe('100010');
  }
});

it('takes a fill that nobody can price at the first price there is', () => {
  const told = new Told(portfolioOf());
  expect(told.fill({ price: null }).figures[0]).toBe('100000');
  expect(told.price('AAPL', decimal('200')).figures[0]).toBe('100000');
  expect(told.price('AAPL', decimal('199')).figures[0]).toBe('99990');
});

it('begins anew with new figures', () => {
  const told = new Told(portfolioOf({ AAPL: '100' }), { AAPL: '200', MSFT: '400' }).price('AAPL', decimal('300'));
  expect(told.updated('50000').figures).toEqual(['50000', '50000', '50000']);
  expect(told.price('AAPL', decimal('301')).figures).toEqual(['50100', '50000', '50100']);
  expect(told.updated('60000', new Map([['MSFT', decimal('1')]])).figures[0]).toBe('60000');
  expect(told.price('AAPL', decimal('1')).price('MSFT', decimal('300')).figures[0]).toBe('59900');
});

it('begins the day with the equity of the moment; the peak stays', () => {
  const told = new Told(portfolioOf({ AAPL: '100' }), { AAPL: '200' });
  told.price('AAPL', decimal('220')).price('AAPL', decimal('190'));
  expect(told.rolled().figures).toEqual(['99000', '99000', '102000']);
  const fixed = new Told({ ...portfolioOf(), equity: decimal('97000') }, {}, 'fixed');
  expect(fixed.rolled().figures).toEqual(['97000', '97000', '100000']);
});

it('moves a fixed equity by nothing but figures', () => {
  const told = new Told(portfolioOf({ AAPL: '100' }), { AAPL: '200' }, 'fixed');
  expect(told.price('AAPL', decimal('1')).fill({ price: decimal('9') }).figures).toEqual(['100000', '100000', '100000']);
  expect(told.run.cash).toBeNull();
});

it('stops with the run', () => {
  const told = new Told(portfolioOf({ AAPL: '100' }), { AAPL: '200' });
  evolve(told.run, { type: 'RunEnded' });
  told.run.touched.run = false;
  expect(told.price('AAPL', decimal('1')).figures[0]).toBe('100000');
  expect(told.run.touched.run).toBe(false);
});

it('rounds half to even at the 18th place, once: what is kept is exact', () => {
  const told = new Told(portfolioOf({ AAPL: '0.000000000000000001' }), { AAPL: '1' });
  expect(told.price('AAPL', decimal('1.5')).figures[0]).toBe('100000');
  expect(told.price('AAPL', decimal('1.500000000000000001')).figures[0]).toBe('100000.000000000000000001');
  expect(told.price('AAPL', decimal('2.5')).figures[0]).toBe('100000.000000000000000002');
  expect(told.price('AAPL', decimal('1')).figures[0]).toBe('100000');
});

describe('what fits no decimal', () => {
  const HUGE = decimal('99999999999999999999');

  it('leaves no equity while it lasts', () => {
    const told = new Told(portfolioOf({ AAPL: '2' }), { AAPL: '200' });
    expect(told.price('AAPL', HUGE).figures).toEqual(['0', '100000', '100000']);
    expect(told.price('AAPL', decimal('201')).figures).toEqual(['100002', '100000', '100002']);
  });

  it('leaves none until there are new figures where cash itself is beyond bounds', () => {
    const told = new Told(portfolioOf(), { AAPL: '200' });
    for (const intent_id of ['a', 'b']) {
      const quantity = { intent_id, cum_qty: decimal('49999999999999999999') };
      told
        .fill({ ...quantity, side: 'buy', price: HUGE })
        .fill({ ...quantity, intent_id: `${intent_id}-`, side: 'sell', price: decimal('1') });
    }
    told.fill({ intent_id: 'c', cum_qty: decimal('9'), price: HUGE });
    expect(told.figures[0]).toBe('0');
    expect(told.run.cash).toBeNull();
    expect(told.price('AAPL', decimal('199')).figures[0]).toBe('0');
    expect(told.updated('100000').price('AAPL', decimal('200')).figures[0]).toBe('100009');
  });
});

it('is cash and all positions at their prices, whatever happened in whatever order', () => {
  const anyStep = fc.oneof(
    fc.record({ symbol: fc.constantFrom(...SYMBOLS), price: anyDecimal(1, 900, 18) }),
    fc.record({
      symbol: fc.constantFrom(...SYMBOLS),
      side: anySide,
      cum_qty: anyDecimal(1, 300, 18).filter((qty) => qty > 0n),
      price: anyDecimal(1, 900, 18),
    }),
  );
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const told = new Told(portfolioOf({ AAPL: '12.5' }), { AAPL: '200', MSFT: '400', ['__proto__']: '10' });
      const held = new Map([
        ['AAPL', decimal('12.5')],
        ['MSFT', 0n],
        ['__proto__', 0n],
      ]);
      let cash = (decimal('100000') - decimal('2500')) * 10n ** 18n;
      let peak = decimal('100000');
      for (const step of steps) {
        if ('cum_qty' in step) {
          told.fill(step);
          const signed = step.side === 'buy' ? step.cum_qty : -step.cum_qty;
          held.set(step.symbol, (held.get(step.symbol) ?? 0n) + signed);
          cash -= signed * step.price;
        } else {
          told.price(step.symbol, step.price);
        }
        let worth = 0n;
        for (const [symbol, qty] of held) worth += qty * (told.prices.get(symbol) ?? 0n);
        const equity = toDecimal((cash + worth) as never);
        if (equity > peak) peak = equity;
        expect([told.run.account.equity, told.run.account.peak_equity]).toEqual([equity, peak]);
      }
    }),
  );
});
