/** Gathers the evidence of one decision from the log: two passes over the shard's audit records, in constant memory. */
import type { Codec } from '../../contracts/avro/codec';
import { auditText } from '../../contracts/documents/recordTexts';
import { hexOf } from '../../contracts/json/hex';
import type { AuditRecord } from '../../contracts/messages';
import { policyHash } from '../../contracts/policyDocument';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS, partitionOf } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { leafData } from '../checkpoint/auditLeaf';
import type { PublicKey } from '../checkpoint/checkpointKeys';
import type { TreeHead } from '../checkpoint/checkpointNote';
import { verifiedCheckpoint } from '../checkpoint/checkpointRecord';
import { MerkleProof } from '../merkleProof';
import { auditSchemaOf, packed } from './auditSchemas';
import { evidenceText } from './evidence';

export interface CollectOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly key: PublicKey;
  readonly runId: string;
  readonly intentId: string;
  /** Records read, of how many offsets there are. */
  readonly onRead?: (records: number, total: number) => void;
}

/** What keeps a decision from being proven; the message says what to do. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
}

/** The text of the evidence. Rejects with an EvidenceError where there is no such decision, or no checkpoint covers it yet. */
export const collectEvidence = async (options: CollectOptions): Promise<string> => {
  const { bus, codec } = options;
  const partition = partitionOf(Buffer.from(options.runId, 'utf8'), bus.shards);
  const end = await bus.endOffset(AUDIT_RECORDS, partition);
  const found = await findDecision(options, partition, end);
  const { note, head } = await firstCovering(options, partition, found.index);
  const proof = MerkleProof.ofInclusion(found.index, head.size);
  let read = 0;
  for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 }, head.auditOffset)) {
    proof.add(leafData(record));
    options.onRead?.(end + ++read, end + head.auditOffset);
  }
  const { record, hash, hashed, bytes } = found;
  const schemaId = codec.schemaIdOf(bytes.value) ?? 0;
  const schemaText = codec.registered.schemas.get(schemaId);
  if (schemaText === undefined) throw new EvidenceError(`schema ${schemaId} of the record is in no registry any more`);
  const schema = auditSchemaOf(schemaText);
  const evidence = {
    body: hashed,
    prevHash: record.prev_hash,
    hash,
    schemaSha256: schema.identity,
    schema: packed(schema),
    policyText: found.policyText,
    leafIndex: found.index,
    treeSize: head.size,
    proof: proof.hashes(),
    note,
  };
  return evidenceText(evidence, auditText(record, hash));
};

interface Found {
  readonly index: number;
  readonly bytes: BusRecord;
  readonly record: AuditRecord;
  readonly hash: Uint8Array;
  readonly hashed: Uint8Array;
  readonly policyText: string | null;
}

const findDecision = async (
  { bus, codec, runId, intentId, onRead }: CollectOptions,
  partition: number,
  end: number,
): Promise<Found> => {
  const keyBody = (intent_id: string): Buffer =>
    codec.encodeKey(AUDIT_RECORDS, { run_id: runId, intent_id }).subarray(codec.headerBytes);
  const [ofIntent, ofRun] = [keyBody(intentId), keyBody('')];
  const policies = new Map<string, string>();
  let index = 0;
  for await (const bytes of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 }, end)) {
    const body = bytes.key?.subarray(codec.headerBytes);
    const isOfIntent = body !== undefined && ofIntent.equals(body);
    if (isOfIntent || (body !== undefined && ofRun.equals(body))) {
      const decoded = codec.decodeAudit(bytes.value);
      if (decoded.ok) {
        const { record } = decoded.value;
        rememberPolicy(record, policies);
        if (isOfIntent && record.kind === 'DECISION')
          return { index, bytes, ...decoded.value, policyText: policyTextOf(record, policies) };
      }
    }
    index += 1;
    onRead?.(index, 2 * end);
  }
  throw new EvidenceError(
    `no decision on intent \`${intentId}\` of run \`${runId}\` in ${AUDIT_RECORDS}/${partition} (${index} records); \`policygate tail audit-records --run ${runId}\` shows what there is`,
  );
};

const rememberPolicy = ({ control }: AuditRecord, policies: Map<string, string>): void => {
  const payload = control?.payload;
  if (payload?.type === 'RunStarted' || payload?.type === 'PolicyActivated')
    policies.set(hexOf(policyHash(payload.policy_text)), payload.policy_text);
};

const policyTextOf = ({ policy_hash, run_id }: AuditRecord, policies: ReadonlyMap<string, string>): string | null => {
  if (policy_hash === null) return null;
  const text = policies.get(hexOf(policy_hash));
  if (text !== undefined) return text;
  throw new EvidenceError(`the log has no text of the policy ${hexOf(policy_hash)}, under which run \`${run_id}\` decided`);
};

/** The earliest checkpoint that covers the record: the sooner it was signed, the less time there was to change it. */
const firstCovering = async (
  { bus, codec, key }: CollectOptions,
  partition: number,
  index: number,
): Promise<{ readonly note: string; readonly head: TreeHead }> => {
  for await (const { value, offset } of recordsTo(bus, { topic: AUDIT_CHECKPOINTS, partition, offset: 0 })) {
    const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, value);
    if (!decoded.ok || decoded.value.tree_size <= index) continue;
    const opened = verifiedCheckpoint(decoded.value, key, partition);
    if (!opened.ok) throw new EvidenceError(`${AUDIT_CHECKPOINTS}/${partition}@${offset}: ${opened.error}`);
    return { note: decoded.value.note, head: opened.value.head };
  }
  throw new EvidenceError(
    `record ${index} of ${AUDIT_RECORDS}/${partition} is covered by no checkpoint yet; publish one: \`policygate checkpoint publish\``,
  );
};
