import fc from 'fast-check';
import { anyDecimal, anySide } from '../../test/support/situations';
import { decimal } from '../contracts/decimal';
import { RULE_IDS } from '../contracts/messages';
import { IntentRegister } from './intentRegister';
import type { IntentState } from './intentRegister';

const anyState: fc.Arbitrary<IntentState> = fc.record({
  seq: fc.nat(2 ** 31 - 1),
  digest: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  decision: fc.constantFrom('ALLOW' as const, 'MODIFY' as const, 'DENY' as const),
  strategy_id: fc.string({ unit: 'binary', maxLength: 12 }),
  symbol: fc.constantFrom('AAPL', '__proto__', ',,'),
  side: anySide,
  qty: fc.oneof(
    fc.constant(decimal('0')),
    anyDecimal(0, 1_000, 18),
    fc.constant(decimal('99999999999999999999.999999999999999999')),
  ),
  cum_qty: fc.oneof(fc.constant(decimal('0')), anyDecimal(0, 1_000, 18)),
  status: fc.constantFrom(
    'NONE' as const,
    'WORKING' as const,
    'FILLED' as const,
    'REJECTED' as const,
    'CANCELLED' as const,
    'EXPIRED' as const,
  ),
  decided_at: fc.nat(2 ** 31).map((n) => 1_771_925_400_000 + n),
  rule_ids: fc.subarray([...RULE_IDS]),
});

it('gives back what it was given, packed or not', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__'), anyState, fc.boolean())), (steps) => {
      const register = new IntentRegister();
      const model = new Map<string, IntentState>();
      for (const [id, state, pack] of steps) {
        register.set(id, state);
        model.set(id, state);
        if (pack) register.packClosed();
        for (const [known, expected] of model) expect(register.get(known)).toEqual(expected);
        expect([register.size, register.has('d')]).toEqual([model.size, false]);
        expect(new Set(register.ids())).toEqual(new Set(model.keys()));
        expect([...register.working()].length).toBe([...model.values()].filter(({ status }) => status === 'WORKING').length);
      }
    }),
  ));

it('forgets what is dropped', () => {
  const register = new IntentRegister();
  const [state] = fc.sample(anyState, 1);
  for (const id of ['a', 'b']) register.set(id, state!);
  register.packClosed();
  register.set('c', state!);
  for (const id of ['a', 'c']) register.delete(id);
  expect(register.ids()).toEqual(['b']);
  expect([...register.all()]).toHaveLength(1);
});
