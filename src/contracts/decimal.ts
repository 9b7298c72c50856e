/**
 * Exact decimals: the only numbers that money, prices and quantities are ever kept in.
 *
 * A `Decimal` is a bigint in units of 10^-18, below 10^20 in magnitude: Avro `decimal(38,18)`. A `Notional` is the exact product of two
 * Decimals (quantity × price, or a fraction × equity), in units of 10^-36. Nothing here rounds, unless its name says so.
 * Source: design, "Determinism"; contracts, "Strict input".
 */

declare const scale: unique symbol;
/** An exact decimal: a bigint in units of 10^-18, below 10^20 in magnitude. Made by `decimal` or `parseDecimal`, shown by `formatDecimal`. */
export type Decimal = bigint & { readonly [scale]: 18 };
export type Notional = bigint & { readonly [scale]: 36 };

const FRACTION_DIGITS = 18;
const ONE_18 = 10n ** 18n;

export const ZERO = 0n as Decimal;
export const ONE = ONE_18 as Decimal;
export const NO_NOTIONAL = 0n as Notional;

/** The first magnitude that is too large: 10^20, in units of 10^-18. */
const DECIMAL_BOUND = 10n ** 38n;
/** The first magnitude of a product that is too large: 10^40, in units of 10^-36. */
const NOTIONAL_BOUND = 10n ** 76n;

/** Why a text is no Decimal: not a number, more than 18 fraction digits, or 10^20 and above. */
export type DecimalFault = 'syntax' | 'fraction' | 'magnitude';

const NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,6}))?$/;

/** Reads a number in JSON's grammar (`-12.50`, `1e-7`), to the last digit; what does not fit is a fault, never a rounding. */
export const parseDecimal = (text: string): Decimal | DecimalFault => {
  const match = NUMBER.exec(text);
  if (match === null) return 'syntax';
  const [, sign, whole = '0', fraction = '', exponent] = match;
  let digits = whole + fraction;
  let fractionDigits = fraction.length - (exponent === undefined ? 0 : Number.parseInt(exponent, 10));
  if (fractionDigits > FRACTION_DIGITS) {
    // Zeros at the end are no digits that could be lost.
    let zeros = 0;
    while (zeros < digits.length && digits.charCodeAt(digits.length - 1 - zeros) === 48) zeros += 1;
    if (zeros === digits.length) return ZERO;
    const dropped = fractionDigits - FRACTION_DIGITS;
    if (zeros < dropped) return 'fraction';
    digits = digits.slice(0, digits.length - dropped);
    fractionDigits = FRACTION_DIGITS;
  }
  const padding = FRACTION_DIGITS - fractionDigits;
  if (digits.length + padding > 39) {
    const significant = digits.replace(/^0+/, '');
    if (significant === '') return ZERO;
    if (significant.length + padding > 38) return 'magnitude';
    digits = significant;
  }
  const magnitude = BigInt(digits + '0'.repeat(padding));
  if (magnitude >= DECIMAL_BOUND) return 'magnitude';
  return (sign === '-' ? -magnitude : magnitude) as Decimal;
};

/** A Decimal of a literal in the source, such as `decimal('0.1')`; throws on what `parseDecimal` refuses. */
export const decimal = (text: string): Decimal => {
  const parsed = parseDecimal(text);
  if (typeof parsed === 'string') throw new RangeError(`\`${text}\` is no decimal(38,18): ${parsed}`);
  return parsed;
};

/** A whole number (a count, a limit of orders per minute) as a Decimal. */
export const wholeDecimal = (count: number): Decimal => (BigInt(count) * ONE_18) as Decimal;

/** Plain decimal text, no exponent, no trailing zeros: `-0.5`, `37`, `0.00000001`. */
export const formatDecimal = (value: Decimal): string => {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(FRACTION_DIGITS + 1, '0');
  let end = digits.length;
  const point = digits.length - FRACTION_DIGITS;
  while (end > point && digits.charCodeAt(end - 1) === 48) end--;
  const text = end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
  return negative ? `-${text}` : text;
};

/** `value` with exactly `places` (0 to 18) fraction digits, rounded half-even: Python's `format(value, '.4f')`. */
export const formatFixed = (value: Decimal, places: number): string => {
  const unit = 10n ** BigInt(FRACTION_DIGITS - places);
  const rounded = divideHalfEven(value, unit);
  const digits = (rounded < 0n ? -rounded : rounded).toString().padStart(places + 1, '0');
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return value < 0n ? `-${text}` : text;
};

/**
 * A Decimal in a JSON document: a number when a reader with IEEE doubles gets the same decimal back, else the plain text.
 * Every decimal of at most 15 digits survives a double; longer ones are tried.
 */
export const decimalToJson = (value: Decimal): number | string => {
  const text = formatDecimal(value);
  const number = Number.parseFloat(text);
  if (text.length <= 15) return number;
  return parseDecimal(String(number)) === value ? number : text;
};

/** The exact product of two Decimals. */
export const times = (a: Decimal, b: Decimal): Notional => (a * b) as Notional;

/** `value` as a Notional: multiplied by one. */
export const toNotional = (value: Decimal): Notional => (value * ONE_18) as Notional;

export const plus = (a: Decimal, b: Decimal): Decimal => (a + b) as Decimal;
export const minus = (a: Decimal, b: Decimal): Decimal => (a - b) as Decimal;
export const negated = (a: Decimal): Decimal => -a as Decimal;
export const magnitude = <T extends Decimal | Notional>(a: T): T => (a < 0n ? -a : a) as T;
export const smaller = (a: Decimal, b: Decimal): Decimal => (a < b ? a : b);
export const plusNotional = (a: Notional, b: Notional): Notional => (a + b) as Notional;
export const minusNotional = (a: Notional, b: Notional): Notional => (a - b) as Notional;
export const largerNotional = (a: Notional, b: Notional): Notional => (a > b ? a : b);

/** Whether a sum of Decimals still is one (below 10^20). */
export const inBounds = (value: Decimal): boolean => value < DECIMAL_BOUND && value > -DECIMAL_BOUND;
/** Whether a sum of Notionals can still be written down (below 10^40). */
export const notionalInBounds = (value: Notional): boolean => value < NOTIONAL_BOUND && value > -NOTIONAL_BOUND;

/** `value` rounded half-even to a Decimal's 18 places; may be out of its bounds. */
export const toDecimal = (value: Notional): Decimal => divideHalfEven(value, ONE_18) as Decimal;

const PLACES_6 = 10n ** 12n;
const PLACES_8 = 10n ** 10n;

/** numerator / denominator rounded half-even to 6 places, for what is shown. The denominator is above zero. */
export const ratio6 = (numerator: Notional, denominator: Decimal): Decimal =>
  (divideHalfEven(numerator, denominator * PLACES_6) * PLACES_6) as Decimal;

/** `value` rounded half-even to 6 places, for what is shown. */
export const rounded6 = (value: Decimal): Decimal =>
  value % PLACES_6 === 0n ? value : ((divideHalfEven(value, PLACES_6) * PLACES_6) as Decimal);

/** numerator / denominator rounded *down* (towards zero) to 8 places: the largest quantity that still fits. */
export const quantityDown8 = (value: Notional, price: Decimal): Decimal => ((value / (price * PLACES_8)) * PLACES_8) as Decimal;

/**
 * numerator / denominator for display, "unrounded" as far as a reader with doubles can follow: 15 significant digits, at most 18 places,
 * half-even. So it is always a number in JSON.
 */
export const ratioShown = (numerator: Notional, denominator: Decimal): Decimal => {
  const quotient: bigint = numerator / denominator;
  const digits = (quotient < 0n ? -quotient : quotient).toString().length;
  const unit = digits > 15 ? 10n ** BigInt(digits - 15) : 1n;
  return (divideHalfEven(numerator, denominator * unit) * unit) as Decimal;
};

/** Integer division, half to even. The denominator is above zero. */
const divideHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  if (rest === 0n) return quotient;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < denominator || (twice === denominator && (quotient & 1n) === 0n)) return quotient;
  return numerator < 0n ? quotient - 1n : quotient + 1n;
};
