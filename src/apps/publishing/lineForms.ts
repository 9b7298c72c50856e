/** What a line of a file becomes on the log: intents, prices, control events. Every line is checked as strictly as the document that it is. */
import type { Codec } from '../../contracts/avro/codec';
import { describeError } from '../../contracts/contractError';
import type { ContractError } from '../../contracts/contractError';
import { CONTROL_LINE_BYTES, readControlLine } from '../../contracts/documents/controlEvents';
import { readPriceLine } from '../../contracts/documents/priceUpdates';
import { readDocument } from '../../contracts/documents/readDocument';
import { DOCUMENT_BYTES } from '../../contracts/json/text';
import type { ControlEvent, PriceUpdated } from '../../contracts/messages';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { parseRfc3339 } from '../../contracts/timestamp';
import { CONTROL_EVENTS, EVERY_RUN, MARKET_PRICES, ORDER_INTENTS, partitionOf } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { OutgoingRecord } from '../../processor/bus';

/** Where records go, and what their times are. */
export interface Destination {
  readonly codec: Codec;
  /** Partitions of every topic. */
  readonly shards: number;
  /** Whether the bus keeps the time that a document names; else it is the time of publishing. */
  readonly ownTimes: boolean;
}

/** What one line comes to. */
export interface LineRecords {
  /** Intents, prices or events, each counted once whichever partitions it goes to. */
  readonly count: number;
  readonly records: readonly OutgoingRecord[];
}

export interface LineForm {
  readonly topic: Topic;
  /** In the plural. */
  readonly what: string;
  readonly longestLine: number;
  /** The error's line is always the first: `errorAt` says which of the file it is. */
  read(line: Buffer): Result<LineRecords, ContractError>;
}

export const intentLines = ({ codec, shards, ownTimes }: Destination, runId: string): LineForm => {
  const key = Buffer.from(runId, 'utf8');
  const partition = partitionOf(key, shards);
  return {
    topic: ORDER_INTENTS,
    what: 'intents',
    longestLine: DOCUMENT_BYTES,
    read: (line) => {
      const read = readDocument('order_intent', line);
      if (!read.ok) return read;
      const timestamp = timeOf(ownTimes ? read.value.timestamp : undefined);
      return encoded(() => [
        { topic: ORDER_INTENTS, partition, key, value: codec.encodeValue(ORDER_INTENTS, read.value), timestamp },
      ]);
    },
  };
};

/** Every shard gets every price. */
export const priceLines = ({ codec, shards, ownTimes }: Destination): LineForm => ({
  topic: MARKET_PRICES,
  what: 'prices',
  longestLine: DOCUMENT_BYTES,
  read: (line) => {
    const read = readPriceLine(line);
    if (!read.ok) return read;
    const timestamp = timeOf(ownTimes ? read.value.timestamp : undefined);
    return encoded(() => priceRecords({ codec, shards }, read.value.prices, timestamp), read.value.prices.length);
  },
});

/** An event for every run goes to every shard. */
export const controlLines = ({ codec, shards, ownTimes }: Destination): LineForm => ({
  topic: CONTROL_EVENTS,
  what: 'control events',
  longestLine: CONTROL_LINE_BYTES,
  read: (line) => {
    const read = readControlLine(line);
    if (!read.ok) return read;
    const { run_id: runId, control } = read.value;
    const timestamp = timeOf(ownTimes ? read.value.timestamp : undefined);
    return encoded(() => controlRecords({ codec, shards }, runId, control, timestamp));
  },
});

type Target = Pick<Destination, 'codec' | 'shards'>;

export const priceRecords = (
  { codec, shards }: Target,
  prices: Iterable<PriceUpdated>,
  timestamp: number,
): readonly OutgoingRecord[] => {
  const records: OutgoingRecord[] = [];
  for (const price of prices) {
    const key = Buffer.from(price.symbol, 'utf8');
    const value = codec.encodeValue(MARKET_PRICES, price);
    for (let partition = 0; partition < shards; partition++)
      records.push({ topic: MARKET_PRICES, partition, key, value, timestamp });
  }
  return records;
};

export const controlRecords = (
  { codec, shards }: Target,
  runId: string,
  control: ControlEvent,
  timestamp: number,
): readonly OutgoingRecord[] => {
  const key = Buffer.from(runId, 'utf8');
  const value = codec.encodeValue(CONTROL_EVENTS, control);
  const partitions = runId === EVERY_RUN ? Array.from({ length: shards }, (_, shard) => shard) : [partitionOf(key, shards)];
  return partitions.map((partition) => ({ topic: CONTROL_EVENTS, partition, key, value, timestamp }));
};

const timeOf = (text: string | undefined): number => (text === undefined ? undefined : parseRfc3339(text)) ?? Date.now();

/** A document may be valid and still be more than a record can hold. */
const encoded = (records: () => readonly OutgoingRecord[], count = 1): Result<LineRecords, ContractError> => {
  try {
    return succeeded({ count, records: records() });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failed({ path: '', message: `fits no record of the log: ${error.message}` });
  }
};

/** The error with the file and the line in it. */
export const errorAt = (error: ContractError, source: string, line: number): string => describeError({ ...error, source, line });
