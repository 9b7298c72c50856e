import { intentOf } from '../../../test/support/situations';
import { decimal } from '../../contracts/decimal';
import type { OrderIntent } from '../../contracts/messages';
import { simBroker } from './sim';

const submit = (fields: Partial<OrderIntent>, number = 1) =>
  simBroker.submit({ runId: 'r-1', intent: intentOf(fields), referencePrice: decimal('200'), number });
const limit = (side: 'buy' | 'sell', price: string) => submit({ side, order_type: 'limit', limit_price: decimal(price) });

it('fills a market order whole, at the reference price', async () =>
  expect(await submit({}, 12)).toEqual({ type: 'filled', orderId: 'SIM-000012', qty: decimal('10'), price: decimal('200') }));

it.each([
  ['buy', '200', 'filled'],
  ['buy', '200.01', 'filled'],
  ['buy', '199.99', 'rejected'],
  ['sell', '200', 'filled'],
  ['sell', '199.99', 'filled'],
  ['sell', '200.01', 'rejected'],
] as const)('a limit order to %s at %s, with the market at 200, is %s', async (side, price, type) => {
  const outcome = await limit(side, price);
  expect(outcome.type).toBe(type);
  if (outcome.type === 'filled') expect(outcome.price).toBe(decimal('200'));
});

it('rejects a limit order without a limit', async () =>
  expect(await submit({ order_type: 'limit' })).toMatchObject({ type: 'rejected', reason: expect.stringContaining('limit') }));
