/**
 * Compares what the program answered with what a sample expects: verdicts, rules, messages, ids and structure to the letter, numbers within the
 * tolerances below, since the samples hold binary floats. Answers with one line per difference.
 */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };
type Fields = Readonly<Record<string, Value>>;

/** Relative and absolute: the samples' floats have some 15 digits. */
const FIGURE = 1e-9;
/** Quantities are offered to 8 places. */
const QUANTITY = 1.01e-8;
/** Evidence is rounded to 6 places, on both sides. */
const EVIDENCE = 1.0000001e-6;

const QUANTITIES = new Set(['qty', 'allowed_qty', 'requested_qty']);

/** Every difference below `path`. Fields that only the answer has are additions, and allowed; an absent `limit_price` is a null one. */
export const differences = (expected: Value, got: Value | undefined, path = '', tolerance = FIGURE): readonly string[] => {
  const differs = [`${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`];
  if (got === undefined) return expected === null && path.endsWith('.limit_price') ? [] : differs;
  if (typeof expected === 'number') return typeof got === 'number' && isNear(expected, got, tolerance) ? [] : differs;
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return differs;
    return expected.flatMap((item: Value, index) =>
      differences(item, got[index] as Value, `${path}[${index}]`, toleranceOf(path, item, tolerance)),
    );
  }
  if (expected === null || typeof expected !== 'object') return got === expected ? [] : differs;
  if (got === null || typeof got !== 'object' || Array.isArray(got)) return differs;
  return Object.entries(expected).flatMap(([name, value]) =>
    differences(value, (got as Fields)[name], `${path}.${name}`, QUANTITIES.has(name) ? QUANTITY : tolerance),
  );
};

/** As `differences`, and neither side may hold a symbol that the other one has not. */
export const positionDifferences = (expected: Fields, got: Fields, path: string): readonly string[] => [
  ...differences(Object.keys(expected).sort(), Object.keys(got).sort(), `${path} symbols`),
  ...differences(expected, got, path, QUANTITY),
];

const toleranceOf = (path: string, item: Value, tolerance: number): number =>
  path.endsWith('.evidence') && item !== null && typeof item === 'object' ? EVIDENCE : tolerance;

const isNear = (a: number, b: number, tolerance: number): boolean =>
  Math.abs(a - b) <= tolerance || Math.abs(a - b) <= FIGURE * Math.max(Math.abs(a), Math.abs(b));
