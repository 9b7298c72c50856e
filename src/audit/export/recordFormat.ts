/**
 * A record of the log within a container: its Avro bytes. The typed value is the body as it stands on the log, copied and never encoded again, so that a
 * reader gives back the record as it was. Fields in the order of `containerSchema`.
 */
import { DecodeFailure } from '../../contracts/avro/decoded';
import { RECORD_LIMITS } from '../../contracts/avro/limits';
import type { RecordLimits } from '../../contracts/avro/limits';
import type { Reader } from '../../contracts/avro/reader';
import type { Span } from '../../contracts/avro/walk';
import { compileSpan } from '../../contracts/avro/walk';
import { Writer } from '../../contracts/avro/writer';
import type { Topic } from '../../contracts/topics';
import type { BusRecord, Headers } from '../../processor/bus';
import { ExportFault } from './exportFault';
import { HEADER_BYTES, schemaIdOf } from './topicSchema';
import type { ValueSchema } from './topicSchema';

/** Bytes of one record: far beyond what a broker takes. */
const MOST_RECORD_BYTES = 48 * 1024 * 1024;
const MOST_HEADERS = 100_000;
const RECORD: RecordLimits = { bytes: MOST_RECORD_BYTES, items: MOST_HEADERS };
/** Partition, offset, timestamp, key, headers, schema id, value. */
export const SMALLEST_RECORD_BYTES = 7;
const SMALLEST_HEADER_BYTES = 2;

const NULL_BRANCH = 0;
const BYTES_BRANCH = 1;
const TYPED_BRANCH = 2;

/** What a typed value is checked by. */
interface TypedValue {
  readonly id: number;
  readonly span: Span;
  readonly limits: RecordLimits;
}

const typedValue = (topic: Topic, schema: ValueSchema | undefined): TypedValue | undefined =>
  schema === undefined ? undefined : { id: schema.id, span: compileSpan(schema.text), limits: limitsOf(topic) };

const limitsOf = (topic: Topic): RecordLimits =>
  (RECORD_LIMITS as Readonly<Partial<Record<Topic, RecordLimits>>>)[topic] ?? RECORD;

export class RecordEncoder {
  private readonly writer = new Writer();
  private readonly typed: TypedValue | undefined;

  constructor(topic: Topic, schema: ValueSchema | undefined) {
    this.typed = typedValue(topic, schema);
  }

  /** Throws an ExportFault for a record that cannot be told exactly. */
  encode(record: BusRecord): Buffer {
    try {
      return this.bytesOf(record);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ExportFault(`${record.topic}/${record.partition}@${record.offset}: ${error.message}`);
    }
  }

  private bytesOf({ partition, offset, timestamp, key, headers, value }: BusRecord): Buffer {
    const { writer } = this;
    writer.begin(0, RECORD);
    writer.int(partition);
    writer.long(offset);
    writer.long(timestamp);
    if (key === null) writer.index(NULL_BRANCH);
    else {
      writer.index(BYTES_BRANCH);
      writeBytes(writer, key);
    }
    const entries = Object.entries(headers);
    writer.array(entries.length);
    for (const [name, text] of entries) {
      writer.string(name);
      writer.string(text);
    }
    writer.endArray();
    this.writeValue(value);
    return writer.finish();
  }

  private writeValue(value: Uint8Array | null): void {
    const { writer, typed } = this;
    if (value !== null && typed !== undefined && isTyped(value, typed)) {
      writer.index(1);
      writer.int(typed.id);
      writer.index(TYPED_BRANCH);
      writer.encoded(value.subarray(HEADER_BYTES));
      return;
    }
    writer.index(0);
    if (value === null) {
      writer.index(NULL_BRANCH);
      return;
    }
    writer.index(BYTES_BRANCH);
    writeBytes(writer, value);
  }
}

/** Whether the value is one of the schema, wholly: what any Avro library reads. */
const isTyped = (value: Uint8Array, { id, span, limits }: TypedValue): boolean => {
  if (schemaIdOf(value) !== id) return false;
  try {
    return span(value, HEADER_BYTES, limits) === value.length;
  } catch (error) {
    if (error instanceof DecodeFailure) return false;
    throw error;
  }
};

const writeBytes = (writer: Writer, bytes: Uint8Array): void => {
  writer.long(bytes.length);
  writer.encoded(bytes);
};

export class RecordDecoder {
  private readonly typed: TypedValue | undefined;

  constructor(
    private readonly topic: Topic,
    schema: ValueSchema | undefined,
  ) {
    this.typed = typedValue(topic, schema);
  }

  /** The next record. Throws a DecodeFailure. Key and value may share the reader's memory. */
  decode(reader: Reader): BusRecord {
    const partition = reader.int();
    const offset = reader.long();
    if (partition < 0 || offset < 0)
      reader.fail('OUT_OF_BOUNDS', `partition ${partition}, offset ${offset}: expected zero or more`);
    const timestamp = reader.long();
    const key = reader.index(2) === NULL_BRANCH ? null : reader.byteString();
    const headers = readHeaders(reader);
    return { topic: this.topic, partition, offset, timestamp, key, headers, value: this.readValue(reader) };
  }

  private readValue(reader: Reader): Buffer | null {
    const { typed } = this;
    const id = reader.index(2) === 0 ? null : reader.int();
    const branch = reader.index(typed === undefined ? TYPED_BRANCH : TYPED_BRANCH + 1);
    if (branch === TYPED_BRANCH && typed !== undefined) {
      if (id !== typed.id)
        reader.fail('INVALID_VALUE', `a value of schema ${id ?? 'null'}: expected ${typed.id}, that of the file`);
      const body = reader.encoded(typed.span, typed.limits);
      const value = Buffer.allocUnsafe(HEADER_BYTES + body.length);
      value.writeUInt32BE(typed.id, 1);
      value[0] = 0;
      value.set(body, HEADER_BYTES);
      return value;
    }
    if (id !== null) reader.fail('INVALID_VALUE', `schema ${id} beside a value that is not typed: expected null`);
    return branch === NULL_BRANCH ? null : reader.byteString();
  }
}

const NO_HEADERS: Headers = Object.freeze({});

const readHeaders = (reader: Reader): Headers => {
  const count = reader.array(SMALLEST_HEADER_BYTES);
  if (count === 0) return NO_HEADERS;
  const headers: [string, string][] = [];
  for (let i = 0; i < count; i++) headers.push([reader.name(), reader.string()]);
  reader.endArray(count);
  // Entries, so that a header may be called `__proto__`.
  return Object.fromEntries(headers);
};
