/** The little arithmetic of a simulated account: products and averages as Decimals, rounded half-even to 8 places as the brokers show them. */
import { decimal, type Decimal, ZERO } from '../../../src/contracts/decimal';

const ONE_18 = 10n ** 18n;
const PLACES_8 = 10n ** 10n;

export const productOf = (a: Decimal, b: Decimal): Decimal => rounded8(a * b, ONE_18);

/** The average price after `qty` more at `price`. */
export const averageOf = (filledQty: Decimal, average: Decimal | null, qty: Decimal, price: Decimal): Decimal =>
  rounded8((average ?? ZERO) * filledQty + price * qty, filledQty + qty);

/** Reads a quantity or price that a client sent; undefined: it is none. */
export const decimalOf = (text: unknown): Decimal | undefined => {
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  try {
    return decimal(String(text));
  } catch {
    return undefined;
  }
};

const rounded8 = (numerator: bigint, denominator: bigint): Decimal => {
  const divisor = denominator * PLACES_8;
  const quotient = numerator / divisor;
  const twice = (numerator % divisor) * 2n;
  const rest = twice < 0n ? -twice : twice;
  const up = rest > divisor || (rest === divisor && (quotient & 1n) === 1n) ? (numerator < 0n ? -1n : 1n) : 0n;
  return ((quotient + up) * PLACES_8) as Decimal;
};
