/** A log with every kind of record that a topic can hold, and with those that nothing of ours writes. */
import fc from 'fast-check';
import { openEmbeddedBus } from '../../src/bus/embedded/embeddedBus';
import type { EmbeddedBus } from '../../src/bus/embedded/embeddedBus';
import {
  anyAudit,
  anyControl,
  anyDecision,
  anyEntity,
  anyExecution,
  anyHash,
  anyIntent,
  anyIntentKey,
  anyPrice,
  anyStateKey,
} from '../../src/contracts/avro/arbitraries';
import { Codec } from '../../src/contracts/avro/codec';
import earlier from '../../src/contracts/avro/earlier.json';
import { localRegistry } from '../../src/contracts/avro/localRegistry';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
  TOPICS,
} from '../../src/contracts/topics';
import type { Topic } from '../../src/contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';

const EVERY_SHARDS = 3;
const OLDER_ID = 1;

/** Small, large, hostile. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 5, maxLength: 40 }).map((bytes) => Uint8Array.of(0, 0, 0, 0, bytes[0]! % 14, ...bytes.slice(5))),
);
const anyHeaders = fc.dictionary(
  fc.oneof(fc.constantFrom('__proto__', 'topic', 'eval_ms', ''), fc.string({ unit: 'grapheme', maxLength: 5 })),
  fc.oneof(fc.constantFrom<string>(...TOPICS), fc.string({ unit: 'binary', maxLength: 8 })),
  { maxKeys: 3, noNullPrototype: true },
);
const anyTime = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1_771_900_000_000, max: 1_772_100_000_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0, -(2 ** 52), 2 ** 53 - 2, 253_402_300_799_999, 253_402_300_800_000) },
);

/** Of any topic, as somebody might put it there. */
const anyRecord = (codec: Codec): fc.Arbitrary<OutgoingRecord> => {
  const text = fc.constantFrom('r-1', 'R-1', 'r 2', '*', 'ä/ö', '..', '_', 'con.').map((run) => Buffer.from(run));
  const key = (topic: 'execution-events' | 'decisions' | 'audit-records') =>
    anyIntentKey.map((one) => codec.encodeKey(topic, one));
  const typed: fc.Arbitrary<readonly [Topic, Uint8Array | null, Uint8Array | null]> = fc.oneof(
    fc.tuple(
      fc.constant(ORDER_INTENTS),
      text,
      anyIntent.map((one) => codec.encodeValue(ORDER_INTENTS, one)),
    ),
    fc.tuple(
      fc.constant(MARKET_PRICES),
      text,
      anyPrice.map((one) => codec.encodeValue(MARKET_PRICES, one)),
    ),
    fc.tuple(
      fc.constant(CONTROL_EVENTS),
      text,
      anyControl.map((one) => codec.encodeValue(CONTROL_EVENTS, one)),
    ),
    fc.tuple(
      fc.constant(EXECUTION_EVENTS),
      key(EXECUTION_EVENTS),
      anyExecution.map((one) => codec.encodeValue(EXECUTION_EVENTS, one)),
    ),
    fc.tuple(
      fc.constant(DECISIONS),
      key(DECISIONS),
      anyDecision.map((one) => codec.encodeValue(DECISIONS, one)),
    ),
    fc.tuple(
      fc.constant(AUDIT_RECORDS),
      key(AUDIT_RECORDS),
      fc.tuple(anyAudit, anyHash).map(([record, hash]) => codec.encodeValue(AUDIT_RECORDS, { record, hash })),
    ),
    fc.tuple(
      fc.constant(POLICY_STATE),
      anyStateKey.map((one) => codec.encodeKey(POLICY_STATE, one)),
      fc.option(anyEntity.map((one) => codec.encodeValue(POLICY_STATE, one))),
    ),
  );
  const wild = fc.tuple(fc.constantFrom(...TOPICS, DEAD_LETTERS), fc.option(fc.oneof(text, anyBytes)), fc.option(anyBytes));
  return fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: typed }, { weight: 1, arbitrary: wild }),
      anyTime,
      anyHeaders,
      fc.nat(EVERY_SHARDS - 1),
    )
    .map(([[topic, recordKey, value], timestamp, headers, partition]) => ({
      topic,
      partition,
      key: recordKey,
      value,
      timestamp,
      headers,
    }));
};

/** A data directory with `count` of them, records of an earlier schema among them, and no more than LevelDB holds of a compacted topic. */
export const directoryOfEverything = async (directory: string, count: number, seed = 7): Promise<void> => {
  const bus = await openEmbeddedBus({ directory, shards: EVERY_SHARDS });
  try {
    const codec = await codecWithHistory(bus);
    const records = fc.sample(anyRecord(codec), { numRuns: count, seed });
    const older = Buffer.from(earlier.records.run_ended, 'hex');
    older.writeUInt32BE(OLDER_ID, 1);
    const run = (partition: number): OutgoingRecord => ({
      topic: CONTROL_EVENTS,
      partition,
      key: Buffer.from(`run-${partition}`),
      value: older,
      timestamp: 1_771_925_400_000,
    });
    await add(bus, [run(0), ...records, run(1)]);
  } finally {
    await bus.close();
  }
};

/** In commits of some records each. */
export const add = async (bus: Bus, records: readonly OutgoingRecord[]): Promise<void> => {
  const writer = await bus.writer('test');
  for (let at = 0; at < records.length; at += 50) await writer.commit(records.slice(at, at + 50));
  await writer.close();
};

const codecWithHistory = async (bus: EmbeddedBus): Promise<Codec> => {
  await bus.schemas.put(OLDER_ID, earlier.schemas.ControlEvent);
  return new Codec(await localRegistry(bus.schemas));
};

/** A record as it is compared: bytes in hex, so that a Buffer and a Uint8Array are the same, and headers in no order. */
export const plain = ({ topic, partition, offset, key, value, timestamp, headers }: BusRecord): string =>
  JSON.stringify([
    topic,
    partition,
    offset,
    key === null ? null : Buffer.from(key).toString('hex'),
    value === null ? null : Buffer.from(value).toString('hex'),
    timestamp,
    Object.entries(headers).sort(),
  ]);

/** Every record and every end of a bus, in order. */
export const logOf = async (bus: Bus): Promise<{ readonly records: readonly string[]; readonly ends: readonly number[] }> => {
  const records: string[] = [];
  const ends: number[] = [];
  for (const topic of TOPICS)
    for (let partition = 0; partition < bus.shards; partition++) {
      ends.push(await bus.endOffset(topic, partition));
      for await (const record of recordsTo(bus, { topic, partition, offset: 0 })) records.push(plain(record));
    }
  return { records, ends };
};

export const logInDirectory = async (directory: string): ReturnType<typeof logOf> => {
  const bus = await openEmbeddedBus({ directory });
  try {
    return await logOf(bus);
  } finally {
    await bus.close();
  }
};
