/**
 * The JSON Schemas (2020-12) that docs/contracts publishes, made from the zod schemas. They say what JSON Schema can say: that a date exists, or
 * that a decimal has at most 18 fraction digits and is below 10^20, only the reader checks.
 */
import { policyJsonSchema } from './policySchema';
import { jsonDocumentSchemas, type JsonDocumentKind } from './readDocument';
import { jsonSchemaOf } from './schema';

export type DocumentKind = JsonDocumentKind | 'policy';

/** Title and purpose of each document. */
const DOCUMENTS: Readonly<Record<DocumentKind, readonly [title: string, description: string]>> = {
  policy: [
    'Capital policy',
    'The limits that intents are judged against, DSL versions "0.1" and "0.2". Files are YAML; the shape is the same.',
  ],
  order_intent: ['OrderIntent', 'What a strategy wants to trade.'],
  instrument: ['Instrument', 'What is traded.'],
  portfolio_state: ['PortfolioState', 'Money of the account and quantities held (negative: short).'],
  market_snapshot: ['MarketSnapshot', 'Prices by symbol. A price that is not above zero is accepted here and denied by SYS-001.'],
  execution_state: ['ExecutionState', 'What happened shortly before a run begins.'],
  decision: ['Decision', 'The answer to one intent, with every rule it broke and the figures that were compared.'],
  violation: ['Violation', 'One rule that was broken.'],
  evidence: ['Evidence', 'A measured value beside the limit that was applied, both rounded to 6 decimals.'],
  audit_event: ['AuditEvent', 'One line of the audit log: all that the decision was made from, and the decision.'],
  execution_event: ['ExecutionEvent', 'One step in the life of an order, one line of the execution log.'],
  run_summary: ['RunSummary', 'What a run did.'],
};

export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as readonly DocumentKind[];

export const jsonSchemaFor = (kind: DocumentKind): Record<string, unknown> => {
  const [title, description] = DOCUMENTS[kind];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:policygate-capital:contract:${kind}`,
    title,
    description,
    ...(kind === 'policy' ? policyJsonSchema() : jsonSchemaOf(jsonDocumentSchemas[kind])),
  };
};
