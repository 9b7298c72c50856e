/** A union of null and one other type: null is branch 0. */
import type { Decimal, Notional } from '../decimal';
import type { Reader } from './reader';
import type { Writer } from './writer';

export const SHA256_BYTES = 32;

/** Writes the branch; true: the value is to follow. */
export const writePresence = <T>(writer: Writer, value: T | null): value is T => {
  writer.index(value === null ? 0 : 1);
  return value !== null;
};

export const writeOptional = <T>(writer: Writer, value: T | null, write: (writer: Writer, value: T) => void): void => {
  if (writePresence(writer, value)) write(writer, value);
};
export const readOptional = <T>(reader: Reader, read: (reader: Reader) => T): T | null =>
  reader.present() ? read(reader) : null;

export const writeOptionalDecimal = (writer: Writer, value: Decimal | null): void => {
  if (writePresence(writer, value)) writer.decimal(value);
};
export const readOptionalDecimal = (reader: Reader): Decimal | null => (reader.present() ? reader.decimal() : null);

export const writeOptionalNotional = (writer: Writer, value: Notional | null): void => {
  if (writePresence(writer, value)) writer.notional(value);
};
export const readOptionalNotional = (reader: Reader): Notional | null => (reader.present() ? reader.notional() : null);

export const writeOptionalString = (writer: Writer, value: string | null): void => {
  if (writePresence(writer, value)) writer.string(value);
};
export const readOptionalString = (reader: Reader): string | null => (reader.present() ? reader.string() : null);

export const writeOptionalSha256 = (writer: Writer, value: Uint8Array | null): void => {
  if (writePresence(writer, value)) writer.fixed(value, SHA256_BYTES);
};
export const readOptionalSha256 = (reader: Reader): Uint8Array | null => (reader.present() ? reader.fixed(SHA256_BYTES) : null);
