import { executionOf } from '../../test/support/situations';
import { decimal, times, ZERO } from '../contracts/decimal';
import type { OrderResolved } from '../contracts/messages';
import type { GatewayOrder } from './orders';
import { orderOf } from './orders';
import { resolutionFault } from './resolution';

/** 10 shares, 4 of them filled at 100. */
const order: GatewayOrder = {
  ...orderOf(executionOf({ qty: decimal('10') })),
  cumQty: decimal('4'),
  notional: times(decimal('4'), decimal('100')),
};
const untouched = { ...order, cumQty: ZERO, notional: times(ZERO, ZERO) };
const word = (outcome: OrderResolved['outcome'], cum: string, price: string | null): OrderResolved => ({
  type: 'OrderResolved',
  intent_id: 'i-1',
  outcome,
  cum_qty: decimal(cum),
  price: price === null ? null : decimal(price),
});

it.each([
  [order, word('FILLED', '10', '101')],
  [order, word('CANCELLED', '4', null)],
  [order, word('EXPIRED', '6', '99')],
  [untouched, word('REJECTED', '0', null)],
])('what can be so has no fault: %#', (of, said) => {
  expect(resolutionFault(of, said)).toBeUndefined();
});

it.each([
  [order, word('CANCELLED', '3', '100'), 'cum_qty is 3: 4 of 10 are filled on record; expected at least that'],
  [order, word('FILLED', '8000', '1'), 'cum_qty is 8000: expected at most 10, the whole order'],
  [order, word('REJECTED', '4', null), 'cum_qty is 4: expected 0, since nothing of a rejected order is filled'],
  [order, word('REJECTED', '0', null), 'cum_qty is 0: 4 of 10 are filled on record; expected at least that'],
  [
    order,
    word('FILLED', '6', '100'),
    'cum_qty is 6: expected 10, the whole order; of one that was filled in part say how the rest ended',
  ],
  [order, word('CANCELLED', '6', null), 'price is missing: expected the average of all 6 that were filled'],
  [order, word('CANCELLED', '6', '0'), 'price is 0: expected the average of all that was filled, above 0'],
  [untouched, word('FILLED', '10', '-1'), 'price is -1: expected the average of all that was filled, above 0'],
  [
    order,
    word('FILLED', '10', '1'),
    'price is 1: cannot be the average of all 10, since the rest would have cost nothing or less',
  ],
])('what cannot be so is told: %#', (of, said, fault) => {
  expect(resolutionFault(of, said)).toBe(fault);
});
