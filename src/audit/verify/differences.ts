/** Two values field by field: where they differ first, as a path and two texts for a person. Decimals, digests, lists, maps and plain objects. */
import { formatDecimal } from '../../contracts/decimal';
import type { Decimal } from '../../contracts/decimal';
import { hexOf } from '../../contracts/json/hex';
import { jsonString } from '../../contracts/json/write';

export interface Difference {
  /** Such as `violations[0].message`; empty: the values themselves. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

export const firstDifference = (expected: unknown, found: unknown, path = ''): Difference | undefined => {
  if (Object.is(expected, found)) return undefined;
  if (expected instanceof Uint8Array && found instanceof Uint8Array)
    return Buffer.compare(expected, found) === 0 ? undefined : differing(expected, found, path);
  if (Array.isArray(expected) && Array.isArray(found)) return inList(expected, found, path);
  if (isPlain(expected) && isPlain(found)) {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const difference = firstDifference(expected[name], found[name], path === '' ? name : `${path}.${name}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return differing(expected, found, path);
};

const inList = (expected: readonly unknown[], found: readonly unknown[], path: string): Difference | undefined => {
  for (let at = 0; at < Math.max(expected.length, found.length); at++) {
    const difference = firstDifference(expected[at], found[at], `${path}[${at}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
};

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value);

const differing = (expected: unknown, found: unknown, path: string): Difference => ({
  path,
  expected: shownValue(expected),
  found: shownValue(found),
});

/** As it would stand in a document, but short. */
export const shownValue = (value: unknown): string => {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'bigint') return formatDecimal(value as Decimal);
  if (typeof value === 'string') return jsonString(value);
  if (value instanceof Uint8Array) return hexOf(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isPlain(value))
    return `{${Object.entries(value)
      .map(([name, field]) => `${name}: ${shownValue(field)}`)
      .join(', ')}}`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
};
