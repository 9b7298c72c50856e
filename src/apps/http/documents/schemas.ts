/**
 * The JSON Schema (2020-12) of everything that the API takes and answers, by the name that OpenAPI gives it: routes point to them with `ref`, the
 * OpenAPI document holds them all, and tests hold every answer to them.
 */
import { jsonSchemaFor } from '../../../contracts/documents/jsonSchemas';
import type { DocumentKind } from '../../../contracts/documents/jsonSchemas';
import type { JsonSchema } from '../route';
import { ANSWER_SCHEMAS } from './answerSchemas';
import { BODY_SCHEMAS } from './bodySchemas';
import { JOURNAL_SCHEMAS } from './journalSchemas';
import { component } from './schemaParts';

/** As docs/contracts publishes it; a component has no address of its own. */
const contract = (kind: DocumentKind): JsonSchema => {
  const schema = jsonSchemaFor(kind);
  delete schema.$id;
  delete schema.$schema;
  return schema;
};

const COMPONENTS = {
  OrderIntent: contract('order_intent'),
  MarketSnapshot: contract('market_snapshot'),
  Decision: contract('decision'),
  Violation: contract('violation'),
  Evidence: contract('evidence'),
  ...BODY_SCHEMAS,
  ...JOURNAL_SCHEMAS,
  ...ANSWER_SCHEMAS,
} satisfies Readonly<Record<string, JsonSchema>>;

export type SchemaName = keyof typeof COMPONENTS;

export const SCHEMAS: Readonly<Record<SchemaName, JsonSchema>> = COMPONENTS;

export const ref = (name: SchemaName): JsonSchema => component(name);
