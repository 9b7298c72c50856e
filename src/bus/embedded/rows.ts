/**
 * The rows of the embedded store: their keys, and the checksum that every value ends with.
 *
 * | key (bytes) | value |
 * |---|---|
 * | `m` | format version, shards: written once, at creation |
 * | `i` | number of the import that is going on: while it is there, nothing but that import may use the directory |
 * | `p` | in formats from PARTIAL_FORMAT_VERSION on: of which part of a log it is an import, as a text |
 * | `h` | head: number of the last commit, offsets ever given; part of every batch, and its first row |
 * | `c`, topic, partition | of a compacted partition: how far it is cleaned (cleaner.ts) |
 * | `r`, topic, partition, offset | a block of records (block.ts), under the offset of its first |
 * | `s`, schema id | a schema's text |
 *
 * Topic: 1 byte, place in TOPICS; partition: 2 bytes; offset: 8 bytes; all big-endian, so that rows sort by them. The last four bytes of
 * each value are the CRC-32 of key and value: a row that was altered, or moved to another key, is found when it is read.
 */
import { crc32 } from 'node:zlib';

/** What this version makes. */
export const FORMAT_VERSION = 1;
/** That of an imported log: there are gaps in its blocks. */
export const IMPORTED_FORMAT_VERSION = 2;
/** That of an import of a part of a log: it has a row that says which. */
export const PARTIAL_FORMAT_VERSION = 3;
export const META_KEY = Buffer.from('m');
export const IMPORT_KEY = Buffer.from('i');
export const PARTIAL_KEY = Buffer.from('p');
export const HEAD_KEY = Buffer.from('h');
export const CHECKSUM_BYTES = 4;

const RECORD_KIND = 0x72;
const CLEANING_KIND = 0x63;
const SCHEMA_KIND = 0x73;

const partitionKey = (kind: number, topicNumber: number, partition: number, bytes: number): Buffer => {
  const key = Buffer.alloc(bytes);
  key[0] = kind;
  key[1] = topicNumber;
  key.writeUInt16BE(partition, 2);
  return key;
};

export const recordKey = (topicNumber: number, partition: number, offset: number): Buffer => {
  const key = partitionKey(RECORD_KIND, topicNumber, partition, 12);
  key.writeUInt32BE(Math.floor(offset / 0x1_0000_0000), 4);
  key.writeUInt32BE(offset % 0x1_0000_0000, 8);
  return key;
};

/** The offset in a key of a block. */
export const offsetOfKey = (key: Buffer): number => key.readUInt32BE(4) * 0x1_0000_0000 + key.readUInt32BE(8);

export const cleaningKey = (topicNumber: number, partition: number): Buffer =>
  partitionKey(CLEANING_KIND, topicNumber, partition, 4);

export const schemaKey = (id: number): Buffer => {
  const key = Buffer.alloc(5);
  key[0] = SCHEMA_KIND;
  key.writeUInt32BE(id, 1);
  return key;
};
export const SCHEMA_KEYS = { gte: Buffer.from([SCHEMA_KIND]), lt: Buffer.from([SCHEMA_KIND + 1]) };

/** Writes the checksum into the last four bytes of `value`, which are left for it, and gives `value` back. */
export const seal = (key: Buffer, value: Buffer): Buffer => {
  const end = value.length - CHECKSUM_BYTES;
  value.writeUInt32BE(crc32(value.subarray(0, end), crc32(key)), end);
  return value;
};

/** Whether `value` still is what `seal` made. */
export const isSealed = (key: Buffer, value: Buffer): boolean => {
  const end = value.length - CHECKSUM_BYTES;
  return end >= 0 && value.readUInt32BE(end) === crc32(value.subarray(0, end), crc32(key));
};

/** A sealed row of a text. */
export const textRow = (key: Buffer, text: string): Buffer =>
  seal(key, Buffer.concat([Buffer.from(text), Buffer.alloc(CHECKSUM_BYTES)]));

/** The text of a row that `textRow` made; null when it is not one. */
export const textOf = (key: Buffer, value: Buffer): string | null =>
  isSealed(key, value) ? value.toString('utf8', 0, value.length - CHECKSUM_BYTES) : null;

/** A sealed row of whole numbers. */
export const numbersRow = (key: Buffer, ...numbers: readonly number[]): Buffer => {
  const value = Buffer.alloc(numbers.length * 8 + CHECKSUM_BYTES);
  numbers.forEach((number, at) => value.writeDoubleBE(number, at * 8));
  return seal(key, value);
};

/** The numbers of a row that `numbersRow` made; null when it is not one. */
export const numbersOf = (key: Buffer, value: Buffer, count: number): readonly number[] | null =>
  value.length === count * 8 + CHECKSUM_BYTES && isSealed(key, value)
    ? Array.from({ length: count }, (_, at) => value.readDoubleBE(at * 8))
    : null;
