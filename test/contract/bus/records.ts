/** Records for the tests of a bus, and how to look at them. */
import type { Topic } from '../../../src/contracts/topics';
import type { BusErrorCode, Headers, OutgoingRecord } from '../../../src/processor/bus';

export const record = (topic: Topic, partition: number, key: string, value: string | null): OutgoingRecord => ({
  topic,
  partition,
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  timestamp: 1_795_000_000_000,
});

export const text = (bytes: Uint8Array | null): string => (bytes === null ? '(null)' : Buffer.from(bytes).toString());

/** A record as it is compared: bytes in hex, so that a Buffer and a Uint8Array are the same. */
export const shown = ({
  topic,
  partition,
  offset,
  key,
  value,
  timestamp,
  headers,
}: Omit<OutgoingRecord, 'headers'> & { readonly headers?: Headers; readonly offset?: number }): {
  place: string;
  [field: string]: unknown;
} => ({
  place: `${topic}/${partition}@${String(offset).padStart(12, '0')}`,
  key: key === null ? null : Buffer.from(key).toString('hex'),
  value: value === null ? null : Buffer.from(value).toString('hex'),
  timestamp,
  headers: { ...headers },
});

/** To match against: the error's class by its name, since a bus may live in another realm. */
export const isBusError = (code: BusErrorCode): { name: string; code: BusErrorCode } => ({ name: 'BusError', code });
