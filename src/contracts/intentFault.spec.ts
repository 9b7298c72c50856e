import { exampleIntent } from './avro/examples';
import { decimal, ZERO } from './decimal';
import { intentFault, nameFault } from './intentFault';
import type { OrderIntent } from './messages';

it.each<[string, Partial<OrderIntent>]>([
  ['as it is', {}],
  ['with an offset and no fraction', { timestamp: '2026-02-24T09:30:01+00:00' }],
  ['for a market order', { order_type: 'market', limit_price: null }],
  ['with a limit of zero', { limit_price: ZERO }],
  [
    'with names of any script',
    { strategy_id: 'Ströme', account_id: '😀', instrument: { symbol: '__proto__', asset_class: 'fx' } },
  ],
])('accepts an intent %s', (_, change) => expect(intentFault({ ...exampleIntent, ...change })).toBeUndefined());

it.each<[string, Partial<OrderIntent>]>([
  ['intent_id', { intent_id: '' }],
  ['intent_id', { intent_id: 'a\u0000' }],
  ['strategy_id', { strategy_id: 'a\u007fb' }],
  ['account_id', { account_id: 'a\u009f' }],
  ['instrument.symbol', { instrument: { symbol: '😀\n', asset_class: 'fx' } }],
  ['instrument.symbol', { instrument: { symbol: '\udc00', asset_class: 'fx' } }],
  ['timestamp', { timestamp: '2026-02-24 09:30:01' }],
  ['timestamp', { timestamp: '2026-02-24T09:30:01+01:00' }],
  ['qty', { qty: ZERO }],
  ['qty', { qty: decimal('-1') }],
  ['limit_price', { limit_price: decimal('-0.5') }],
])('names %s', (field, change) =>
  expect(intentFault({ ...exampleIntent, ...change })).toMatch(new RegExp(`^${field} (is|has) .*: expected`)),
);

it('tells half a surrogate pair from a whole one', () => {
  expect(nameFault('a😀b')).toBeUndefined();
  expect(nameFault('a\ud83d')).toContain('surrogate');
  expect(nameFault('😀\ud83d')).toContain('surrogate');
});
