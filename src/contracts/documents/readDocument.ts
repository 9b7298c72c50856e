/**
 * Reads one JSON document of a given kind: bytes or text in, the value as the code holds it out, or what is wrong and where. Never throws.
 * Source: contracts, "Strict input".
 */
import type { z } from 'zod';
import { pathText, type ContractError } from '../contractError';
import { locateInJson, readJson } from '../json/readJson';
import { documentText } from '../json/text';
import type { JsonValue } from '../json/value';
import type { ExecutionState, Instrument, MarketSnapshot, OrderIntent, PortfolioState } from '../messages';
import { failed, succeeded, type Result } from '../result';
import { executionState, instrument, marketSnapshot, orderIntent, portfolioState } from './inputs';
import type { Fault } from './kinds';
import * as outputs from './outputs';
import { faultsOf } from './schema';

export interface JsonDocuments {
  readonly order_intent: OrderIntent;
  readonly instrument: Instrument;
  readonly portfolio_state: PortfolioState;
  readonly market_snapshot: MarketSnapshot;
  readonly execution_state: ExecutionState;
  readonly decision: outputs.DecisionDocument;
  readonly violation: outputs.ViolationDocument;
  readonly evidence: outputs.EvidenceDocument;
  readonly audit_event: outputs.AuditEventDocument;
  readonly execution_event: outputs.ExecutionEventDocument;
  readonly run_summary: outputs.RunSummaryDocument;
}
export type JsonDocumentKind = keyof JsonDocuments;

export const jsonDocumentSchemas: { readonly [K in JsonDocumentKind]: z.ZodType<JsonDocuments[K]> } = {
  order_intent: orderIntent,
  instrument,
  portfolio_state: portfolioState,
  market_snapshot: marketSnapshot,
  execution_state: executionState,
  decision: outputs.decision,
  violation: outputs.violation,
  evidence: outputs.evidence,
  audit_event: outputs.auditEvent,
  execution_event: outputs.executionEvent,
  run_summary: outputs.runSummary,
};

/** The document in `input`, at most 65,536 bytes of it. The error is the one that explains most; `source` names the file in it. */
export const readDocument = <K extends JsonDocumentKind>(
  kind: K,
  input: string | Uint8Array,
  source?: string,
): Result<JsonDocuments[K], ContractError> => {
  const read = readBySchema(() => jsonDocumentSchemas[kind], input);
  return read.ok || source === undefined ? read : failed({ ...read.error, source });
};

/** The same for a document whose schema depends on what it holds, such as its `type`; `mostBytes`: for one that may be larger. */
export const readBySchema = <T>(
  schemaOf: (value: JsonValue) => z.ZodType<T>,
  input: string | Uint8Array,
  mostBytes?: number,
): Result<T, ContractError> => {
  const json = readJson(input, mostBytes);
  if (!json.ok) return json;
  const result = check(schemaOf(json.value), json.value);
  if (result.ok) return result;
  const text = documentText(input, mostBytes);
  const { path, message } = result.error;
  // A field that is missing is shown where its object begins.
  const present = message === 'required field is missing' ? path.slice(0, -1) : path;
  const position = text.ok ? locateInJson(text.value, present) : {};
  return failed({ path: pathText(path), message, ...position });
};

/** The same for a part of a document that `readJson` has read, such as the `intent` of a request. */
export const readDocumentValue = <K extends JsonDocumentKind>(
  kind: K,
  value: JsonValue,
): Result<JsonDocuments[K], ContractError> => {
  const result = check(jsonDocumentSchemas[kind], value);
  return result.ok ? result : failed({ path: pathText(result.error.path), message: result.error.message });
};

const check = <T>(schema: z.ZodType<T>, value: JsonValue): Result<T, Fault> => {
  const result = schema.safeParse(value);
  if (result.success) return succeeded(result.data);
  const [fault = { path: [], message: 'is no document of this kind' }] = faultsOf(result.error, value);
  return failed(fault);
};
