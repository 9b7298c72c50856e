import { intentOf } from '../../../test/support/situations';
import { decimal, ZERO } from '../../contracts/decimal';
import type { OrderIntent } from '../../contracts/messages';
import { simBroker } from './sim';

const submit = (fields: Partial<OrderIntent>, number = 1) =>
  simBroker.submit({
    runId: 'r-1',
    clientOrderId: '',
    intent: intentOf(fields),
    referencePrice: decimal('200'),
    submittedAt: 0,
    number,
    held: ZERO,
    openBuys: ZERO,
    openSells: ZERO,
    mayBeSent: () => true,
  });
const limit = (side: 'buy' | 'sell', price: string) => submit({ side, order_type: 'limit', limit_price: decimal(price) });

it('fills a market order whole, at the reference price', async () =>
  expect(await submit({}, 12)).toMatchObject({
    type: 'accepted',
    orderId: 'SIM-000012',
    report: { status: 'filled', filledQty: decimal('10'), averagePrice: decimal('200') },
  }));

it.each([
  ['buy', '200', 'accepted'],
  ['buy', '200.01', 'accepted'],
  ['buy', '199.99', 'rejected'],
  ['sell', '200', 'accepted'],
  ['sell', '199.99', 'accepted'],
  ['sell', '200.01', 'rejected'],
] as const)('a limit order to %s at %s, with the market at 200, is %s', async (side, price, type) => {
  const outcome = await limit(side, price);
  expect(outcome.type).toBe(type);
  if (outcome.type === 'accepted') expect(outcome.report?.averagePrice).toBe(decimal('200'));
});

it('rejects a limit order without a limit', async () =>
  expect(await submit({ order_type: 'limit' })).toMatchObject({ type: 'rejected', code: 'NO_LIMIT_PRICE' }));
