import fc from 'fast-check';
import type { Decimal, Notional } from './decimal';
import {
  decimal,
  decimalToJson,
  formatDecimal,
  formatFixed,
  inBounds,
  notionalInBounds,
  parseDecimal,
  quantityDown8,
  ratio6,
  ratioShown,
  rounded6,
  times,
  toNotional,
  wholeDecimal,
} from './decimal';

const BOUND = 10n ** 38n;
const anyDecimal = fc.bigInt(-BOUND + 1n, BOUND - 1n).map((n) => n as Decimal);

describe('reading', () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['-0.0', 0n],
    ['1', 10n ** 18n],
    ['-12.50', -125n * 10n ** 17n],
    ['33.333333333333336', 33333333333333336n * 1000n],
    ['0.000000000000000001', 1n],
    ['1e-18', 1n],
    ['1E3', 10n ** 21n],
    ['12.5e-1', 125n * 10n ** 16n],
    ['0.1000000000000000000000', 10n ** 17n],
    ['99999999999999999999.999999999999999999', BOUND - 1n],
    ['0e999999', 0n],
    ['0.00000000000000000000000', 0n],
  ])('takes %s to the last digit', (text, value) => expect(parseDecimal(text)).toBe(value));

  it.each([
    ['0.0000000000000000001', 'fraction'],
    ['1e-19', 'fraction'],
    ['1.0000000000000000001', 'fraction'],
    ['100000000000000000000', 'magnitude'],
    ['1e20', 'magnitude'],
    ['-1e20', 'magnitude'],
    ['1e400', 'magnitude'],
    ['1e999999', 'magnitude'],
    ['1e9999999', 'syntax'],
    ['', 'syntax'],
    ['.5', 'syntax'],
    ['5.', 'syntax'],
    ['+5', 'syntax'],
    ['05', 'syntax'],
    ['1_000', 'syntax'],
    [' 1', 'syntax'],
    ['0x10', 'syntax'],
    ['NaN', 'syntax'],
    ['Infinity', 'syntax'],
  ])('refuses %s', (text, fault) => expect(parseDecimal(text)).toBe(fault));

  it('throws for a literal that is none', () => expect(() => decimal('ten')).toThrow('`ten` is no decimal(38,18): syntax'));

  it('costs little, whatever the text', () => {
    const zeros = '0'.repeat(60_000);
    for (const text of [`0.${zeros}1`, `1${zeros}`, `0.1${zeros}1`, `1e${zeros}`])
      expect(typeof parseDecimal(text)).toBe('string');
  });
});

describe('writing', () => {
  it('reads back what it wrote, as text and as JSON', () =>
    fc.assert(
      fc.property(anyDecimal, (value) => {
        expect(parseDecimal(formatDecimal(value))).toBe(value);
        const json = decimalToJson(value);
        expect(parseDecimal(typeof json === 'number' ? JSON.stringify(json) : json)).toBe(value);
      }),
    ));

  it('writes a number only where a double gives the same decimal back', () => {
    expect(decimalToJson(decimal('0.1'))).toBe(0.1);
    expect(decimalToJson(decimal('33.333333333333336'))).toBe(33.333333333333336);
    expect(decimalToJson(decimal('0.123456789012345678'))).toBe('0.123456789012345678');
    expect(decimalToJson(decimal('12345678901234567890'))).toBe('12345678901234567890');
  });

  it.each([
    ['0.12345', 4, '0.1234'],
    ['0.12355', 4, '0.1236'],
    ['-0.12345', 4, '-0.1234'],
    ['2', 4, '2.0000'],
    ['1.5', 0, '2'],
    ['2.5', 0, '2'],
  ])('rounds %s to %d places half-even: %s', (text, places, shown) => expect(formatFixed(decimal(text), places)).toBe(shown));
});

describe('rounding, where a name says so', () => {
  it('is half-even to 6 places', () => {
    expect(rounded6(decimal('0.0000005'))).toBe(0n);
    expect(rounded6(decimal('0.0000015'))).toBe(decimal('0.000002'));
    expect(ratio6(toNotional(decimal('-1')), decimal('3'))).toBe(decimal('-0.333333'));
    expect(ratio6(toNotional(decimal('2')), decimal('3'))).toBe(decimal('0.666667'));
  });

  it('is down to 8 places for a quantity that must fit', () =>
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 50n), fc.bigInt(1n, 10n ** 24n), (value, price) => {
        const quantity = quantityDown8(value as Notional, price as Decimal);
        expect(quantity % 10n ** 10n).toBe(0n);
        expect(quantity * price <= value).toBe(true);
        expect((quantity + 10n ** 10n) * price > value).toBe(true);
      }),
    ));

  it('keeps 15 digits of a ratio that is shown, so that it always is a number in JSON', () =>
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 60n), 10n ** 60n), fc.bigInt(1n, 10n ** 30n), (numerator, denominator) => {
        const shown = ratioShown(numerator as Notional, denominator as Decimal);
        fc.pre(inBounds(shown));
        expect(typeof decimalToJson(shown)).toBe('number');
        const error = shown * denominator - numerator;
        const unit = shown === 0n ? denominator : (shown * denominator) / 10n ** 14n;
        expect((error < 0n ? -error : error) <= (unit < 0n ? -unit : unit) + denominator).toBe(true);
      }),
    ));
});

it('multiplies exactly', () => {
  expect(times(decimal('0.000000000000000001'), decimal('0.000000000000000001'))).toBe(1n);
  expect(times(wholeDecimal(3), decimal('0.5'))).toBe(toNotional(decimal('1.5')));
});

it('knows its bounds', () => {
  expect([inBounds((BOUND - 1n) as Decimal), inBounds(BOUND as Decimal), inBounds(-BOUND as Decimal)]).toEqual([
    true,
    false,
    false,
  ]);
  expect([notionalInBounds((10n ** 76n - 1n) as Notional), notionalInBounds((10n ** 76n) as Notional)]).toEqual([true, false]);
});
