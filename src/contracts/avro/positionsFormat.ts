/** The Avro body of InputPositions: a part of audit records and of the shard's memory. */
import type { InputPositions } from '../messages';
import type { Reader } from './reader';
import type { Writer } from './writer';

export const writeInputPositions = (writer: Writer, positions: InputPositions): void => {
  writer.long(positions.order_intents);
  writer.long(positions.market_prices);
  writer.long(positions.control_events);
  writer.long(positions.execution_events);
};

export const readInputPositions = (reader: Reader): InputPositions => ({
  order_intents: reader.long(),
  market_prices: reader.long(),
  control_events: reader.long(),
  execution_events: reader.long(),
});
