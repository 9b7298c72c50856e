/**
 * A block: records of one partition that were committed together (or put together by the cleaner), as one row of the store. One row for many
 * records is what makes a commit and a restore fast.
 *
 * Each record: offset minus the block's first (4 bytes), timestamp (8, a double), lengths of headers, key and value (4 each; -1: null), then
 * headers (JSON; length 0: none), key, value. Big-endian. Sealed as every row is (rows.ts).
 *
 * A log that was imported may have offsets that no record has (Kafka's control records, compaction). So that a record that is lost is never taken
 * for one of them, each stretch of such offsets has an entry of its own: -1 for the length of its headers, and for the time the offset behind it.
 */
import type { Topic } from '../../contracts/topics';
import type { BusRecord, Headers, OutgoingRecord } from '../../processor/bus';
import { CHECKSUM_BYTES, seal } from './rows';

/** A block is closed when it has so many records or bytes: what is read to get at one record in its middle. */
export const MOST_BLOCK_RECORDS = 1000;
const MOST_BLOCK_BYTES = 128 * 1024;

const FIXED_BYTES = 4 + 8 + 4 + 4 + 4;
const GAP = -1;
const NO_HEADERS: Headers = Object.freeze({});
/** What the place of an entry in its block has room for. */
const MOST_FURTHER = 0xffff_ffff;

/** Offsets that no record has, up to `end`. */
interface Gap {
  readonly end: number;
}
const isGap = (entry: OutgoingRecord | Gap): entry is Gap => 'end' in entry;

/** Collects the records of one partition into blocks, in order of offsets. */
export class BlockWriter {
  private records: (OutgoingRecord | Gap)[] = [];
  private offsets: number[] = [];
  private headers: (Buffer | null)[] = [];
  private bytes = CHECKSUM_BYTES;

  /** `keyOf`: the row's key, by the offset of the block's first record; `put` takes each finished block. */
  constructor(
    private readonly keyOf: (offset: number) => Buffer,
    private readonly put: (key: Buffer, value: Buffer) => void,
  ) {}

  add(record: OutgoingRecord, offset: number): void {
    const headers = headersToBytes(record.headers);
    this.append(record, offset, headers, (headers?.length ?? 0) + (record.key?.length ?? 0) + (record.value?.length ?? 0));
  }

  /** No record has these offsets, `end` not among them. */
  addGap(offset: number, end: number): void {
    this.append({ end }, offset, null, 0);
  }

  private append(entry: OutgoingRecord | Gap, offset: number, headers: Buffer | null, bytes: number): void {
    if (offset - (this.offsets[0] ?? offset) > MOST_FURTHER) this.finish();
    this.records.push(entry);
    this.offsets.push(offset);
    this.headers.push(headers);
    this.bytes += FIXED_BYTES + bytes;
    if (this.records.length >= MOST_BLOCK_RECORDS || this.bytes >= MOST_BLOCK_BYTES) this.finish();
  }

  /** Puts what is still open. */
  finish(): void {
    const first = this.offsets[0];
    if (first === undefined) return;
    const block = Buffer.allocUnsafe(this.bytes);
    let at = 0;
    for (let index = 0; index < this.records.length; index++) {
      const record = this.records[index];
      if (record === undefined) continue;
      at = block.writeUInt32BE((this.offsets[index] ?? 0) - first, at);
      if (isGap(record)) {
        at = writeGap(block, record, at);
        continue;
      }
      const headers = this.headers[index] ?? null;
      const { key, value } = record;
      at = block.writeDoubleBE(record.timestamp, at);
      at = block.writeInt32BE(headers === null ? 0 : headers.length, at);
      at = block.writeInt32BE(key === null ? -1 : key.length, at);
      at = block.writeInt32BE(value === null ? -1 : value.length, at);
      at = append(block, headers, at);
      at = append(block, key, at);
      at = append(block, value, at);
    }
    const rowKey = this.keyOf(first);
    this.put(rowKey, seal(rowKey, block));
    this.records = [];
    this.offsets = [];
    this.headers = [];
    this.bytes = CHECKSUM_BYTES;
  }
}

export interface OpenedBlock {
  readonly records: BusRecord[];
  /** The offset behind it. */
  readonly end: number;
}

/** What is in a block whose seal was checked. Keys and values share the block's memory. */
export const openBlock = (block: Buffer, first: number, topic: Topic, partition: number): OpenedBlock => {
  const records: BusRecord[] = [];
  const end = block.length - CHECKSUM_BYTES;
  let next = first;
  let at = 0;
  while (at < end) {
    const headersLength = block.readInt32BE(at + 12);
    if (headersLength === GAP) {
      next = block.readDoubleBE(at + 4);
      at += FIXED_BYTES;
      continue;
    }
    const keyLength = block.readInt32BE(at + 16);
    const valueLength = block.readInt32BE(at + 20);
    const headersAt = at + FIXED_BYTES;
    const keyAt = headersAt + headersLength;
    const valueAt = keyAt + Math.max(keyLength, 0);
    const offset = first + block.readUInt32BE(at);
    records.push({
      topic,
      partition,
      offset,
      key: keyLength < 0 ? null : block.subarray(keyAt, valueAt),
      value: valueLength < 0 ? null : block.subarray(valueAt, valueAt + valueLength),
      timestamp: block.readDoubleBE(at + 4),
      headers: headersLength === 0 ? NO_HEADERS : headersOfBytes(block.toString('utf8', headersAt, keyAt)),
    });
    next = offset + 1;
    at = valueAt + Math.max(valueLength, 0);
  }
  return { records, end: next };
};

const writeGap = (block: Buffer, { end }: Gap, at: number): number => {
  const next = block.writeInt32BE(GAP, block.writeDoubleBE(end, at));
  return block.writeInt32BE(-1, block.writeInt32BE(-1, next));
};

const append = (block: Buffer, bytes: Uint8Array | null, at: number): number => {
  if (bytes === null) return at;
  block.set(bytes, at);
  return at + bytes.length;
};

const headersToBytes = (headers: Headers | undefined): Buffer | null => {
  if (headers === undefined) return null;
  const entries = Object.entries(headers);
  return entries.length === 0 ? null : Buffer.from(JSON.stringify(entries));
};

/** Pairs, not an object: a header may be called `__proto__`. */
const headersOfBytes = (text: string): Headers => Object.fromEntries(JSON.parse(text) as [string, string][]);
