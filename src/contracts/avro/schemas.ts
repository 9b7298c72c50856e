/**
 * The schemas of avro/: one named type a file. A schema that leaves this program (to a registry, to a reader elsewhere) has everything it refers
 * to written out where it is first used, so that it stands alone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AUDIT_CHECKPOINTS,
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../topics';

// The same from the source and from the compiled tree: the build copies avro/ beside src/.
const DIRECTORY = join(__dirname, '../../../avro');
const NAMESPACE = 'policygate';

/** The subjects of the registry, in the order in which a fresh one gets its ids, with the record that each holds. */
export const SUBJECTS = [
  { subject: `${ORDER_INTENTS}-value`, record: 'OrderIntent' },
  { subject: `${MARKET_PRICES}-value`, record: 'PriceUpdated' },
  { subject: `${CONTROL_EVENTS}-value`, record: 'ControlEvent' },
  { subject: `${EXECUTION_EVENTS}-value`, record: 'ExecutionEvent' },
  { subject: `${DECISIONS}-value`, record: 'Decision' },
  { subject: `${AUDIT_RECORDS}-value`, record: 'AuditRecord' },
  { subject: `${POLICY_STATE}-value`, record: 'StateEntity' },
  { subject: `${EXECUTION_EVENTS}-key`, record: 'IntentKey' },
  { subject: `${DECISIONS}-key`, record: 'IntentKey' },
  { subject: `${AUDIT_RECORDS}-key`, record: 'IntentKey' },
  { subject: `${POLICY_STATE}-key`, record: 'StateKey' },
  { subject: `${AUDIT_CHECKPOINTS}-value`, record: 'AuditCheckpoint' },
] as const;
export type Subject = (typeof SUBJECTS)[number]['subject'];
export type RecordName = (typeof SUBJECTS)[number]['record'];

/** A schema as JSON: a name, a union, or a type with its parts. */
export type SchemaJson = string | readonly SchemaJson[] | SchemaObject;
export interface SchemaObject {
  readonly type: string | SchemaObject;
  readonly name?: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields?: readonly {
    readonly name: string;
    readonly type: SchemaJson;
    readonly doc?: string;
    readonly default?: unknown;
  }[];
  readonly symbols?: readonly string[];
  readonly items?: SchemaJson;
  readonly values?: SchemaJson;
  readonly size?: number;
}

/** The text of a record's current schema, standing alone. */
export const schemaText = (record: RecordName): string => JSON.stringify(inlined(`${NAMESPACE}.${record}`, named(), new Set()));

/** The full name of the record that a schema's text describes; undefined: it describes none. */
export const recordNameOf = (text: string): string | undefined => {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { name, namespace } = schema as { name?: unknown; namespace?: unknown };
  if (typeof name !== 'string') return undefined;
  return name.includes('.') || typeof namespace !== 'string' ? name : `${namespace}.${name}`;
};

/** The schema without its docs: two schemas of the same essence write and read the same. */
export const essenceOf = (text: string): string =>
  JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === 'doc' ? undefined : value));

let files: ReadonlyMap<string, SchemaObject> | undefined;

const named = (): ReadonlyMap<string, SchemaObject> => {
  files ??= new Map(
    readdirSync(DIRECTORY)
      .filter((file) => file.endsWith('.avsc'))
      .map((file) => [
        `${NAMESPACE}.${file.slice(0, -'.avsc'.length)}`,
        JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8')) as SchemaObject,
      ]),
  );
  return files;
};

/** Replaces each name by its definition, the first time that it occurs. */
const inlined = (schema: SchemaJson, types: ReadonlyMap<string, SchemaObject>, seen: Set<string>): SchemaJson => {
  if (typeof schema === 'string') {
    const definition = types.get(schema);
    if (definition === undefined || seen.has(schema)) return schema;
    seen.add(schema);
    return inlined(definition, types, seen);
  }
  if (isUnion(schema)) return schema.map((branch) => inlined(branch, types, seen));
  if (schema.fields !== undefined) {
    return { ...schema, fields: schema.fields.map((field) => ({ ...field, type: inlined(field.type, types, seen) })) };
  }
  return schema.items === undefined ? schema : { ...schema, items: inlined(schema.items, types, seen) };
};

/** Array.isArray does not narrow readonly arrays. */
export const isUnion = (schema: SchemaJson): schema is readonly SchemaJson[] => Array.isArray(schema);
