/**
 * Prices as JSON: a line is `{"symbol", "price"}`, where null withdraws the price, or a whole MarketSnapshot. The first form is what `tail` prints;
 * `publish prices` reads both. Source: docs/commands.md, "Prices"; contracts, "MarketSnapshot".
 */
import type { z } from 'zod';
import type { ContractError } from '../contractError';
import { isJsonObject } from '../json/value';
import type { JsonValue } from '../json/value';
import { jsonString } from '../json/write';
import type { PriceUpdated } from '../messages';
import type { Result } from '../result';
import { marketSnapshot } from './inputs';
import { amount, ANY_DECIMAL, name, orNull, timestamp } from './kinds';
import { readBySchema } from './readDocument';
import { field, jsonSchemaOf, strictObject } from './schema';
import { decimalText } from './writeDocument';

/** One line of a file of prices. */
export interface PriceLine {
  /** When they were seen, for a bus that keeps its senders' times; undefined: now. */
  readonly timestamp: string | undefined;
  readonly prices: readonly PriceUpdated[];
}

export const readPriceLine = (input: string | Uint8Array): Result<PriceLine, ContractError> => readBySchema(schemaOf, input);

export const priceText = ({ price, symbol }: PriceUpdated): string =>
  `{"price":${price === null ? 'null' : decimalText(price)},"symbol":${jsonString(symbol)}}`;

const priceUpdate = strictObject({
  symbol: field(name),
  price: field(orNull(amount(ANY_DECIMAL))),
  timestamp: field(timestamp).optional(),
});
/** Of the first form. */
export const priceUpdateSchema = (): Record<string, unknown> => jsonSchemaOf(priceUpdate);

const onePrice: z.ZodType<PriceLine> = priceUpdate.transform(({ symbol, price, timestamp: at }) => ({
  timestamp: at,
  prices: [{ symbol, price }],
}));

const snapshot: z.ZodType<PriceLine> = marketSnapshot.transform(({ timestamp: at, prices }) => ({
  timestamp: at,
  prices: [...prices].map(([symbol, price]) => ({ symbol, price })),
}));

const schemaOf = (line: JsonValue): z.ZodType<PriceLine> =>
  isJsonObject(line) && line.prices !== undefined ? snapshot : onePrice;
