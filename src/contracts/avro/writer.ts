/**
 * Avro's primitive encodings into one growing buffer. Source: Apache Avro 1.12 specification, "Binary encoding".
 *
 * The writer is reused from record to record: `begin`, then the fields in the schema's order, then `finish`, which copies the record out. What
 * a reader would refuse is a RangeError here: it is a mistake of ours, and must not reach the log.
 */
import type { Decimal, Notional } from '../decimal';
import { inBounds, notionalInBounds } from '../decimal';
import type { RecordLimits } from './limits';

const LONGEST_VARINT = 10;
/** Below this, twice the value has 31 bits. */
const SMALL_LONG = 2 ** 30;
/** Up to this length a text's size fits into one byte, and copying it here is faster than a call out of JavaScript. */
const SHORT_TEXT = 63;
const LONE_SURROGATE = /\p{Surrogate}/u;

export class Writer {
  private bytes = Buffer.allocUnsafeSlow(64 * 1024);
  private view = viewOf(this.bytes);
  private position = 0;
  private start = 0;
  private items = 0;
  private limits: RecordLimits = { bytes: 0, items: 0 };

  /** Starts a record within `limits`, leaving `reserved` bytes free before it. */
  begin(reserved: number, limits: RecordLimits): void {
    this.position = reserved;
    this.start = reserved;
    this.items = 0;
    this.limits = limits;
  }

  /** A copy of the record, the reserved bytes included. */
  finish(): Buffer {
    const { bytes, position, start, limits } = this;
    if (position - start > limits.bytes)
      throw new RangeError(`a record of ${position - start} bytes: expected at most ${limits.bytes}`);
    const copy = Buffer.allocUnsafe(position);
    bytes.copy(copy, 0, 0, position);
    return copy;
  }

  boolean(value: boolean): void {
    this.reserve(1);
    this.bytes[this.position++] = value ? 1 : 0;
  }

  /** An index (of a union's branch or an enum's symbol) or a size: 0 to 63, one byte. */
  index(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value << 1;
  }

  int(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} cannot be written as an int: expected a whole number of 32 bits`);
    this.long(value);
  }

  /** A whole number within ±(2^53 - 1). */
  long(value: number): void {
    if (value >= 0 && value < SMALL_LONG && (value | 0) === value) {
      this.smallLong(value);
      return;
    }
    if (!Number.isSafeInteger(value))
      throw new RangeError(`${value} cannot be written as a long: expected a whole number within 2^53`);
    this.reserve(LONGEST_VARINT);
    const bytes = this.bytes;
    // Zigzag: twice the magnitude, less one if negative; here the sign and the magnitude are kept apart, since doubling leaves 2^53.
    const sign = value < 0 ? 1 : 0;
    const magnitude = sign === 1 ? -(value + 1) : value;
    const low = magnitude & 63;
    let rest = (magnitude - low) / 64;
    let byte = (low << 1) | sign;
    while (rest !== 0) {
      bytes[this.position++] = byte | 128;
      byte = rest & 127;
      rest = (rest - byte) / 128;
    }
    bytes[this.position++] = byte;
  }

  string(text: string): void {
    const length = text.length;
    if (length > SHORT_TEXT) {
      this.longText(text);
      return;
    }
    this.reserve(length + 1);
    const bytes = this.bytes;
    const start = this.position;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.longText(text);
        return;
      }
      bytes[start + 1 + i] = code;
    }
    bytes[start] = length << 1;
    this.position = start + 1 + length;
  }

  decimal(value: Decimal): void {
    if (!inBounds(value)) throw new RangeError(`${value.toString()}e-18 cannot be written as a decimal(38,18)`);
    this.reserve(16);
    // Storing takes the low 64 bits, so only the high half is computed.
    this.view.setBigInt64(this.position, value >> 64n);
    this.view.setBigInt64(this.position + 8, value);
    this.position += 16;
  }

  notional(value: Notional): void {
    if (!notionalInBounds(value)) throw new RangeError(`${value.toString()}e-36 cannot be written as a decimal(76,36)`);
    this.reserve(32);
    const { view, position } = this;
    view.setBigInt64(position, value >> 192n);
    view.setBigInt64(position + 8, value >> 128n);
    view.setBigInt64(position + 16, value >> 64n);
    view.setBigInt64(position + 24, value);
    this.position += 32;
  }

  /** An Avro `fixed` of `size` bytes. */
  fixed(value: Uint8Array, size: number): void {
    if (value.length !== size) throw new RangeError(`${value.length} bytes: expected ${size}`);
    this.reserve(size);
    const { bytes, position } = this;
    for (let i = 0; i < size; i++) bytes[position + i] = value[i] ?? 0;
    this.position += size;
  }

  /** Bytes that are Avro already: a record that was encoded or read before. */
  encoded(body: Uint8Array): void {
    this.reserve(body.length);
    this.bytes.set(body, this.position);
    this.position += body.length;
  }

  /** Opens an array. A caller writes `size` elements, then calls `endArray`. */
  array(size: number): void {
    this.items += size;
    if (this.items > this.limits.items)
      throw new RangeError(`a record of ${this.items} elements: expected at most ${this.limits.items}`);
    // An empty array is its end marker.
    if (size > 0) this.long(size);
  }

  endArray(): void {
    this.index(0);
  }

  /** Counts and sequence numbers: in 32-bit arithmetic, zigzag is a shift. */
  private smallLong(value: number): void {
    this.reserve(LONGEST_VARINT);
    const bytes = this.bytes;
    let rest = value << 1;
    while (rest > 127) {
      bytes[this.position++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.position++] = rest;
  }

  private longText(text: string): void {
    const size = Buffer.byteLength(text);
    const ascii = size === text.length;
    if (!ascii && LONE_SURROGATE.test(text)) throw new RangeError('a text with half a surrogate pair cannot be written as UTF-8');
    this.long(size);
    this.reserve(size);
    this.bytes.write(text, this.position, size, ascii ? 'latin1' : 'utf8');
    this.position += size;
  }

  private reserve(size: number): void {
    if (this.position + size > this.bytes.length) this.grow(size);
  }

  private grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.position + size));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
    this.view = viewOf(larger);
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
