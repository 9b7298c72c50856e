/** The audit chain's arithmetic. Source: design, "Audit". */
import { hash } from 'node:crypto';

/** SHA-256(prev_hash || body): `body` is the Avro encoding of the audit record without its `hash`, which holds `prev_hash` too. */
export const chainHash = (prevHash: Uint8Array, body: Uint8Array): Uint8Array => {
  const length = prevHash.length + body.length;
  if (length > adjoined.length) adjoined = Buffer.allocUnsafe(length * 2);
  adjoined.set(prevHash, 0);
  adjoined.set(body, prevHash.length);
  return hash('sha256', adjoined.subarray(0, length), 'buffer');
};

/** One call over adjoining bytes costs half of what a Hash object does. */
let adjoined = Buffer.allocUnsafe(4_096);

const DIGEST_BYTES = 8;

/** The first 8 bytes of SHA-256 over an intent's Avro body: equal for a repeat, different for another body under the same id. */
export const intentDigest = (body: Uint8Array): Uint8Array =>
  Uint8Array.from(hash('sha256', body, 'buffer').subarray(0, DIGEST_BYTES));

const NAMESPACE = Buffer.from('6f1c1d6e2f0b5b0c9a34c0de5eed0a11', 'hex');

/** UUIDv5 (RFC 9562) in the project's namespace: ids are derived, not drawn. */
export const derivedUuid = (name: string): string => {
  const bytes = hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(name, 'utf8')]), 'buffer');
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** An audit record's `event_id`: of `run_id` and `seq`. */
export const eventId = (runId: string, seq: number): string => derivedUuid(`${runId}/${seq}`);
