/** What decoding answers. Bad bytes are data, not exceptions: the record goes to the dead letters with the fault, and the stream goes on. */

export type DecodeFaultReason =
  /** No bytes at all, or no key. */
  | 'EMPTY'
  /** The first byte is not zero: these bytes were not written with a schema id. */
  | 'NO_MAGIC_BYTE'
  /** The id belongs to no schema of this topic. It is not looked up anywhere. */
  | 'UNKNOWN_SCHEMA_ID'
  /** The bytes end within a field. */
  | 'TRUNCATED'
  /** Bytes are left after the last field. */
  | 'TRAILING_BYTES'
  /** A size, count, index or number beyond what is accepted. */
  | 'OUT_OF_BOUNDS'
  /** Readable, but no such value may be: text that is not UTF-8, a quantity of zero, an unsorted map. */
  | 'INVALID_VALUE';

export interface DecodeFault {
  readonly reason: DecodeFaultReason;
  /** One line: which record, where, what was expected. */
  readonly message: string;
}

/** The fault in one line. */
export const describeFault = ({ reason, message }: DecodeFault): string => `${reason}: ${message}`;

/**
 * A `Result` with the value's bytes. `body`: the value's Avro bytes by the current schema, without the wire header. They are those that were
 * read, or, for a record that was written with an older schema, the bytes it would have today.
 */
export type Decoded<T> =
  { readonly ok: true; readonly value: T; readonly body: Uint8Array } | { readonly ok: false; readonly error: DecodeFault };

/** Carries a fault out of nested readers; caught by whoever answers with `Decoded`. */
export class DecodeFailure extends Error {
  override readonly name = 'DecodeFailure';

  constructor(
    readonly reason: DecodeFaultReason,
    message: string,
  ) {
    super(message);
  }
}
