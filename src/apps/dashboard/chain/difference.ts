/** Where what is shown is not what the hashed bytes say. */
import { exactText } from '../format/exact';
import { Decimal } from './avroReader';
import type { Document } from './avroReader';

export interface Difference {
  /** `decision.violations.0.message`. */
  readonly field: string;
  /** What the bytes say. */
  readonly recorded: string;
  readonly shown: string;
}

/** The first field, by name, in which what is shown (as parsed from JSON) differs; undefined: none. A decimal is the same as a number or as a text. */
export const firstDifference = (recorded: unknown, shown: unknown, field = ''): Difference | undefined => {
  if (recorded instanceof Decimal) {
    const same = (typeof shown === 'number' || typeof shown === 'string') && exactText(shown) === exactText(recorded.toString());
    return same ? undefined : { field, recorded: recorded.toString(), shown: said(shown) };
  }
  if (isObject(recorded) && isObject(shown) && Array.isArray(recorded) === Array.isArray(shown)) {
    for (const name of [...new Set([...Object.keys(recorded), ...Object.keys(shown)])].sort()) {
      const found = firstDifference(own(recorded, name), own(shown, name), field === '' ? name : `${field}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return recorded === shown || ((recorded ?? null) === null && (shown ?? null) === null)
    ? undefined
    : { field, recorded: said(recorded), shown: said(shown) };
};

/** What of a record is shown elsewhere: the fields that `shown` has, and of those that are documents in `inner` the fields that they have there. */
export const sharedWith = (shown: Document, record: Document, inner: readonly string[]): Document =>
  Object.fromEntries(
    Object.keys(shown).map((name) => {
      const [part, shownPart] = [record[name], shown[name]];
      return [name, inner.includes(name) && isObject(part) && isObject(shownPart) ? sharedWith(shownPart, part, []) : part];
    }),
  );

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !(value instanceof Decimal);

const own = (document: Document, name: string): unknown => (Object.hasOwn(document, name) ? document[name] : undefined);

/** Short enough for a line. */
const said = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value, (_, inner: unknown) => (inner instanceof Decimal ? inner.toString() : inner));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};
