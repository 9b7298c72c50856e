/** The Avro body of ExecutionEvent. Fields in the order of avro/ExecutionEvent.avsc. */
import type { ExecutionEvent } from '../messages';
import { readOptionalDecimal, readOptionalString, SHA256_BYTES, writeOptionalDecimal, writeOptionalString } from './optional';
import type { Reader } from './reader';
import { EXECUTION_EVENT_TYPES, ORDER_TYPES, readSymbol, SIDES, writeSymbol } from './symbols';
import type { Writer } from './writer';

export const writeExecutionEvent = (writer: Writer, execution: ExecutionEvent): void => {
  writeSymbol(writer, EXECUTION_EVENT_TYPES, execution.event);
  writer.string(execution.run_id);
  writer.string(execution.intent_id);
  writer.string(execution.order_id);
  writer.string(execution.symbol);
  writeSymbol(writer, SIDES, execution.side);
  writeSymbol(writer, ORDER_TYPES, execution.order_type);
  writeOptionalDecimal(writer, execution.qty);
  writeOptionalDecimal(writer, execution.price);
  writer.decimal(execution.cum_qty);
  writer.decimal(execution.leaves_qty);
  writeOptionalString(writer, execution.reason);
  writer.fixed(execution.policy_hash, SHA256_BYTES);
  writer.long(execution.decision_offset);
  writer.string(execution.client_order_id);
  writeOptionalString(writer, execution.code);
};

export const readExecutionEvent = (reader: Reader): ExecutionEvent => ({
  event: readSymbol(reader, EXECUTION_EVENT_TYPES),
  run_id: reader.name(),
  intent_id: reader.string(),
  order_id: reader.string(),
  symbol: reader.name(),
  side: readSymbol(reader, SIDES),
  order_type: readSymbol(reader, ORDER_TYPES),
  qty: readOptionalDecimal(reader),
  price: readOptionalDecimal(reader),
  cum_qty: reader.decimal(),
  leaves_qty: reader.decimal(),
  reason: readOptionalString(reader),
  policy_hash: reader.fixed(SHA256_BYTES),
  decision_offset: reader.long(),
  client_order_id: reader.string(),
  code: readOptionalString(reader),
});
