/** Answers of the HTTP API, held to the schemas that OpenAPI publishes. Stricter than those: a field that no schema names is a mistake here. */
import Ajv2020 from 'ajv/dist/2020';
import type { ValidateFunction } from 'ajv/dist/2020';
import { SCHEMAS } from '../../src/apps/http/documents/schemas';
import type { SchemaName } from '../../src/apps/http/documents/schemas';

const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner && !('additionalProperties' in inner) ? { ...inner, additionalProperties: false } : inner;
};

/** What the schemas leave open: they say so with a `type` alone, or hold several objects at once. */
const OPEN: ReadonlySet<string> = new Set([
  'AuditRecord',
  'EvidenceFile',
  'OpenApi',
  'DecidedLine',
  'BatchLine',
  'Problem',
  'RefusedLine',
]);

const checks = new Ajv2020({ allErrors: true, strictTypes: false, validateFormats: false, keywords: ['components'] });
checks.addSchema({
  $id: 'api',
  components: {
    schemas: Object.fromEntries(
      Object.entries(SCHEMAS).map(([name, schema]) => [name, OPEN.has(name) ? schema : closed(schema)]),
    ),
  },
});

const checkOf = (name: SchemaName): ValidateFunction => {
  const check = checks.getSchema(`api#/components/schemas/${name}`);
  if (check === undefined) throw new Error(`there is no schema ${name}`);
  return check;
};

/** The document in `text`; fails where it is not what the schema says. */
export const expectDocument = (name: SchemaName, text: string): Readonly<Record<string, unknown>> => {
  const document = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const check = checkOf(name);
  if (!check(document)) throw new Error(`no ${name}: ${checks.errorsText(check.errors)}\n${text.slice(0, 2_000)}`);
  return document;
};
