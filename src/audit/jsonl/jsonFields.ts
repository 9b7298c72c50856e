/**
 * Fields of a line that a program of ours wrote, by their types. Only that they can be read is asked here: whoever reads a line writes it anew and compares
 * the two, so that no other form of a value passes. What is not there, or of another type, is a LineFault.
 */
import { parseDecimal } from '../../contracts/decimal';
import type { Decimal, Notional } from '../../contracts/decimal';
import { isJsonObject, JsonNumber } from '../../contracts/json/value';
import type { JsonObject, JsonValue } from '../../contracts/json/value';

/** The line is none of ours. */
export class LineFault extends Error {
  override readonly name = 'LineFault';
  constructor(
    readonly expected: string,
    readonly found: string,
  ) {
    super(`expected ${expected}, found ${found}`);
  }
}

const refuse = (name: string, expected: string, value: JsonValue | undefined): never => {
  throw new LineFault(`\`${name}\`: ${expected}`, kindOf(value));
};

const kindOf = (value: JsonValue | undefined): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof JsonNumber) return value.text.slice(0, 60);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
};

export const objectOf = (value: JsonValue | undefined, name: string): JsonObject =>
  isJsonObject(value) ? value : refuse(name, 'an object', value);

export const listOf = (value: JsonValue | undefined, name: string): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : refuse(name, 'a list', value);

export const object = (fields: JsonObject, name: string): JsonObject => objectOf(fields[name], name);
export const list = (fields: JsonObject, name: string): readonly JsonValue[] => listOf(fields[name], name);

export const text = (fields: JsonObject, name: string): string => {
  const value = fields[name];
  return typeof value === 'string' ? value : refuse(name, 'a text', value);
};

export const textOrNull = (fields: JsonObject, name: string): string | null =>
  fields[name] === null ? null : text(fields, name);

export const flag = (fields: JsonObject, name: string): boolean => {
  const value = fields[name];
  return typeof value === 'boolean' ? value : refuse(name, 'true or false', value);
};

export const wholeOf = (value: JsonValue | undefined, name: string): number => {
  const number = value instanceof JsonNumber && /^-?[0-9]{1,16}$/.test(value.text) ? Number(value.text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : refuse(name, 'a whole number', value);
};
export const whole = (fields: JsonObject, name: string): number => wholeOf(fields[name], name);

/** A figure of the wall clock, which is no decimal: as JavaScript holds it. */
export const measured = (fields: JsonObject, name: string): number => {
  const value = fields[name];
  return value instanceof JsonNumber ? Number(value.text) : refuse(name, 'a number', value);
};

export const oneOf = <T extends string>(fields: JsonObject, name: string, of: readonly T[]): T =>
  of.find((one) => one === fields[name]) ?? refuse(name, `one of ${of.join(', ')}`, fields[name]);

/** A number, or a text where a number would be rounded. */
export const decimalOf = (value: JsonValue | undefined, name: string): Decimal => {
  const digits = value instanceof JsonNumber ? value.text : value;
  const read = typeof digits === 'string' && digits.length <= 100 ? parseDecimal(digits) : 'syntax';
  return typeof read === 'bigint' ? read : refuse(name, 'a decimal', value);
};
export const decimal = (fields: JsonObject, name: string): Decimal => decimalOf(fields[name], name);
export const decimalOrNull = (fields: JsonObject, name: string): Decimal | null =>
  fields[name] === null ? null : decimal(fields, name);

const NOTIONAL = /^(-?)([0-9]{1,40})(?:\.([0-9]{1,36}))?$/;
const ONE_18 = 10n ** 18n;

/** A sum of products: up to 36 fraction digits, as a text, or a decimal. */
export const notional = (fields: JsonObject, name: string): Notional => {
  const value = fields[name];
  if (typeof value !== 'string') return (decimal(fields, name) * ONE_18) as Notional;
  const [, sign, digits = '', fraction = ''] = NOTIONAL.exec(value) ?? refuse(name, 'a decimal of at most 36 places', value);
  const magnitude = BigInt(digits + fraction.padEnd(36, '0'));
  return (sign === '-' ? -magnitude : magnitude) as Notional;
};

const digestOf = (value: JsonValue | undefined, name: string): Uint8Array =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
    ? Buffer.from(value, 'hex')
    : refuse(name, '64 hexadecimal digits', value);
export const digest = (fields: JsonObject, name: string): Uint8Array => digestOf(fields[name], name);

export const mapOf = <T>(
  fields: JsonObject,
  name: string,
  read: (value: JsonValue | undefined, name: string) => T,
): ReadonlyMap<string, T> => {
  const entries = object(fields, name);
  const map = new Map<string, T>();
  for (const key in entries) map.set(key, read(entries[key], `${name}.${key}`));
  return map;
};
