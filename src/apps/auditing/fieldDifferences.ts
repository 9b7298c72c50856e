/** What differs between two records, field by field: nested fields by their paths, values as JSON. */

export interface FieldDifference {
  /** Such as `value.decision.violations[0].rule_id`. */
  readonly path: string;
  /** JSON; undefined: it has no such field. */
  readonly recorded: string | undefined;
  readonly again: string | undefined;
}

/** Of two values as `JSON.parse` gives them. Hashes come last: they differ whenever anything does. */
export const fieldDifferences = (recorded: unknown, again: unknown): readonly FieldDifference[] => {
  const found: FieldDifference[] = [];
  collect('', recorded, again, found);
  const isHash = ({ path }: FieldDifference): boolean => path.endsWith('.hash') || path.endsWith('.prev_hash');
  return [...found.filter((one) => !isHash(one)), ...found.filter(isHash)];
};

const collect = (path: string, recorded: unknown, again: unknown, found: FieldDifference[]): void => {
  if (isList(recorded) && isList(again)) {
    for (let at = 0; at < Math.max(recorded.length, again.length); at++)
      collect(`${path}[${at}]`, recorded[at], again[at], found);
  } else if (isObject(recorded) && isObject(again)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(again)]))
      collect(path === '' ? name : `${path}.${name}`, fieldOf(recorded, name), fieldOf(again, name), found);
  } else if (textOf(recorded) !== textOf(again)) {
    found.push({ path, recorded: textOf(recorded), again: textOf(again) });
  }
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names come from outside: `__proto__` is one, too. */
const fieldOf = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));
