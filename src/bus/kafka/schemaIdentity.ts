/**
 * What a schema says, whichever way its text is written: registries give it back as they like (Confluent's in the form of Java's Avro: keys in its own
 * order, names without the namespace they inherit; Apicurio as it was sent). Docs say nothing to a reader, so they are left out.
 */
import type { SchemaJson } from '../../contracts/avro/schemas';

/** Equal for schemas that write and read the same; undefined: the text is no JSON of a schema. */
export const schemaIdentity = (text: string): string | undefined => {
  try {
    return JSON.stringify(plain(JSON.parse(text) as SchemaJson, ''));
  } catch {
    return undefined; // no JSON, or nested deeper than the stack: no schema of ours is
  }
};

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

const plain = (schema: unknown, namespace: string): unknown => {
  if (typeof schema === 'string') return PRIMITIVES.has(schema) ? schema : fullName(schema, namespace);
  if (Array.isArray(schema)) return schema.map((branch) => plain(branch, namespace));
  if (typeof schema !== 'object' || schema === null) throw new TypeError('no schema');
  const { type, name, namespace: own, ...rest } = schema as Readonly<Record<string, unknown>>;
  const named = typeof name === 'string' ? fullName(name, typeof own === 'string' ? own : namespace) : undefined;
  const inner = named?.includes('.') === true ? named.slice(0, named.lastIndexOf('.')) : namespace;
  const parts = Object.entries(rest)
    .filter(([key]) => key !== 'doc')
    .map(([key, value]): readonly [string, unknown] => [key, part(key, value, inner)]);
  // `{"type": "string"}` says no more than `"string"`.
  if (named === undefined && parts.length === 0) return KINDS.has(type) ? type : plain(type, namespace);
  return sorted([
    ['type', KINDS.has(type) ? type : plain(type, inner)],
    ...(named === undefined ? [] : [['name', named] as const]),
    ...parts,
  ]);
};

/** Words that say how a type is made, not what it is called. */
const KINDS = new Set<unknown>(['record', 'enum', 'fixed', 'array', 'map', 'error']);

const part = (key: string, value: unknown, namespace: string): unknown => {
  if (key === 'items' || key === 'values') return plain(value, namespace);
  if (key !== 'fields' || !Array.isArray(value)) return value;
  return value.map((field: Readonly<Record<string, unknown>>) =>
    sorted(
      Object.entries(field)
        .filter(([name]) => name !== 'doc')
        .map(([name, of]) => [name, name === 'type' ? plain(of, namespace) : of]),
    ),
  );
};

const sorted = (entries: readonly (readonly [string, unknown])[]): object =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
