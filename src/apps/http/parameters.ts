/**
 * The parameters of a route, read as its table declares them: what is not declared, or comes twice, is refused, so that a mistyped name is never
 * taken for its default. Schemas are compiled when the server starts; only the simple keywords of KEYWORDS are understood.
 */
import { didYouMean } from '../../contracts/nearest';
import { Problem } from './problem';
import type { JsonSchema, Parameter, Route } from './route';

/** Throws a Problem that names the parameter. */
type Check = (name: string, text: string) => void;
type Parameters = Readonly<Record<string, string>>;

/** Reads what stands between `?` and the end of the address. Throws a Problem. */
export type ReadQuery = (url: string) => Parameters;
/** Checks the parts of the path, which the router decoded. Throws a Problem. */
export type CheckPath = (params: Parameters) => void;

const NONE: Parameters = Object.freeze({});
const MOST_SHOWN = 40;

/** Throws a TypeError where a schema says more than is understood: that is a mistake in the table. */
export const queryReader = (route: Route): ReadQuery => {
  const declared = new Map(
    route.parameters.filter((each) => each.in === 'query').map((each) => [each.name, { each, check: checkOf(each) }]),
  );
  const required = route.parameters.filter((each) => each.in === 'query' && each.required);
  return (url) => {
    const start = url.indexOf('?');
    const found = start === -1 ? NONE : given(url.slice(start + 1), declared);
    for (const { name, description } of required)
      if (found[name] === undefined) throw invalid(name, `required parameter is missing: ${description}`, 'to be given');
    return found;
  };
};

export const pathChecker = (route: Route): CheckPath => {
  const checks = route.parameters.filter((each) => each.in === 'path').map((each) => ({ name: each.name, check: checkOf(each) }));
  return (params) => {
    for (const { name, check } of checks) check(name, params[name] ?? '');
  };
};

const given = (query: string, declared: ReadonlyMap<string, { readonly check: Check }>): Parameters => {
  const found: Record<string, string> = {};
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decoded(equals === -1 ? part : part.slice(0, equals));
    const known = declared.get(name);
    if (known === undefined) throw unknownParameter(name, [...declared.keys()]);
    if (found[name] !== undefined) throw invalid(name, 'given twice', 'to be given once');
    const value = decoded(equals === -1 ? '' : part.slice(equals + 1), name);
    known.check(name, value);
    found[name] = value;
  }
  return found;
};

const decoded = (text: string, name?: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid(name ?? 'query', 'a percent sign that does not begin an escape of UTF-8', 'percent signs as `%25`');
  }
};

const unknownParameter = (name: string, known: readonly string[]): Problem => {
  const expected = known.length === 0 ? 'no parameters' : `one of ${known.join(', ')}`;
  return invalid(name.slice(0, MOST_SHOWN), `unknown parameter${didYouMean(name, known)}`, expected);
};

const invalid = (field: string, wrong: string, expected: string): Problem =>
  new Problem('invalid_parameter', {
    detail: `${field === '' ? '(no name)' : field}: ${wrong}; expected ${expected}`,
    field,
    expected,
  });

/** Keywords that check something, and those that only tell. */
const KEYWORDS: ReadonlySet<string> = new Set([
  'type',
  'enum',
  'const',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'items',
]);
/** Multiples are left to the handler, which knows how many digits it takes: a double is no judge of them. */
const TELLING: ReadonlySet<string> = new Set(['description', 'default', 'examples', 'example', 'title', 'format', 'multipleOf']);
const WHOLE = /^-?(?:0|[1-9][0-9]{0,14})$/;
const NUMBER = /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$/;

const checkOf = ({ name, schema }: Parameter): Check => {
  for (const keyword of Object.keys(schema))
    if (!KEYWORDS.has(keyword) && !TELLING.has(keyword))
      throw new TypeError(`parameter ${name}: the keyword ${keyword} is not understood here`);
  const holds = holdsOf(schema);
  const expected = expectedOf(schema);
  return (field, text) => {
    if (!holds(text)) throw invalid(field, 'not what is expected', expected);
  };
};

const holdsOf = (schema: JsonSchema): ((text: string) => boolean) => {
  const { type } = schema;
  const checks: ((text: string) => boolean)[] = [];
  if (type === 'integer' || type === 'number') {
    const form = type === 'integer' ? WHOLE : NUMBER;
    const { minimum = -Infinity, maximum = Infinity } = schema as { readonly minimum?: number; readonly maximum?: number };
    checks.push((text) => form.test(text) && Number(text) >= minimum && Number(text) <= maximum);
  } else if (type === 'boolean') {
    checks.push((text) => text === 'true' || text === 'false');
  } else if (type === 'array') {
    // As OpenAPI's style `form` without `explode`: between commas.
    const each = holdsOf((schema.items ?? {}) as JsonSchema);
    checks.push((text) => text.split(',').every(each));
  } else {
    const { minLength = 0, maxLength = Infinity } = schema as { readonly minLength?: number; readonly maxLength?: number };
    checks.push((text) => text.length >= minLength && text.length <= maxLength);
  }
  const values = allowedOf(schema);
  if (values !== undefined) checks.push((text) => values.includes(text));
  if (typeof schema.pattern === 'string') {
    const pattern = new RegExp(schema.pattern, 'u');
    checks.push((text) => pattern.test(text));
  }
  return (text) => checks.every((check) => check(text));
};

const allowedOf = (schema: JsonSchema): readonly string[] | undefined => {
  if (Array.isArray(schema.enum)) return schema.enum.map(String);
  return typeof schema.const === 'string' ? [schema.const] : undefined;
};

/** In words, for the one who sent it. */
const expectedOf = (schema: JsonSchema): string => {
  const values = allowedOf(schema);
  if (values !== undefined) return values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`;
  const { type, minimum, maximum, pattern, minLength, maxLength } = schema as Readonly<
    Record<string, string | number | undefined>
  >;
  switch (type) {
    case 'integer':
    case 'number': {
      const kind = type === 'integer' ? 'a whole number' : 'a number';
      if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
      if (minimum !== undefined) return `${kind} from ${minimum} on`;
      return maximum === undefined ? kind : `${kind} up to ${maximum}`;
    }
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list between commas, each ${expectedOf((schema.items ?? {}) as JsonSchema)}`;
    default:
      if (pattern !== undefined) return `a text of the form ${pattern}`;
      if (maxLength !== undefined) return `a text of ${minLength ?? 0} to ${maxLength} characters`;
      return minLength === undefined ? 'a text' : `a text of at least ${minLength} characters`;
  }
};
