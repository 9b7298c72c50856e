/** The Avro bodies of OrderIntent and PriceUpdated. Fields in the order of avro/OrderIntent.avsc and avro/PriceUpdated.avsc. */
import type { OrderIntent, PriceUpdated } from '../messages';
import { readOptionalDecimal, writeOptionalDecimal } from './optional';
import type { Reader } from './reader';
import { ASSET_CLASSES, ORDER_TYPES, readSymbol, SIDES, writeSymbol } from './symbols';
import type { Writer } from './writer';

export const writeOrderIntent = (writer: Writer, intent: OrderIntent): void => {
  writer.string(intent.intent_id);
  writer.string(intent.timestamp);
  writer.string(intent.strategy_id);
  writer.string(intent.account_id);
  writer.string(intent.instrument.symbol);
  writeSymbol(writer, ASSET_CLASSES, intent.instrument.asset_class);
  writeSymbol(writer, SIDES, intent.side);
  writeSymbol(writer, ORDER_TYPES, intent.order_type);
  writer.decimal(intent.qty);
  writeOptionalDecimal(writer, intent.limit_price);
};

// An object literal is evaluated from top to bottom, so the fields are read in the order in which they stand.
export const readOrderIntent = (reader: Reader): OrderIntent => ({
  intent_id: reader.string(),
  timestamp: reader.string(),
  strategy_id: reader.name(),
  account_id: reader.name(),
  instrument: { symbol: reader.name(), asset_class: readSymbol(reader, ASSET_CLASSES) },
  side: readSymbol(reader, SIDES),
  order_type: readSymbol(reader, ORDER_TYPES),
  qty: reader.decimal(),
  limit_price: readOptionalDecimal(reader),
});

export const writePriceUpdated = (writer: Writer, update: PriceUpdated): void => {
  writer.string(update.symbol);
  writeOptionalDecimal(writer, update.price);
};

export const readPriceUpdated = (reader: Reader): PriceUpdated => ({
  symbol: reader.name(),
  price: readOptionalDecimal(reader),
});
