/**
 * Avro's primitive encodings, read from bytes of unknown origin. Source: Apache Avro 1.12 specification, "Binary encoding".
 *
 * Every read is checked against the bytes that are left before anything is built from it, so that the cost is bounded by the size. Only the one
 * canonical form of a value is accepted: shortest integers, booleans 0 or 1, arrays in one block. Other forms, legal in Avro, would let one
 * value have many digests. Any fault is thrown as a DecodeFailure.
 */
import { isUtf8 } from 'node:buffer';
import type { Decimal, Notional } from '../decimal';
import { inBounds, notionalInBounds } from '../decimal';
import type { DecodeFaultReason } from './decoded';
import { DecodeFailure } from './decoded';
import type { RecordLimits } from './limits';
import type { Span } from './walk';

const HIGHEST_INT = 0x7fffffff;
/** A power of two. */
const REMEMBERED_NAMES = 1024;

/** Whether `text` is what stands at `from`, as ASCII. */
const isText = (text: string, bytes: Buffer, from: number): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
};

export class Reader {
  private bytes: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private position = 0;
  private start = 0;
  private end = 0;
  private itemsLeft = 0;
  private readonly names = new Array<string | undefined>(REMEMBERED_NAMES).fill(undefined);

  /** Starts reading the body that begins at `start`. */
  begin(bytes: Buffer, start: number, limits: RecordLimits): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.position = start;
    this.start = start;
    this.end = bytes.length;
    this.itemsLeft = limits.items;
    if (this.end - start > limits.bytes) {
      throw new DecodeFailure('OUT_OF_BOUNDS', `a record of ${this.end - start} bytes: expected at most ${limits.bytes}`);
    }
  }

  /** Asserts that all has been read. */
  finish(): void {
    if (this.position !== this.end)
      this.fail('TRAILING_BYTES', `${this.end - this.position} bytes after the last field: expected none`);
  }

  boolean(): boolean {
    const value = this.byte();
    if (value > 1) this.fail('INVALID_VALUE', `a boolean of ${value}: expected 0 or 1`);
    return value === 1;
  }

  /** An index below `count` (at most 64). */
  index(count: number): number {
    const value = this.byte();
    if ((value & 1) === 1 || value >> 1 >= count)
      this.fail('OUT_OF_BOUNDS', `an index beyond ${count - 1}: expected one of the ${count} choices`);
    return value >> 1;
  }

  /** The branch of a union of null and one other type: whether there is a value. */
  present(): boolean {
    return this.index(2) === 1;
  }

  /** A whole number within ±(2^53 - 1). */
  long(): number {
    const first = this.byte();
    let magnitude = (first >> 1) & 63;
    let byte = first;
    let factor = 64;
    while (byte > 127) {
      byte = this.byte();
      magnitude += (byte & 127) * factor;
      factor *= 128;
      if (byte === 0) this.fail('INVALID_VALUE', 'an integer with zeros at its end: expected its shortest form');
      if (magnitude > Number.MAX_SAFE_INTEGER) this.fail('OUT_OF_BOUNDS', 'an integer of 2^53 or more: expected less');
    }
    const value = (first & 1) === 1 ? -magnitude - 1 : magnitude;
    if (value < Number.MIN_SAFE_INTEGER) this.fail('OUT_OF_BOUNDS', 'an integer of -2^53: expected more');
    return value;
  }

  int(): number {
    const value = this.long();
    if (value > HIGHEST_INT || value < -HIGHEST_INT - 1) this.fail('OUT_OF_BOUNDS', `${value} for an int: expected 32 bits`);
    return value;
  }

  string(): string {
    const size = this.long();
    if (size < 0) this.fail('OUT_OF_BOUNDS', `a text of ${size} bytes: expected zero or more`);
    const from = this.take(size);
    const { bytes, position: to } = this;
    for (let i = from; i < to; i++) {
      if ((bytes[i] ?? 0) > 127) return this.unicode(from, to);
    }
    return bytes.toString('latin1', from, to);
  }

  /**
   * A text that is likely to come again: a symbol, a strategy, the name of a figure. The one text of it is answered where it is remembered, which is
   * faster than making it, and keeps a million intents from holding a million copies.
   */
  name(): string {
    const { bytes, position } = this;
    const tag = bytes[position] ?? 0;
    // A size of one byte, even: a length of at most 63.
    const size = tag >> 1;
    const from = position + 1;
    const to = from + size;
    if ((tag & 129) !== 0 || to > this.end) return this.string();
    let hash = size;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 10)) & (REMEMBERED_NAMES - 1);
    const known = this.names[slot] ?? '';
    if (known.length === size && isText(known, bytes, from)) {
      this.position = to;
      return known;
    }
    const text = this.string();
    // Others are never found again, since their bytes differ from their characters.
    if (text.length === size) this.names[slot] = text;
    return text;
  }

  decimal(): Decimal {
    const at = this.take(16);
    const { view } = this;
    const first = view.getInt32(at);
    const second = view.getInt32(at + 4);
    // One word is enough below 9 in magnitude.
    if ((first | second) === 0) return view.getBigUint64(at + 8) as Decimal;
    if ((first & second) === -1 && view.getInt32(at + 8) < 0) return view.getBigInt64(at + 8) as Decimal;
    const value = ((view.getBigInt64(at) << 64n) | view.getBigUint64(at + 8)) as Decimal;
    if (!inBounds(value)) this.fail('OUT_OF_BOUNDS', 'a decimal of 10^20 or more: expected decimal(38,18)');
    return value;
  }

  notional(): Notional {
    const at = this.take(32);
    const { view } = this;
    const high = (view.getBigInt64(at) << 64n) | view.getBigUint64(at + 8);
    const low = (view.getBigUint64(at + 16) << 64n) | view.getBigUint64(at + 24);
    const value = (high === 0n ? low : (high << 128n) | low) as Notional;
    if (!notionalInBounds(value)) this.fail('OUT_OF_BOUNDS', 'a notional of 10^40 or more: expected decimal(76,36)');
    return value;
  }

  /** An Avro `fixed`: a copy, so that a digest that is kept does not keep the record. */
  fixed(size: number): Uint8Array {
    const from = this.take(size);
    const { bytes } = this;
    const copy = new Uint8Array(size);
    for (let i = 0; i < size; i++) copy[i] = bytes[from + i] ?? 0;
    return copy;
  }

  /** Avro `bytes`. They share the record's memory. */
  byteString(): Buffer {
    const size = this.long();
    if (size < 0) this.fail('OUT_OF_BOUNDS', `${size} bytes: expected zero or more`);
    const from = this.take(size);
    return this.bytes.subarray(from, from + size);
  }

  /** The bytes of a value of which only the end is wanted: `span` finds it. They share the record's memory. */
  encoded(span: Span, limits: RecordLimits): Buffer {
    const from = this.position;
    this.position = span(this.bytes, from, limits);
    return this.bytes.subarray(from, this.position);
  }

  /** Opens an array whose elements take at least `smallest` bytes each: their number. The caller reads them, then calls `endArray`. */
  array(smallest: number): number {
    const count = this.long();
    if (count < 0) this.fail('INVALID_VALUE', 'an array block with its size in bytes: expected one plain block');
    if (count > this.itemsLeft) this.fail('OUT_OF_BOUNDS', `an array of ${count} elements: expected at most ${this.itemsLeft}`);
    if (count * smallest > this.end - this.position)
      this.fail('TRUNCATED', `an array of ${count} elements in ${this.end - this.position} bytes`);
    this.itemsLeft -= count;
    return count;
  }

  endArray(count: number): void {
    // An empty array is its end marker, which has been read.
    if (count > 0 && this.byte() !== 0) this.fail('INVALID_VALUE', 'an array in several blocks: expected one');
  }

  /** Gives up, naming the byte. */
  fail(reason: DecodeFaultReason, message: string): never {
    throw new DecodeFailure(reason, `${message}, at byte ${this.position - this.start} of ${this.end - this.start}`);
  }

  private unicode(from: number, to: number): string {
    const text = this.bytes.toString('utf8', from, to);
    // What is not UTF-8 was replaced by U+FFFD, which a text may also have for itself: only then ask.
    if (text.includes('\ufffd') && !isUtf8(this.bytes.subarray(from, to))) this.fail('INVALID_VALUE', 'a text that is not UTF-8');
    return text;
  }

  private byte(): number {
    const at = this.position;
    if (at >= this.end) this.fail('TRUNCATED', 'the bytes end within a field');
    this.position = at + 1;
    return this.bytes[at] ?? 0;
  }

  private take(size: number): number {
    const at = this.position;
    if (size > this.end - at) this.fail('TRUNCATED', `${this.end - at} bytes are left of ${size}`);
    this.position = at + size;
    return at;
  }
}
