/**
 * Between the messages of the code and the bytes on a topic: a zero byte, the schema's id (4 bytes, big-endian), the Avro body. It is the wire format
 * of Confluent's schema registry, the same on every bus. Why the bodies are written by hand, and why only one form of each is read:
 * docs/adr/0004-avro-encoding.md.
 *
 * Encoding throws a RangeError for what no reader would accept: that is a mistake of the caller. Decoding never throws, and costs at most 10 ms and
 * 8 MB whatever the bytes are (limits.ts).
 */
import type { AuditRecord } from '../messages';
import type { Result } from '../result';
import { AUDIT_RECORDS } from '../topics';
import type { AuditHead, AuditParts, SealedAudit } from './auditFormat';
import { readAuditHead, writeAuditBody } from './auditFormat';
import type { DecodeFault, DecodeFaultReason, Decoded } from './decoded';
import { DecodeFailure } from './decoded';
import type { Downcast } from './earlierForm';
import { downcastTo } from './earlierForm';
import type { Format, KeyTopic, TopicKeys, TopicValues, ValueTopic } from './formats';
import { KEY_FORMATS, VALUE_FORMATS } from './formats';
import type { Upcast } from './olderSchema';
import { upcastFrom } from './olderSchema';
import { SHA256_BYTES } from './optional';
import { Reader } from './reader';
import type { RegisteredSchemas } from './registeredSchemas';
import { essenceOf, recordNameOf, schemaText, SUBJECTS } from './schemas';
import type { Subject } from './schemas';
import { Writer } from './writer';

const MAGIC = 0;
const HEADER_BYTES = 5;

/** The schemas of one subject. */
interface SubjectSchemas {
  readonly id: number;
  /** By id: how to read older versions; undefined: the same but for its docs. */
  readonly older: ReadonlyMap<number, Upcast | undefined>;
}

export class Codec {
  /** Bytes before the Avro body. */
  readonly headerBytes = HEADER_BYTES;
  private readonly subjects: ReadonlyMap<Subject, SubjectSchemas>;
  private readonly writer = new Writer();
  private readonly reader = new Reader();
  private readonly downcasts = new Map<string, Downcast>();

  /** Throws a TypeError if a subject has no id, or a registered schema does not resolve to the current one. */
  constructor(readonly registered: RegisteredSchemas) {
    this.subjects = subjectSchemas(registered);
  }

  encodeValue<T extends ValueTopic>(topic: T, value: TopicValues[T]): Buffer {
    return this.encode(VALUE_FORMATS[topic], value);
  }

  encodeKey<T extends KeyTopic>(topic: T, key: TopicKeys[T]): Buffer {
    return this.encode(KEY_FORMATS[topic], key);
  }

  decodeValue<T extends ValueTopic>(topic: T, bytes: Uint8Array | null): Decoded<TopicValues[T]> {
    return this.decode(VALUE_FORMATS[topic], bytes);
  }

  decodeKey<T extends KeyTopic>(topic: T, bytes: Uint8Array | null): Decoded<TopicKeys[T]> {
    return this.decode(KEY_FORMATS[topic], bytes);
  }

  /**
   * The Avro body of an audit record without its `hash`: what the hash is taken of, with `prev_hash` before it. `parts`: bodies that exist already
   * (as decoded, or as encoded by this codec), copied in place of the fields of their names.
   */
  encodeAuditBody(record: AuditRecord, parts: AuditParts = {}): Buffer {
    this.writer.begin(0, VALUE_FORMATS[AUDIT_RECORDS].limits);
    writeAuditBody(this.writer, record, parts);
    return this.writer.finish();
  }

  /** The value of `audit-records`: `body` as `encodeAuditBody` gave it, with its hash. */
  auditValue(body: Uint8Array, hash: Uint8Array): Buffer {
    if (hash.length !== SHA256_BYTES) throw new RangeError(`a hash of ${hash.length} bytes: expected ${SHA256_BYTES}`);
    const value = Buffer.allocUnsafe(HEADER_BYTES + body.length + SHA256_BYTES);
    writeHeader(value, this.schemasOf('audit-records-value').id);
    value.set(body, HEADER_BYTES);
    value.set(hash, HEADER_BYTES + body.length);
    return value;
  }

  /** An audit record with `hashed`, the bytes as they stand on the log that its hash is of (after `prev_hash`), whichever schema they are of. */
  decodeAudit(bytes: Uint8Array | null): Result<SealedAudit & { readonly hashed: Uint8Array }, DecodeFault> {
    const decoded = this.decodeValue(AUDIT_RECORDS, bytes);
    if (!decoded.ok || bytes === null) return decoded as { ok: false; error: DecodeFault };
    const { record, hash } = decoded.value;
    return { ok: true, value: { record, hash, hashed: bytes.subarray(HEADER_BYTES, bytes.length - SHA256_BYTES) } };
  }

  /**
   * The first fields of an audit record, without a look at the rest: for who goes on to compare all of its bytes. Of an older schema all of it is read.
   */
  decodeAuditHead(bytes: Uint8Array | null): Result<AuditHead, DecodeFault> {
    const { limits } = VALUE_FORMATS[AUDIT_RECORDS];
    if (bytes === null || schemaIdOf(bytes) !== this.schemasOf('audit-records-value').id) {
      const decoded = this.decodeValue(AUDIT_RECORDS, bytes);
      return decoded.ok ? { ok: true, value: decoded.value.record } : decoded;
    }
    try {
      this.reader.begin(asBuffer(bytes), HEADER_BYTES, limits);
      return { ok: true, value: readAuditHead(this.reader) };
    } catch (error) {
      if (error instanceof DecodeFailure) return faulty(error.reason, `audit-records-value: ${error.message}`);
      throw error;
    }
  }

  /** The id of the schema that a value is of; undefined: it does not begin as one. */
  schemaIdOf(bytes: Uint8Array | null): number | undefined {
    return bytes === null ? undefined : schemaIdOf(bytes);
  }

  /**
   * What this codec wrote, as the version of the code would have written it whose schema has the id `earlier`: what that schema does not have is left
   * out. Of an audit record the chain can be given, since other bytes have other hashes. Undefined: no schema of the topic has the id, or the value
   * cannot be said by it.
   */
  inEarlierForm(topic: ValueTopic, value: Uint8Array, earlier: number, prevHash?: Uint8Array): Buffer | undefined {
    const { subject } = VALUE_FORMATS[topic];
    const { older } = this.schemasOf(subject);
    if (!older.has(earlier)) return undefined;
    const body = asBuffer(value).subarray(HEADER_BYTES);
    const form = this.downcastOf(subject, earlier)(body, prevHash);
    if (form === undefined) return undefined;
    const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), form]);
    writeHeader(bytes, earlier);
    return bytes;
  }

  private downcastOf(subject: Subject, earlier: number): Downcast {
    const name = `${subject}@${earlier}`;
    let downcast = this.downcasts.get(name);
    if (downcast === undefined) {
      const text = (id: number): string => this.registered.schemas.get(id) ?? '';
      downcast = downcastTo(text(earlier), text(this.schemasOf(subject).id));
      this.downcasts.set(name, downcast);
    }
    return downcast;
  }

  private encode<T>(format: Format<T>, value: T): Buffer {
    const { writer } = this;
    writer.begin(HEADER_BYTES, format.limits);
    format.write(writer, value);
    const bytes = writer.finish();
    writeHeader(bytes, this.schemasOf(format.subject).id);
    return bytes;
  }

  private decode<T>(format: Format<T>, given: Uint8Array | null): Decoded<T> {
    if (given === null || given.length === 0) return faulty('EMPTY', `${format.subject}: no bytes; expected a record`);
    if (given[0] !== MAGIC)
      return faulty('NO_MAGIC_BYTE', `${format.subject}: the first byte is ${given[0] ?? 0}; expected 0 and a schema id`);
    if (given.length < HEADER_BYTES)
      return faulty('TRUNCATED', `${format.subject}: ${given.length} bytes; expected ${HEADER_BYTES} before the body`);
    try {
      return this.decodeBody(format, asBuffer(given));
    } catch (error) {
      if (error instanceof DecodeFailure) return faulty(error.reason, `${format.subject}: ${error.message}`);
      throw error;
    }
  }

  private decodeBody<T>(format: Format<T>, given: Buffer): Decoded<T> {
    const { subject, limits } = format;
    const { id, older } = this.schemasOf(subject);
    const written = given.readUInt32BE(1);
    let bytes = given;
    let start = HEADER_BYTES;
    if (written !== id) {
      if (!older.has(written))
        return faulty('UNKNOWN_SCHEMA_ID', `${subject}: schema id ${written}; expected ${id} or an older one of the subject`);
      const upcast = older.get(written);
      if (upcast !== undefined) {
        bytes = upcast(given, HEADER_BYTES, limits);
        start = 0;
      }
    }
    const { reader } = this;
    reader.begin(bytes, start, limits);
    const value = format.read(reader);
    reader.finish();
    const fault = format.fault?.(value);
    if (fault !== undefined) return faulty('INVALID_VALUE', `${subject}: ${fault}`);
    return { ok: true, value, body: start === 0 ? bytes : bytes.subarray(start) };
  }

  private schemasOf(subject: Subject): SubjectSchemas {
    const schemas = this.subjects.get(subject);
    if (schemas === undefined) throw new TypeError(`no schema id is registered for ${subject}`);
    return schemas;
  }
}

const faulty = (reason: DecodeFaultReason, message: string): { readonly ok: false; readonly error: DecodeFault } => ({
  ok: false,
  error: { reason, message },
});

const schemaIdOf = (bytes: Uint8Array): number | undefined =>
  bytes.length < HEADER_BYTES || bytes[0] !== MAGIC ? undefined : asBuffer(bytes).readUInt32BE(1);

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const writeHeader = (bytes: Buffer, id: number): void => {
  bytes[0] = MAGIC;
  bytes[1] = id >>> 24;
  bytes[2] = id >>> 16;
  bytes[3] = id >>> 8;
  bytes[4] = id;
};

const subjectSchemas = ({ ids, schemas }: RegisteredSchemas): ReadonlyMap<Subject, SubjectSchemas> => {
  const subjects = new Map<Subject, SubjectSchemas>();
  for (const { subject, record } of SUBJECTS) {
    const id = ids.get(subject);
    if (id === undefined) throw new TypeError(`no schema id is registered for ${subject}`);
    const current = schemaText(record);
    const essence = essenceOf(current);
    const older = new Map<number, Upcast | undefined>();
    for (const [other, text] of schemas) {
      if (other === id || recordNameOf(text) !== recordNameOf(current)) continue;
      older.set(other, essenceOf(text) === essence ? undefined : upcastFrom(text, current));
    }
    subjects.set(subject, { id, older });
  }
  return subjects;
};
