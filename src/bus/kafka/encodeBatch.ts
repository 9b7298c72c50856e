/** One record batch of a transaction, as Produce carries it (message format 2, not compressed). Source: Kafka's protocol guide, "Record Batch". */
import type { OutgoingRecord } from '../../processor/bus';
import { crc32c } from '../crc32c';

export interface BatchProducer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequence number of the batch's first record in its partition. */
  readonly firstSequence: number;
}

const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const FIRST_SEQUENCE_AT = 53;
const COUNT_AT = 57;
const RECORDS_AT = 61;
const OVERHEAD = 12;
const TRANSACTIONAL = 0x10;
/** The most bytes of a varint that holds what is written here: lengths, deltas of offsets and of times. */
const VARINT_BYTES = 8;

/** The most bytes that a record can take: what decides how many go into one batch. */
export const recordSize = ({ key, value, headers }: OutgoingRecord): number => {
  let bytes = 6 * VARINT_BYTES + 1 + (key?.length ?? 0) + (value?.length ?? 0);
  // UTF-8 takes at most three bytes for a code unit.
  for (const name in headers) bytes += 2 * VARINT_BYTES + 3 * (name.length + (headers[name] ?? '').length);
  return bytes;
};

/** `records`: of one partition, at least one, in order. */
export const encodeBatch = (
  records: readonly OutgoingRecord[],
  { producerId, producerEpoch, firstSequence }: BatchProducer,
): Buffer => {
  let bound = RECORDS_AT;
  for (const record of records) bound += recordSize(record);
  const writer = new RecordWriter(bound, records[0]?.timestamp ?? 0);
  records.forEach((record, at) => writer.add(record, at));
  const { bytes, end, firstTimestamp, maxTimestamp } = writer;
  bytes.fill(0, 0, LENGTH_AT); // first offset: the broker gives it
  bytes.writeInt32BE(end - OVERHEAD, LENGTH_AT);
  bytes.writeInt32BE(-1, LEADER_EPOCH_AT);
  bytes[MAGIC_AT] = 2;
  bytes.writeInt16BE(TRANSACTIONAL, ATTRIBUTES_AT);
  bytes.writeInt32BE(records.length - 1, LAST_DELTA_AT);
  bytes.writeBigInt64BE(BigInt(firstTimestamp), FIRST_TIMESTAMP_AT);
  bytes.writeBigInt64BE(BigInt(maxTimestamp), MAX_TIMESTAMP_AT);
  bytes.writeBigInt64BE(producerId, PRODUCER_ID_AT);
  bytes.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT);
  bytes.writeInt32BE(firstSequence, FIRST_SEQUENCE_AT);
  bytes.writeInt32BE(records.length, COUNT_AT);
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT, end), CRC_AT);
  return bytes.subarray(0, end);
};

class RecordWriter {
  readonly bytes: Buffer;
  end = RECORDS_AT;
  maxTimestamp: number;

  constructor(
    bound: number,
    readonly firstTimestamp: number,
  ) {
    this.bytes = Buffer.allocUnsafe(bound);
    this.maxTimestamp = firstTimestamp;
  }

  add({ key, value, timestamp, headers }: OutgoingRecord, offsetDelta: number): void {
    const timestampDelta = timestamp - this.firstTimestamp;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    const names = headers === undefined ? [] : Object.keys(headers);
    let length = 1 + sizeOf(timestampDelta) + sizeOf(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value) + sizeOf(names.length);
    for (const name of names) length += sizeOfText(name) + sizeOfText(headers?.[name] ?? '');
    this.varint(length);
    this.bytes[this.end++] = 0; // attributes: none are defined
    this.varint(timestampDelta);
    this.varint(offsetDelta);
    this.part(key);
    this.part(value);
    this.varint(names.length);
    for (const name of names) {
      this.text(name);
      this.text(headers?.[name] ?? '');
    }
  }

  private part(part: Uint8Array | null): void {
    if (part === null) return this.varint(-1);
    this.varint(part.length);
    this.bytes.set(part, this.end);
    this.end += part.length;
  }

  private text(text: string): void {
    this.varint(Buffer.byteLength(text));
    this.end += this.bytes.write(text, this.end, 'utf8');
  }

  private varint(value: number): void {
    let left = zigzag(value);
    while (left >= 0x80) {
      this.bytes[this.end++] = (left % 0x80) + 0x80;
      left = Math.floor(left / 0x80);
    }
    this.bytes[this.end++] = left;
  }
}

/** Small numbers of either sign become small ones without. */
const zigzag = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);

const sizeOf = (value: number): number => {
  let bytes = 1;
  for (let left = zigzag(value); left >= 0x80; left = Math.floor(left / 0x80)) bytes += 1;
  return bytes;
};

const sizeOfBytes = (part: Uint8Array | null): number => (part === null ? 1 : sizeOf(part.length) + part.length);

const sizeOfText = (text: string): number => {
  const bytes = Buffer.byteLength(text);
  return sizeOf(bytes) + bytes;
};
