import { executionOf } from '../../../test/support/situations';
import { ZERO } from '../../contracts/decimal';
import type { PublishedDecision } from '../../contracts/messages';
import type { GatewayOrder } from '../../gateway/orders';
import { orderOf } from '../../gateway/orders';
import { nextStep } from './nextStep';
import type { LoggedDecision, LoggedResolution } from './orderHistory';

const decided = (order: unknown): LoggedDecision => ({ offset: 0, at: 0, decision: { order } as PublishedDecision });
const ordered = (fields: Partial<GatewayOrder>): GatewayOrder => ({
  ...orderOf(executionOf()),
  venue: 'alpaca:paper',
  orderId: 'b-1',
  changedAt: 10,
  ...fields,
});
const word = (at: number): LoggedResolution => ({
  actor: 'alice',
  reason: 'x',
  at,
  offset: 3,
  resolution: { type: 'OrderResolved', intent_id: 'i-1', outcome: 'CANCELLED', cum_qty: ZERO, price: null },
});

it.each<readonly [GatewayOrder | undefined, LoggedDecision | undefined, readonly LoggedResolution[], RegExp]>([
  [undefined, undefined, [], /^nothing: the intent is not decided/],
  [undefined, decided(null), [], /^nothing: the intent was denied$/],
  [undefined, decided({}), [], /^a gateway sends it/],
  [ordered({ phase: 'submitting' }), decided({}), [], /^it is on its way/],
  [ordered({ phase: 'open' }), decided({}), [], /until it has ended$/],
  [ordered({ phase: 'open', cancelling: true }), decided({}), [], /has it cancelled until the broker shows/],
  [ordered({ phase: 'open' }), decided({}), [word(20)], /^the gateway looks at it every few seconds/],
  [ordered({ phase: 'open', venue: '' }), decided({}), [], /^nothing: no gateway has sent it/],
  [ordered({ phase: 'unknown', orderId: '' }), decided({}), [], /looks it up by its client order id/],
  [ordered({ phase: 'unknown', orderId: '' }), decided({}), [word(9)], /looks it up by its client order id/],
  [ordered({ phase: 'unknown' }), decided({}), [], /^the gateway looks at it until the broker or an operator/],
  [ordered({ phase: 'unknown' }), decided({}), [word(10)], /takes it for CANCELLED, as alice said$/],
  [ordered({ phase: 'ended', status: 'FILLED' }), decided({}), [], /^nothing: the order has ended$/],
  [ordered({ phase: 'ended', status: 'CANCELLED' }), decided({}), [], /^nothing, though a fill that the broker reports late/],
  [ordered({ phase: 'ended', status: 'REJECTED', orderId: '' }), decided({}), [], /^nothing: the order has ended$/],
])('%#: what comes next', (order, decision, resolutions, said) =>
  expect(nextStep({ order, decision, resolutions })).toMatch(said),
);
