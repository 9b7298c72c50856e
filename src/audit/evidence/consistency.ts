/**
 * That a later checkpoint only adds to an earlier one, for somebody who has the two and not the log: both notes and the RFC 6962 consistency proof
 * between their trees (RFC 9162, 2.1.4).
 */
import type { Codec } from '../../contracts/avro/codec';
import { readJson } from '../../contracts/json/readJson';
import { isJsonObject } from '../../contracts/json/value';
import { canonicalJson } from '../../contracts/json/write';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { leafData } from '../checkpoint/auditLeaf';
import type { PublicKey } from '../checkpoint/checkpointKeys';
import { originOf, verifiedHead } from '../checkpoint/checkpointNote';
import type { TreeHead } from '../checkpoint/checkpointNote';
import { verifiedCheckpoint } from '../checkpoint/checkpointRecord';
import { base64Bytes } from '../checkpoint/signedNote';
import { MERKLE_HASH_BYTES, verifyConsistency } from '../merkle';
import { MerkleProof } from '../merkleProof';
import { EvidenceError } from './collectEvidence';

export interface ConsistencyOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly key: PublicKey;
  readonly shard: number;
  /** Tree sizes of two checkpoints; `newSize` undefined: the last one. */
  readonly oldSize: number;
  readonly newSize: number | undefined;
  readonly onRead?: (records: number, total: number) => void;
}

/** The text of the proof. Rejects with an EvidenceError where the topic has no such checkpoints; what it says is not checked yet. */
export const collectConsistency = async (options: ConsistencyOptions): Promise<string> => {
  const { bus, shard, oldSize, newSize, onRead } = options;
  const heads = await signedHeads(options);
  const last = Math.max(0, ...heads.keys());
  const [older, newer] = [heads.get(oldSize), heads.get(newSize ?? last)];
  if (older === undefined || newer === undefined) {
    const sizes = [...heads.keys()].slice(-10).join(', ');
    throw new EvidenceError(
      `shard ${shard} has no checkpoint over ${older === undefined ? oldSize : (newSize ?? last)} records that this key has signed; ` +
        (heads.size === 0 ? 'it has none' : `the last ones are over ${sizes}`),
    );
  }
  if (older.head.size > newer.head.size)
    throw new EvidenceError('the old checkpoint must be over fewer records than the new one');
  const proof = MerkleProof.ofConsistency(older.head.size, newer.head.size);
  let read = 0;
  for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition: shard, offset: 0 }, newer.head.auditOffset)) {
    proof.add(leafData(record));
    onRead?.(++read, newer.head.size);
  }
  const hashes = proof.hashes().map((hash) => Buffer.from(hash).toString('base64'));
  return `${canonicalJson({ new: newer.note, old: older.note, proof: hashes })}\n`;
};

interface Signed {
  readonly note: string;
  readonly head: TreeHead;
}

/** By tree size. */
const signedHeads = async ({ bus, codec, key, shard }: ConsistencyOptions): Promise<ReadonlyMap<number, Signed>> => {
  const heads = new Map<number, Signed>();
  for await (const { value } of recordsTo(bus, { topic: AUDIT_CHECKPOINTS, partition: shard, offset: 0 })) {
    const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, value);
    const opened = decoded.ok ? verifiedCheckpoint(decoded.value, key, shard) : undefined;
    if (decoded.ok && opened?.ok === true)
      heads.set(opened.value.head.size, { note: decoded.value.note, head: opened.value.head });
  }
  return heads;
};

/** 2 notes of a few lines, and at most 64 hashes. */
const LARGEST_CONSISTENCY = 1 << 14;

export interface Consistent {
  readonly old: TreeHead;
  readonly new: TreeHead;
}

/** What the text shows, or in one line why it does not: signatures first, then one log and shard, then the proof between the roots. */
export const verifyConsistencyText = (text: string | Uint8Array, key: PublicKey): Result<Consistent, string> => {
  const read = readJson(text, LARGEST_CONSISTENCY);
  const value = read.ok ? read.value : undefined;
  if (value === undefined || !isJsonObject(value)) return failed('expected a JSON object of `new`, `old` and `proof`');
  const { new: newNote, old: oldNote, proof } = value;
  if (Object.keys(value).length !== 3 || typeof newNote !== 'string' || typeof oldNote !== 'string' || !Array.isArray(proof))
    return failed('expected exactly the fields `new`, `old` (notes) and `proof` (a list)');
  const hashes = proof.map((one) => (typeof one === 'string' ? base64Bytes(one) : undefined));
  const whole = hashes.filter((hash) => hash?.length === MERKLE_HASH_BYTES) as Uint8Array[];
  if (whole.length !== hashes.length) return failed('proof: expected hashes of 32 bytes in base64');
  const [older, newer] = [verifiedHead(oldNote, key), verifiedHead(newNote, key)];
  if (!older.ok) return failed(`old: ${older.error}`);
  if (!newer.ok) return failed(`new: ${newer.error}`);
  if (originOf(older.value) !== originOf(newer.value))
    return failed(`checkpoints of ${originOf(older.value)} and ${originOf(newer.value)}; expected two of one log and shard`);
  if (!verifyConsistency(older.value.size, newer.value.size, whole, older.value.root, newer.value.root))
    return failed('the proof does not lead from the old root to the new one: records that were signed are not the same any more');
  return succeeded({ old: older.value, new: newer.value });
};

/** Whether the bytes mean to be such a proof, and not the evidence of a decision. */
export const isConsistency = (bytes: Uint8Array): boolean => {
  const read = readJson(bytes, LARGEST_CONSISTENCY);
  return read.ok && isJsonObject(read.value) && 'old' in read.value && 'new' in read.value;
};
