/** The step that a line of an execution JSONL tells, ours or the first program's. Source: contracts, "ExecutionEvent". */
import type { ContractError } from '../../contracts/contractError';
import { amount, ANY_DECIMAL, anyText, NOT_NEGATIVE, oneOf, timestamp } from '../../contracts/documents/kinds';
import { readBySchema } from '../../contracts/documents/readDocument';
import { field, openObject } from '../../contracts/documents/schema';
import { DOCUMENT_BYTES } from '../../contracts/json/text';
import { succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { parseRfc3339 } from '../../contracts/timestamp';
import type { ExecutionStep } from './auditStep';

export const EXECUTION_LINE_BYTES = DOCUMENT_BYTES;

export const readExecutionLine = (bytes: Uint8Array): Result<ExecutionStep, ContractError> => {
  const read = readBySchema(() => executionLine, bytes, EXECUTION_LINE_BYTES);
  if (!read.ok) return read;
  const line = read.value;
  return succeeded({
    kind: 'EXECUTION',
    runId: line.run_id ?? '',
    at: parseRfc3339(line.ts) ?? null,
    clock: null,
    seq: null,
    intentId: line.intent_id,
    event: line.event,
    orderId: line.order_id,
    symbol: line.symbol ?? null,
    side: line.side ?? null,
    qty: line.qty ?? null,
    price: line.price ?? null,
    cumQty: line.cum_qty ?? null,
    leavesQty: line.leaves_qty ?? null,
    code: line.code ?? null,
    reason: line.reason ?? null,
  });
};

const quantity = field(amount(NOT_NEGATIVE)).optional();
const text = field(anyText).optional();

const executionLine = openObject({
  ts: field(timestamp),
  event: field(oneOf('ORDER_SUBMITTED', 'ORDER_FILLED', 'ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED', 'ORDER_UNKNOWN')),
  intent_id: field(anyText),
  order_id: field(anyText),
  run_id: text,
  symbol: text,
  side: field(oneOf('buy', 'sell')).optional(),
  qty: quantity,
  price: field(amount(ANY_DECIMAL)).optional(),
  cum_qty: quantity,
  leaves_qty: quantity,
  code: text,
  reason: text,
});
