/**
 * The model's own arithmetic: amounts are bigints in units of 10^-18, products of two of them in units of 10^-36. Nothing is rounded but what is
 * shown, and nothing of the product's decimals is used: two mistakes of one kind must not agree.
 * Source: design, "Determinism" (arithmetic); avro/Decimal18.avsc, avro/Notional36.avsc.
 */

export const ONE = 10n ** 18n;
/** First amount, first product that cannot be written down. */
const AMOUNT_END = 10n ** 38n;
const PRODUCT_END = 10n ** 76n;

/** Two's complement, big-endian, of 16 or 32 bytes. */
export const figureOf = (bytes: Uint8Array): bigint => {
  const words = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let figure = words.readBigInt64BE(0);
  for (let at = 8; at < words.length; at += 8) figure = (figure << 64n) | words.readBigUInt64BE(at);
  return figure;
};

export const optionalFigure = (bytes: Uint8Array | null): bigint | null => (bytes === null ? null : figureOf(bytes));

export const sizeOf = (figure: bigint): bigint => (figure < 0n ? -figure : figure);
export const isAmount = (figure: bigint): boolean => sizeOf(figure) < AMOUNT_END;
export const isProduct = (figure: bigint): boolean => sizeOf(figure) < PRODUCT_END;

/** Half to even; the divisor is above zero. */
export const roundedQuotient = (dividend: bigint, divisor: bigint): bigint => {
  let rest = dividend % divisor;
  if (rest < 0n) rest += divisor;
  const below = (dividend - rest) / divisor;
  const doubled = rest * 2n;
  const isUp = doubled > divisor || (doubled === divisor && below % 2n !== 0n);
  return isUp ? below + 1n : below;
};

const SIX_PLACES = 10n ** 12n;

/** An amount with six places. */
export const toSixPlaces = (amount: bigint): bigint => roundedQuotient(amount, SIX_PLACES) * SIX_PLACES;
/** A product over an amount above zero, with six places. */
export const shareShown = (product: bigint, of: bigint): bigint => roundedQuotient(product, of * SIX_PLACES) * SIX_PLACES;

const NUMBER = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/;
const LONGEST_NUMBER = 100;
/** More would be spent on a number that is none of ours anyway. */
const LONGEST_SHIFT = 1_000;
const PLACES = 18;

/** Whether an unquoted text of YAML means a number, whatever its size. */
export const isNumber = (text: string): boolean => NUMBER.test(text);

/** The amount that a text names, to the last digit; undefined: none, or one with more than 18 places or from 10^20 on. */
export const amountOfText = (text: string): bigint | undefined => {
  if (text.length > LONGEST_NUMBER || !isNumber(text)) return undefined;
  const [mantissa = '', power = '0'] = text.replace(/^[-+]/, '').split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = PLACES - fraction.length + Number(power);
  if (Math.abs(shift) > LONGEST_SHIFT) return undefined;
  const digits = BigInt(whole + fraction);
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n;
  if (digits % divisor !== 0n) return undefined;
  const amount = shift < 0 ? digits / divisor : digits * 10n ** BigInt(shift);
  if (!isAmount(amount)) return undefined;
  return text.startsWith('-') ? -amount : amount;
};

/** For messages: an amount as a person writes it. */
export const told = (amount: bigint | null): string => {
  if (amount === null) return 'none';
  const digits = sizeOf(amount)
    .toString()
    .padStart(PLACES + 1, '0');
  const text = `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`.replace(/\.?0+$/, '');
  return amount < 0n ? `-${text}` : text;
};
