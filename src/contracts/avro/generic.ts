/**
 * The values that avsc has for our messages, made from the schema alone: an oracle for the hand-written formats, independent of them. For tests.
 * Fixed types are Buffers, unions are wrapped (`{branch: value}`), maps of the code are sorted arrays of records.
 */
import type { SchemaJson, SchemaObject } from './schemas';
import { isUnion } from './schemas';

/** The Avro names of union branches that the code tells apart by `kind` or `type`. */
const branchOf = (value: { readonly kind?: string; readonly type?: string }): string => {
  if (value.type !== undefined) return `policygate.${value.type}`;
  const kind = value.kind ?? '';
  return `policygate.${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}Entity`;
};

/** `schemaText` stands alone: each named type is defined where it is first used. */
export const genericOf = (schemaText: string, value: unknown): unknown => {
  const names = new Map<string, SchemaObject>();
  const schema = JSON.parse(schemaText) as SchemaJson;
  collect(schema, names);
  return convert(schema, value, names);
};

const collect = (schema: SchemaJson, names: Map<string, SchemaObject>): void => {
  if (typeof schema === 'string') return;
  if (isUnion(schema)) {
    schema.forEach((branch) => collect(branch, names));
    return;
  }
  if (schema.name !== undefined) names.set(`policygate.${schema.name}`, schema);
  schema.fields?.forEach((field) => collect(field.type, names));
  if (schema.items !== undefined) collect(schema.items, names);
};

const convert = (schema: SchemaJson, value: unknown, names: ReadonlyMap<string, SchemaObject>): unknown => {
  if (typeof schema === 'string') {
    const definition = names.get(schema);
    return definition === undefined ? value : convert(definition, value, names);
  }
  if (isUnion(schema)) return convertUnion(schema, value, names);
  if (schema.type === 'fixed')
    return typeof value === 'bigint' ? bigEndian(value, schema.size ?? 0) : Buffer.from(value as Uint8Array);
  if (schema.type === 'array') return elements(value).map((element) => convert(schema.items ?? 'null', element, names));
  if (schema.type === 'record') return convertRecord(schema, value, names);
  return value;
};

/** Kinds of control events that came after the union: a field each. */
const BESIDE_PAYLOAD: Readonly<Record<string, string>> = {
  session_rolled: 'SessionRolled',
  position_drift: 'PositionDrift',
  order_resolved: 'OrderResolved',
};

const convertRecord = (schema: SchemaObject, value: unknown, names: ReadonlyMap<string, SchemaObject>): unknown => {
  const fields = schema.fields ?? [];
  // The union of entities is a field in Avro, and the value itself in the code. Pairs are records with two fields.
  const source = (name: string, index: number): unknown => {
    if (schema.name === 'StateEntity') return value;
    if (schema.name === 'ControlEvent' && name in BESIDE_PAYLOAD) {
      const { payload } = value as { readonly payload: { readonly type: string } };
      return payload.type === BESIDE_PAYLOAD[name] ? payload : null;
    }
    if (schema.name === 'ControlEvent' && name === 'payload') {
      const { payload } = value as { readonly payload: { readonly type: string } };
      return Object.values(BESIDE_PAYLOAD).includes(payload.type) ? { type: 'PolicyActivated', policy_text: '' } : payload;
    }
    return Array.isArray(value) ? (value[index] as unknown) : (value as Readonly<Record<string, unknown>>)[name];
  };
  return Object.fromEntries(fields.map(({ name, type }, index) => [name, convert(type, source(name, index), names)]));
};

const convertUnion = (branches: readonly SchemaJson[], value: unknown, names: ReadonlyMap<string, SchemaObject>): unknown => {
  if (value === null) return null;
  const branch =
    branches.length === 2 && branches[0] === 'null'
      ? branches[1]
      : branches.find((candidate) => nameOf(candidate) === wanted(value));
  if (branch === undefined) throw new TypeError(`no branch for a ${typeof value}`);
  return { [nameOf(branch)]: convert(branch, value, names) };
};

const wanted = (value: unknown): string => {
  if (typeof value === 'bigint') return 'policygate.Decimal18';
  return typeof value === 'object' ? branchOf(value as { kind?: string; type?: string }) : typeof value;
};

const nameOf = (schema: SchemaJson): string => {
  if (typeof schema === 'string') return schema;
  if (isUnion(schema)) return 'union';
  return schema.name === undefined ? nameOf(schema.type) : `policygate.${schema.name}`;
};

const elements = (value: unknown): readonly unknown[] =>
  value instanceof Map
    ? [...(value as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1))
    : (value as readonly unknown[]);

const bigEndian = (value: bigint, size: number): Buffer =>
  Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  );
