/** Exact amounts as JSON: numbers where a double holds them, else texts; and the shares and sums that several documents show. */
import { decimalToJson, magnitude, minus, ratio6, rounded6, toNotional } from '../../../contracts/decimal';
import type { Decimal, Notional } from '../../../contracts/decimal';
import { notionalText, plain } from '../../../contracts/documents/writeDocument';
import type { JsonOut } from '../../../contracts/json/write';

export const amountJson = (value: Decimal): number | string => decimalToJson(value);
export const amountOrNull = (value: Decimal | null): JsonOut => (value === null ? null : decimalToJson(value));
export const notionalJson = (value: Notional): JsonOut => plain(notionalText(value));

/** value / equity, as evidence shows it; null where equity is not above zero. */
export const multipleOf = (value: Notional, equity: Decimal): Decimal | null => (equity > 0n ? ratio6(value, equity) : null);

/** A measured value beside its limit, both rounded to 6 places as in evidence. */
export interface Use {
  readonly value: Decimal | null;
  readonly limit: Decimal | null;
  /** What is left of the limit, in the unit of the value. */
  readonly headroom: Decimal | null;
  /** The part of the limit that is used, to 6 places. */
  readonly used: Decimal | null;
}

/** Of a value that must stay below its limit. */
export const useOf = (value: Decimal | null, limit: Decimal | null): Use => {
  const shown = limit === null ? null : rounded6(limit);
  if (value === null || shown === null || limit === null) return { value, limit: shown, headroom: null, used: null };
  return { value, limit: shown, headroom: minus(shown, value), used: ratio6(toNotional(value), limit) };
};

/** Of a return that must stay above its limit, which is below zero: what is gained uses nothing of it. */
export const lossUseOf = (value: Decimal | null, lossLimit: Decimal): Use => {
  const limit = -rounded6(lossLimit) as Decimal;
  if (value === null) return { value, limit, headroom: null, used: null };
  const lost = value < 0n ? magnitude(value) : (0n as Decimal);
  return { value, limit, headroom: minus(value, limit), used: ratio6(toNotional(lost), lossLimit) };
};

export const useJson = ({ value, limit, headroom, used }: Use): Readonly<Record<string, JsonOut>> => ({
  value: amountOrNull(value),
  limit: amountOrNull(limit),
  headroom: amountOrNull(headroom),
  used: amountOrNull(used),
});
