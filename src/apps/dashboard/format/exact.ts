/**
 * Decimals as people read them, from their digits alone: nothing is rounded unless the name says so, and no double is computed with. A JSON number
 * is written with the shortest digits that mean the same double, which are those that the server wrote.
 */
import type { Exact } from '../api/documents';

export const NOTHING = '–';
const MINUS = '\u2212';
const SHAPE = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

interface Digits {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

/** Undefined: it is no decimal. Exponents are written out; zeros at the end of the fraction stay as they were sent. */
const digitsOf = (value: Exact): Digits | undefined => {
  const found = SHAPE.exec(String(value).trim());
  if (found === null) return undefined;
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = found;
  return { negative: sign === '-', ...shifted(whole, fraction, Number(exponent)) };
};

/** Times ten to the power of `places`. */
const shifted = (whole: string, fraction: string, places: number): { readonly whole: string; readonly fraction: string } => {
  const digits = whole + fraction;
  const point = whole.length + places;
  const left = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0');
  const right = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point);
  return { whole: left.replace(/^0+(?=\d)/, ''), fraction: right };
};

const grouped = (whole: string): string => whole.replace(/\B(?=(\d{3})+$)/g, ',');

const written = ({ negative, whole, fraction }: Digits): string =>
  `${negative && /[1-9]/.test(whole + fraction) ? MINUS : ''}${grouped(whole)}${fraction === '' ? '' : `.${fraction}`}`;

/** All digits, thousands apart. What is no decimal is shown as it is. */
export const exactText = (value: Exact | null | undefined): string => {
  if (value === null || value === undefined) return NOTHING;
  const digits = digitsOf(value);
  return digits === undefined ? String(value) : written(digits);
};

/** With so many places, rounded half away from zero: for figures beside a gauge, where the exact text is the tooltip. */
export const roundedText = (value: Exact | null | undefined, places: number): string => {
  if (value === null || value === undefined) return NOTHING;
  const digits = digitsOf(value);
  return digits === undefined ? String(value) : written(rounded(digits, places));
};

/** A fraction as percent, with so many places. */
export const percentText = (value: Exact | null | undefined, places = 2): string => {
  if (value === null || value === undefined) return NOTHING;
  const digits = digitsOf(value);
  if (digits === undefined) return String(value);
  return `${written(rounded({ ...digits, ...shifted(digits.whole, digits.fraction, 2) }, places))} %`;
};

const rounded = ({ negative, whole, fraction }: Digits, places: number): Digits => {
  if (fraction.length <= places) return { negative, whole, fraction: fraction.padEnd(places, '0') };
  const up = fraction.charCodeAt(places) >= '5'.charCodeAt(0) ? 1n : 0n;
  const scaled = (BigInt(whole + fraction.slice(0, places)) + up).toString().padStart(places + 1, '0');
  return { negative, whole: scaled.slice(0, scaled.length - places), fraction: scaled.slice(scaled.length - places) };
};

/** For the length of a bar alone. */
export const roughly = (value: Exact | null | undefined): number => {
  const number = value === null || value === undefined ? 0 : Number(value);
  return Number.isFinite(number) ? number : 0;
};
