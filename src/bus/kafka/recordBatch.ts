/**
 * Record batches as a Fetch response carries them (message format 2). kafkajs has a decoder too, but gives no batch as such: one that compaction has
 * emptied, or a control record, would leave a reader no way to tell how far it is. Records are cut out of the response without copying.
 * Source: Kafka's protocol guide, "Record Batch"; KIP-98 for the attributes.
 */
import type { Headers } from '../../processor/bus';
import { crc32c } from '../crc32c';

export interface RecordBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly bytes: number;
  readonly records: readonly BatchRecord[];
}

export interface BatchRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** A batch that cannot be read. The log is not what a broker would give: nobody may go on behind it. */
export class BatchError extends Error {
  override readonly name = 'BatchError';
  constructor(
    readonly offset: number,
    what: string,
  ) {
    super(what);
  }
}

// From the batch's first byte.
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;
/** What comes before the part that the length counts. */
const OVERHEAD = 12;

const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** A sender may claim any 64 bits of milliseconds. What cannot be told exactly is no time, and becomes the last one that can. */
const LATEST = Number.MAX_SAFE_INTEGER;

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const NO_HEADERS: Headers = Object.freeze({});

/** The whole batches of a record set; the last one may be cut short by the size limit of a fetch, and is left out. Throws BatchError. */
export const decodeBatches = (set: Buffer): readonly RecordBatch[] => {
  const batches: RecordBatch[] = [];
  for (let at = 0; at + RECORDS_AT <= set.length;) {
    const end = at + OVERHEAD + set.readInt32BE(at + LENGTH_AT);
    if (end > set.length) break;
    batches.push(decodeBatch(set.subarray(at, end)));
    at = end;
  }
  return batches;
};

const decodeBatch = (batch: Buffer): RecordBatch => {
  const firstOffset = int64(batch, 0);
  if (batch.length < RECORDS_AT)
    throw new BatchError(firstOffset, `a batch of ${batch.length} bytes; expected at least ${RECORDS_AT}`);
  const magic = batch[MAGIC_AT] ?? 0;
  if (magic !== 2) throw new BatchError(firstOffset, `message format ${magic}; expected 2`);
  if (crc32c(batch, ATTRIBUTES_AT, batch.length) !== batch.readUInt32BE(CRC_AT)) {
    throw new BatchError(firstOffset, 'the batch does not match its checksum');
  }
  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  const codec = attributes & COMPRESSION;
  if (codec !== 0) {
    throw new BatchError(
      firstOffset,
      `the batch is compressed with ${CODECS[codec] ?? `codec ${codec}`}; the topic needs compression.type=uncompressed`,
    );
  }
  const firstTimestamp = int64(batch, FIRST_TIMESTAMP_AT);
  const appended = (attributes & LOG_APPEND_TIME) === 0 ? undefined : int64(batch, MAX_TIMESTAMP_AT);
  return {
    firstOffset,
    lastOffset: firstOffset + batch.readInt32BE(LAST_DELTA_AT),
    producerId: batch.readBigInt64BE(PRODUCER_ID_AT),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    bytes: batch.length,
    records: new RecordCursor(batch, firstOffset, firstTimestamp, appended).all(
      batch.readInt32BE(COUNT_AT),
      batch.readInt32BE(LAST_DELTA_AT),
    ),
  };
};

class RecordCursor {
  private at = RECORDS_AT;

  constructor(
    private readonly batch: Buffer,
    private readonly firstOffset: number,
    private readonly firstTimestamp: number,
    /** The time at which the broker took the batch, where that is what counts. */
    private readonly appended: number | undefined,
  ) {}

  /**
   * The broker checks the count of a batch against its last offset, and not what its records say their own offsets are: in a batch as it was written
   * they are counted, so that nobody can write an offset that moves a reader past what others wrote. Only one that compaction has thinned out is
   * taken at its word, since the broker has written it anew.
   */
  all(count: number, lastDelta: number): BatchRecord[] {
    // A record has at least seven bytes: a count beyond that is none.
    if (count < 0 || count * 7 > this.batch.length - RECORDS_AT)
      throw this.damaged(`${count} records in ${this.batch.length} bytes`);
    const records: BatchRecord[] = [];
    const whole = count === lastDelta + 1;
    let next = this.firstOffset;
    for (let n = 0; n < count; n++) {
      const record = this.record();
      const offset = whole ? this.firstOffset + n : record.offset;
      if (offset < next || offset > this.firstOffset + lastDelta) throw this.damaged(`offset ${offset} does not belong to it`);
      next = offset + 1;
      records.push(offset === record.offset ? record : { ...record, offset });
    }
    if (this.at !== this.batch.length) throw this.damaged('bytes behind the last record');
    return records;
  }

  private record(): BatchRecord {
    const end = this.varint() + this.at;
    this.at += 1; // attributes: none are defined
    // Read in any case: where the broker has stamped the batch, what its sender claimed stands there still.
    const claimed = this.firstTimestamp + this.varint();
    const timestamp = this.appended ?? Math.max(-LATEST, Math.min(claimed, LATEST));
    const offset = this.firstOffset + this.varint();
    const key = this.bytes();
    const value = this.bytes();
    const count = this.varint();
    const headers = count === 0 ? NO_HEADERS : this.headers(count);
    if (this.at !== end) throw this.damaged('a record is not as long as it says');
    return { offset, timestamp, key, value, headers };
  }

  private headers(count: number): Headers {
    if (count < 0 || count * 2 > this.batch.length - this.at) throw this.damaged(`${count} headers`);
    const headers: Record<string, string> = {};
    for (let n = 0; n < count; n++) {
      const name = this.bytes()?.toString('utf8') ?? '';
      const value = this.bytes()?.toString('utf8') ?? '';
      // Of two with one name the last counts. Not assigned: `__proto__` is a name like others.
      Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return headers;
  }

  /** Length and bytes; length -1: null. */
  private bytes(): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    const end = this.at + length;
    if (length < 0 || end > this.batch.length) throw this.damaged('a length beyond the batch');
    const bytes = this.batch.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  /** A zigzag varint, up to 64 bits: lengths and deltas. Only times are ever too large for a number, and are cut back. */
  private varint(): number {
    const { batch } = this;
    let byte = batch[this.at++] ?? 0;
    let raw = byte & 0x7f;
    if (byte >= 0x80) {
      let factor = 128;
      do {
        if (this.at >= batch.length || factor > 2 ** 63) throw this.damaged('a number without an end');
        byte = batch[this.at++] ?? 0;
        raw += (byte & 0x7f) * factor;
        factor *= 128;
      } while (byte >= 0x80);
    }
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  private damaged(what: string): BatchError {
    return new BatchError(this.firstOffset, `the batch is damaged: ${what}`);
  }
}

/** As a number: offsets and times stay far below 2^53. */
const int64 = (bytes: Buffer, at: number): number => bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
