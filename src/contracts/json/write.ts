/**
 * Writes JSON with sorted keys, so that equal values have equal bytes: `canonicalJson` is Python's
 * `json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=True)` (keys by code unit), `prettyJson` the same with an indent of two.
 *
 * Maps and plain objects are both objects; a Map is how a key such as `__proto__` gets in. Fields that are undefined are left out.
 */
export type JsonOut =
  | null
  | boolean
  | number
  | string
  | readonly JsonOut[]
  | ReadonlyMap<string, JsonOut>
  | { readonly [key: string]: JsonOut | undefined };

export const canonicalJson = (value: JsonOut): string => write(value, undefined, '');
export const prettyJson = (value: JsonOut): string => write(value, '  ', '\n');

/** Text in quotes, ASCII only: every other code unit, and DEL, becomes \uXXXX. */
export const jsonString = (text: string): string => (PLAIN.test(text) ? `"${text}"` : escaped(text));

const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[\u007f-\uffff]/g;

const escaped = (text: string): string =>
  JSON.stringify(text).replace(NOT_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** `before`: what stands between a bracket and its contents; empty in the compact form. */
const write = (value: JsonOut, indent: string | undefined, before: string): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written as JSON`);
    return String(value);
  }
  const inner = indent === undefined ? '' : before + indent;
  if (isList(value)) {
    const items = value.map((item) => inner + write(item, indent, inner));
    return items.length === 0 ? '[]' : `[${items.join(',')}${before}]`;
  }
  const colon = indent === undefined ? ':' : ': ';
  const entries: (readonly [string, JsonOut | undefined])[] = value instanceof Map ? [...value] : Object.entries(value);
  const items = entries
    .sort(byKey)
    .flatMap(([key, item]) => (item === undefined ? [] : [`${inner}${jsonString(key)}${colon}${write(item, indent, inner)}`]));
  return items.length === 0 ? '{}' : `{${items.join(',')}${before}}`;
};

const isList = (value: JsonOut): value is readonly JsonOut[] => Array.isArray(value);

/** By code unit, as `<` compares and no locale does. Keys are never equal. */
export const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
