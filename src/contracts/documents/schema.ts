/**
 * Kinds as zod schemas, objects of them, and what zod found wrong as faults with a path.
 *
 * zod holds the shapes together: which fields there are, which may be left out, which are unknown; and from it the JSON Schemas are made.
 */
import { z } from 'zod';
import type { Path } from '../contractError';
import { isJsonObject, JsonNumber, type JsonValue } from '../json/value';
import { didYouMean } from '../nearest';
import { found, MISSING, MOST_FAULTS, Refusal, type Fault, type Kind } from './kinds';

/** How JSON Schema says what a field's code does. */
const published = new WeakMap<object, Readonly<Record<string, unknown>>>();

/** A field that must be there. */
export const field = <T>({ read, schema }: Kind<T>): z.ZodType<T> => {
  const required = transform(read);
  // A transform could make something of nothing, so zod takes it for optional; ours refuse `undefined`.
  required._zod.optin = undefined;
  published.set(required, schema);
  return required;
};

/** A field that may be left out. `standard` makes its default, new each time; `shown` is the default as JSON Schema shows it. */
export const fieldOr = <const T>({ read, schema }: Kind<T>, standard: () => NoInfer<T>, shown: unknown): z.ZodType<T> => {
  const optional = transform((value) => (value === undefined ? standard() : read(value)));
  published.set(optional, { ...schema, default: shown });
  return optional;
};

/** A schema as a kind, to stand in a map or a list. */
export const kindOf = <T>(schema: z.ZodType<T>): Kind<T> => ({
  read: (value) => {
    const result = schema.safeParse(value);
    return result.success ? result.data : new Refusal(faultsOf(result.error, value));
  },
  schema: jsonSchemaOf(schema),
});

/** An object with these fields and no others. */
export const strictObject = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return expectedObject(issue.input);
      const known = Object.keys(shape);
      return issue.keys
        .slice(0, MOST_FAULTS)
        .map((key) => `unknown field${didYouMean(key, known)}`)
        .join('\n');
    },
  });

/** An object that later versions may add fields to. */
export const openObject = <S extends z.ZodRawShape>(shape: S) =>
  z.looseObject(shape, { error: (issue) => expectedObject(issue.input) });

const expectedObject = (input: unknown): string =>
  input === undefined ? MISSING : `expected an object, found ${found(input as JsonValue)}`;

/** What is wrong with `input`: unknown fields first, since a mistyped name explains the one that is missing. */
export const faultsOf = (error: z.ZodError, input: JsonValue | undefined): Fault[] => {
  const unknown: Fault[] = [];
  const other: Fault[] = [];
  const numbers = new Set<string>();
  for (const issue of error.issues) {
    const path = issue.path as Path;
    const number = numberOnTheWay(input, path, issue.code !== 'custom' || issue.message === MISSING);
    if (number !== undefined) {
      const key = JSON.stringify(number.path);
      if (!numbers.has(key)) other.push(number);
      numbers.add(key);
    } else if (issue.code === 'unrecognized_keys') {
      const messages = issue.message.split('\n');
      unknown.push(...messages.map((message, index) => ({ path: [...path, issue.keys[index] ?? ''], message })));
    } else {
      other.push({ path, message: issue.message });
    }
  }
  return [...unknown, ...other];
};

/** A schema in JSON Schema 2020-12, as the writer of a document must see it. */
export const jsonSchemaOf = (schema: z.ZodType): Record<string, unknown> => {
  const made: Record<string, unknown> = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => void Object.assign(jsonSchema, published.get(zodSchema)),
  });
  delete made.$schema;
  return made;
};

const transform = <T>(read: Kind<T>['read']): z.ZodType<T> & z.ZodTransform =>
  z.transform((value, context): T => {
    const result = read(value as JsonValue | undefined);
    if (!(result instanceof Refusal)) return result;
    for (const { path, message } of result.faults)
      context.issues.push({ code: 'custom', message, path: [...path], input: value });
    return z.NEVER;
  });

/** zod takes our numbers, which are objects in memory, for objects: what it says about their fields is said about the number instead. */
const numberOnTheWay = (input: JsonValue | undefined, path: Path, itself: boolean): Fault | undefined => {
  let value = input;
  for (let level = 0; ; level++) {
    const last = level === path.length;
    if (value instanceof JsonNumber && (!last || itself)) return { path: path.slice(0, level), message: expectedObject(value) };
    const key = path[level];
    if (last || key === undefined || value === undefined) return undefined;
    if (Array.isArray(value)) value = (value as readonly JsonValue[])[Number(key)];
    else value = isJsonObject(value) ? value[key] : undefined;
  }
};
