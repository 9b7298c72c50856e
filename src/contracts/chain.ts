/** The audit chain's arithmetic. Source: design, "Audit". */
import { hash } from 'node:crypto';

/** SHA-256(prev_hash || body): `body` is the Avro encoding of the audit record without its `hash`, which holds `prev_hash` too. */
export const chainHash = (prevHash: Uint8Array, body: Uint8Array): Uint8Array => {
  const length = prevHash.length + body.length;
  if (length > adjoined.length) adjoined = Buffer.allocUnsafe(length * 2);
  adjoined.set(prevHash, 0);
  adjoined.set(body, prevHash.length);
  return bytesOf(hash('sha256', adjoined.subarray(0, length), 'binary'), HASH_BYTES);
};

/** One call over adjoining bytes costs half of what a Hash object does. */
let adjoined = Buffer.allocUnsafe(4_096);

const HASH_BYTES = 32;
const DIGEST_BYTES = 8;

/** The first 8 bytes of SHA-256 over an intent's Avro body: equal for a repeat, different for another body under the same id. */
export const intentDigest = (body: Uint8Array): Uint8Array => bytesOf(hash('sha256', body, 'binary'), DIGEST_BYTES);

const NAMESPACE = Buffer.from('6f1c1d6e2f0b5b0c9a34c0de5eed0a11', 'hex');

/** UUIDv5 (RFC 9562) in the project's namespace: ids are derived, not drawn. */
export const derivedUuid = (name: string): string => {
  const hex = hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(name, 'utf8')]), 'hex');
  const variant = ((Number.parseInt(hex[16] ?? '', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** A digest asked for as text and copied costs two thirds of one asked for as a Buffer of its own. */
const bytesOf = (latin1: string, length: number): Uint8Array => {
  const bytes = Buffer.allocUnsafe(length);
  bytes.write(latin1, 0, length, 'latin1');
  return bytes;
};

/** An audit record's `event_id`: of `run_id` and `seq`. */
export const eventId = (runId: string, seq: number): string => derivedUuid(`${runId}/${seq}`);
