import { decimal as d } from '../../../src/contracts/decimal';
import { Market, type MarketOptions } from './market';
import type { NewOrder } from './marketOrder';
import { BEHAVIOURS, fillWhen } from './orderScript';

const marketOf = (options: Partial<MarketOptions> = {}): Market =>
  new Market({ cash: d('1000'), orderId: (index) => `o-${index}`, ...options });
const buy = (fields: Partial<NewOrder> = {}): NewOrder => ({
  clientOrderId: 'c-1',
  symbol: 'A',
  side: 'buy',
  qty: d('10'),
  ...fields,
});

describe('a simulated market', () => {
  it('keeps cash, positions and averages of partial fills', () => {
    const market = marketOf({ otherwise: 'rest', prices: { A: d('3') } });
    const { id } = market.make(buy());
    market.fill(id, d('4'), d('1'));
    market.fill(id, undefined, d('2'));
    expect(market.order(id)).toMatchObject({ status: 'filled', filledQty: d('10'), averagePrice: d('1.6') });
    expect(market.fills.map(({ qty, cumQty }) => [qty, cumQty])).toEqual([
      [d('4'), d('4')],
      [d('6'), d('10')],
    ]);
    expect(market.cash).toBe(d('984'));
    expect(market.positions.get('A')).toBe(d('10'));
    expect(market.equity()).toBe(d('1014'));
  });

  it('sells into a short position, and forgets a position of nothing', () => {
    const market = marketOf();
    const sell = market.make(buy({ side: 'sell', clientOrderId: 'c-2' }));
    market.moment(sell, 'answered');
    expect(market.positions.get('A')).toBe(d('-10'));
    expect(market.available('A')).toBe(d('10'));
    market.moment(market.make(buy()), 'answered');
    expect([...market.positions]).toEqual([]);
    expect(market.cash).toBe(d('1000'));
  });

  it('rounds an average to 8 places, half to even', () => {
    const market = marketOf({ otherwise: 'rest' });
    const { id } = market.make(buy({ qty: d('3') }));
    market.fill(id, d('1'), d('1'));
    market.fill(id, d('2'), d('2'));
    expect(market.order(id)?.averagePrice).toBe(d('1.66666667'));
  });

  it('says which names were used twice, and what was filled under each', () => {
    const market = marketOf({ otherwise: 'rest' });
    market.make(buy());
    market.fill(market.make(buy()).id, d('2'));
    market.make(buy({ clientOrderId: 'c-2' }));
    market.foreignOrder(buy({ clientOrderId: '' }));
    market.foreignOrder(buy({ clientOrderId: '' }));
    expect(market.doubled()).toEqual(['c-1']);
    expect([...market.filledByClientOrderId()]).toEqual([
      ['c-1', d('2')],
      ['c-2', d('0')],
    ]);
  });

  it('lists what is open in the order in which it was made', () => {
    const market = marketOf({ otherwise: 'rest' });
    const [a, b, c] = ['a', 'b', 'c'].map((clientOrderId) => market.make(buy({ clientOrderId })));
    expect(market.openOrders()).toEqual([a, b, c]);
    market.cancelled('b');
    expect(market.openOrders()).toEqual([a, c]);
    const e = market.make(buy({ clientOrderId: 'e' }));
    market.fill('a', d('1'));
    expect(market.openOrders()).toEqual([a, c, e]);
  });

  it('takes a fill after the cancel, and refuses more than the order has', () => {
    const market = marketOf({ otherwise: 'rest' });
    const order = market.make(buy());
    market.cancelled('c-1');
    market.fill('c-1', d('4'));
    expect(order).toMatchObject({ status: 'cancelled', filledQty: d('4') });
    expect(() => market.fill('c-1', d('7'))).toThrow(RangeError);
    expect(() => market.cancelled('c-1')).toThrow('cannot be cancelled');
    market.fill('c-1');
    expect(order.status).toBe('filled');
  });

  it('fills what is marketable after the acknowledgement, and lets the rest rest', () => {
    const market = marketOf({ prices: { A: d('5') } });
    const made = [
      buy({ type: 'limit', limitPrice: d('5') }),
      buy({ type: 'limit', limitPrice: d('4.99') }),
      buy({ side: 'sell', type: 'limit', limitPrice: d('5.01') }),
      buy({ side: 'sell', type: 'limit', limitPrice: d('4') }),
    ].map((fields) => market.make(fields));
    expect(made.map(({ status }) => status)).toEqual(['open', 'open', 'open', 'open']);
    for (const order of made) market.moment(order, 'answered');
    expect(made.map(({ status }) => status)).toEqual(['filled', 'open', 'open', 'filled']);
  });

  it('takes the steps of a script one after the other, each at its moment', () => {
    const market = marketOf({
      orders: [
        { symbol: 'B', steps: BEHAVIOURS.rest },
        { nth: 2, steps: [fillWhen('made', '1'), fillWhen('shown', '2'), fillWhen('shown', '3'), fillWhen('cancelled')] },
      ],
    });
    const rests = market.make(buy({ symbol: 'B' }));
    const order = market.make(buy());
    const filled = [order.filledQty];
    for (const moment of ['answered', 'cancelled', 'shown', 'shown', 'shown', 'cancelled'] as const) {
      market.moment(order, moment);
      filled.push(order.filledQty);
    }
    market.moment(rests, 'answered');
    expect(rests.status).toBe('open');
    expect(filled).toEqual(['1', '1', '1', '3', '6', '6', '10'].map(d));
  });

  it('never lets a scripted step go against what has happened since', () => {
    const market = marketOf({ orders: [{ steps: [{ when: 'shown', event: { type: 'expire' } }, fillWhen('shown')] }] });
    const order = market.make(buy());
    market.fill('c-1');
    market.moment(order, 'shown');
    market.moment(order, 'shown');
    expect(order).toMatchObject({ status: 'filled', filledQty: d('10') });
  });

  it('waits for a step that comes by itself', async () => {
    const market = marketOf({ orders: [{ times: 1, steps: [fillWhen({ afterMs: 1 }, '2'), fillWhen({ afterMs: 1 })] }] });
    const order = market.make(buy());
    expect(order.filledQty).toBe(0n);
    while (order.status === 'open') await new Promise((resolve) => setTimeout(resolve, 1));
    expect(order.fills).toHaveLength(2);
    const second = market.make(buy());
    market.moment(second, 'answered');
    expect(second.status).toBe('filled');
  });

  it('gives each event a time of its own, in order, also when the clock stands still or goes back', () => {
    let now = 1_000;
    const market = marketOf({ now: () => now-- });
    const times = Array.from({ length: 2_500 }, () => market.make(buy()).madeAt).map(({ ms, micros }) => ms * 1_000 + micros);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(new Set(times).size).toBe(2_500);
  });

  it('logs what happened', () => {
    const market = marketOf({ otherwise: 'rest' });
    market.received('c-1');
    market.refused('c-1', 'no');
    const order = market.make(buy());
    market.fill('c-1', d('1'));
    market.askCancel(order);
    expect(market.askCancel(order)).toBe(false);
    expect(market.log.map(({ type }) => type)).toEqual([
      'received',
      'refused',
      'made',
      'filled',
      'cancelAsked',
      'cancelled',
      'cancelAsked',
    ]);
    expect(market.log.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
