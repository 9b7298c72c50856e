/**
 * The kinds of values that stand in documents: how each is read from JSON or YAML, and how it is described in JSON Schema. A kind either
 * returns the value as the code holds it or a Refusal that says what was found and what was expected.
 * Source: contracts, "Strict input".
 */
import { parseDecimal, type Decimal, ZERO, ONE } from '../decimal';
import { alternatives, quoted, type Path } from '../contractError';
import { LONGEST_NAME } from '../intentFault';
import { JsonNumber, type JsonValue } from '../json/value';
import { didYouMean } from '../nearest';
import { parseRfc3339 } from '../timestamp';

export interface Fault {
  readonly path: Path;
  readonly message: string;
}
export class Refusal {
  constructor(readonly faults: readonly Fault[]) {}
}
/** Of very many mistakes, the first are enough; looking for more would only cost time. */
export const MOST_FAULTS = 50;

export const refuse = (expected: string, value: JsonValue | undefined): Refusal =>
  new Refusal([{ path: [], message: value === undefined ? MISSING : `expected ${expected}, found ${found(value)}` }]);

export const MISSING = 'required field is missing';

export interface Kind<T> {
  /** `undefined`: the field is not there. */
  readonly read: (value: JsonValue | undefined) => T | Refusal;
  readonly schema: Readonly<Record<string, unknown>>;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** A name from outside: not empty, no control characters. (JSON with lone surrogates is refused by its reader, YAML is not.) */
export const name: Kind<string> = {
  read: (value) => {
    if (typeof value !== 'string') return refuse('a text', value);
    const fault = nameFault(value);
    return fault === undefined ? value : refuse(fault, value);
  },
  schema: { type: 'string', minLength: 1, maxLength: LONGEST_NAME, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' },
};

/** What is wrong with a name, as what was expected of it. */
export const nameFault = (text: string): string | undefined => {
  if (text === '') return 'a name that is not empty';
  if (text.length > LONGEST_NAME) return `a name of at most ${LONGEST_NAME} characters`;
  if (LONE_SURROGATE.test(text)) return 'a name without half surrogate pairs';
  return CONTROL.test(text) ? 'a name without control characters' : undefined;
};

/** Any text, the empty one too. */
export const anyText: Kind<string> = {
  read: (value) => (typeof value === 'string' ? value : refuse('a text', value)),
  schema: { type: 'string' },
};

/** RFC 3339 in UTC, as its sender wrote it. */
export const timestamp: Kind<string> = {
  read: (value) =>
    typeof value === 'string' && parseRfc3339(value) !== undefined
      ? value
      : refuse('an RFC 3339 time in UTC such as "2026-02-24T09:30:01Z"', value),
  schema: {
    type: 'string',
    format: 'date-time',
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,18})?([Zz]|\\+00:00)$',
  },
};

/** SHA-256 as 64 hexadecimal digits. */
export const digest: Kind<string> = {
  read: (value) => (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value : refuse('64 hexadecimal digits', value)),
  schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
};

export const flag: Kind<boolean> = {
  read: (value) => (typeof value === 'boolean' ? value : refuse('true or false', value)),
  schema: { type: 'boolean' },
};

export const oneOf = <const T extends string>(...names: readonly T[]): Kind<T> => ({
  read: (value) => {
    for (const each of names) if (each === value) return each;
    const refusal = refuse(alternatives(names), value);
    if (typeof value !== 'string') return refusal;
    return new Refusal(refusal.faults.map(({ message }) => ({ path: [], message: message + didYouMean(value, names) })));
  },
  schema: names.length === 1 ? { type: 'string', const: names[0] } : { type: 'string', enum: [...names] },
});

/** Longer texts of numbers cannot be decimal(38,18) and are refused before any arithmetic is spent on them. */
const LONGEST_NUMBER = 100;
const PLAIN_DECIMAL = '-?(0|[1-9][0-9]*)(\\.[0-9]+)?';
const PLAIN = new RegExp(`^${PLAIN_DECIMAL}$`);

/** Which decimals a field takes. */
interface DecimalRange {
  readonly expected: string;
  readonly holds: (value: Decimal) => boolean;
  readonly schema: Readonly<Record<string, number>>;
  /** The sign in texts, where JSON Schema cannot compare them. */
  readonly texts: string;
}
export const ANY_DECIMAL: DecimalRange = { expected: 'a number', holds: () => true, schema: {}, texts: PLAIN_DECIMAL };
export const ABOVE_ZERO: DecimalRange = {
  expected: 'a number above zero',
  holds: (value) => value > ZERO,
  schema: { exclusiveMinimum: 0 },
  texts: '(?=.*[1-9])(0|[1-9][0-9]*)(\\.[0-9]+)?',
};
export const NOT_NEGATIVE: DecimalRange = {
  expected: 'a number not below zero',
  holds: (value) => value >= ZERO,
  schema: { minimum: 0 },
  texts: '(0|[1-9][0-9]*)(\\.[0-9]+)?',
};
export const FRACTION: DecimalRange = {
  expected: 'a number above 0 and at most 1',
  holds: (value) => value > ZERO && value <= ONE,
  schema: { exclusiveMinimum: 0, maximum: 1 },
  texts: '',
};

/** An exact decimal, written as a number. */
export const number = (range: DecimalRange): Kind<Decimal> => ({
  read: (value) => {
    if (value instanceof JsonNumber) return readDecimal(value.text, range, value);
    const quotes = typeof value === 'string' && value.length <= LONGEST_NUMBER && PLAIN.test(value);
    return refuse(quotes ? `${range.expected} without quotes` : range.expected, value);
  },
  schema: { type: 'number', ...range.schema },
});

/** An exact decimal, written as a number or, so that no reader rounds it, as a text: plain digits, no padding, no exponent. */
export const amount = (range: DecimalRange): Kind<Decimal> => ({
  read: (value) => {
    if (value instanceof JsonNumber) return readDecimal(value.text, range, value);
    if (typeof value === 'string' && value.length <= LONGEST_NUMBER && PLAIN.test(value)) return readDecimal(value, range, value);
    return refuse(
      typeof value === 'string' ? `${range.expected}, in a text only plain digits such as "10.5"` : range.expected,
      value,
    );
  },
  schema: {
    anyOf: [
      { type: 'number', ...range.schema },
      { type: 'string', pattern: `^${range.texts}$` },
    ],
  },
});

const readDecimal = (text: string, range: DecimalRange, value: JsonValue): Decimal | Refusal => {
  const read = text.length > LONGEST_NUMBER ? 'length' : parseDecimal(text);
  if (typeof read === 'bigint') return range.holds(read) ? read : refuse(range.expected, value);
  switch (read) {
    case 'fraction':
      return refuse('at most 18 digits after the point', value);
    case 'length':
      return refuse(`at most ${LONGEST_NUMBER} characters of number`, value);
    case 'magnitude':
      return refuse('a number below 10^20 in size', value);
    case 'syntax':
      return refuse(range.expected, value);
  }
};

const PLAIN_COUNT = /^[0-9]{1,9}$/;
const LARGEST_COUNT = 2_147_483_647;

/** A whole number, written as a number without a fraction (`10.0` is whole); never a text. */
export const count = (least: number, most = LARGEST_COUNT): Kind<number> => {
  const expected = `a whole number from ${least} to ${most}`;
  return {
    read: (value) => {
      if (!(value instanceof JsonNumber)) return refuse(expected, value);
      let whole: number;
      if (PLAIN_COUNT.test(value.text)) {
        whole = Number.parseInt(value.text, 10);
      } else {
        const exact = value.text.length > LONGEST_NUMBER ? 'length' : parseDecimal(value.text);
        if (typeof exact === 'string' || exact % ONE !== 0n) return refuse(expected, value);
        whole = Number(exact / ONE);
      }
      return whole >= least && whole <= most ? whole : refuse(expected, value);
    },
    schema: { type: 'integer', minimum: least, maximum: most },
  };
};

export const orNull = <T>(kind: Kind<T>): Kind<T | null> => ({
  read: (value) => (value === null ? null : kind.read(value)),
  schema: { anyOf: [kind.schema, { type: 'null' }] },
});

/** What was found, for a message. */
export const found = (value: JsonValue): string => {
  if (value === null) return 'null';
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  if (typeof value === 'boolean') return String(value);
  if (value instanceof JsonNumber) return value.text.length > 40 ? `${value.text.slice(0, 40)}...` : value.text;
  return Array.isArray(value) ? 'a list' : 'an object';
};
