import fc from 'fast-check';
import { alternatives, describeError, pathText, quoted } from './contractError';

it('names file, line, column and path', () => {
  const error = { path: 'limits.loss', message: 'unknown field', line: 3, column: 5, source: 'a.yaml' };
  expect(describeError(error)).toBe('a.yaml:3:5: limits.loss: unknown field');
  expect(describeError({ path: '', message: 'too large', source: 'a.yaml' })).toBe('a.yaml: too large');
  expect(describeError({ path: 'qty', message: 'missing', line: 1, column: 1 })).toBe('qty: missing');
  expect(describeError({ path: 'qty', message: 'missing', line: 2, column: 9 })).toBe('line 2, column 9: qty: missing');
});

it('quotes in a path what is no plain name', () =>
  expect(pathText(['prices', 'BRK B', 'x-1', 0, '__proto__'])).toBe('prices["BRK B"].x-1[0].__proto__'));

it('lists alternatives as a sentence does', () => {
  expect(alternatives(['buy', 'sell', 'hold'])).toBe('`buy`, `sell` or `hold`');
  expect(alternatives(['buy'])).toBe('`buy`');
});

it('shows any text on one line of printable characters', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const shown = quoted(text);
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]|\p{Surrogate}/u);
      expect(shown.length).toBeLessThan(6 * 64 + 5);
    }),
  ));
