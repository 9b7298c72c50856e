/**
 * Checks the checkpoints of a shard against its audit records: every signature, and every root, computed again from the records in one pass. Roots that
 * follow from one and the same sequence of records are consistent with each other, so that two checkpoints that are not show here as well.
 *
 * A checkpoint is known from the topic, from a file, or from both: one that only a file knows was lost on the topic. One that only the topic knows was
 * published without the file, which is no fault.
 */
import type { Codec } from '../../contracts/avro/codec';
import { describeFault } from '../../contracts/avro/decoded';
import { chainHash } from '../../contracts/chain';
import { hexOf } from '../../contracts/json/hex';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { MerkleTree } from '../merkle';
import { leafData } from './auditLeaf';
import { CheckpointError } from './checkpointError';
import type { PublicKey } from './checkpointKeys';
import type { TreeHead } from './checkpointNote';
import { verifiedCheckpoint } from './checkpointRecord';

/** Something that is not as it must be, and where. */
export interface CheckpointFault {
  readonly where: string;
  readonly what: string;
}

/** A checkpoint whose signature holds, and where it stands: a topic's position, a file's line. */
export interface KnownHead {
  readonly where: string;
  readonly head: TreeHead;
}

export interface ShardReport {
  readonly shard: number;
  readonly records: number;
  /** Each once, wherever it is known from. */
  readonly checkpoints: number;
  /** The newest one that fits the records. */
  readonly last: TreeHead | undefined;
  readonly faults: readonly CheckpointFault[];
  /** What is no fault, and yet worth a look: checkpoints that hold and that the file lacks. */
  readonly warnings: readonly CheckpointFault[];
}

export interface VerifyOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly key: PublicKey;
  readonly partition: number;
  /** Of this shard, from a file; undefined: no file was given. */
  readonly filed: readonly KnownHead[] | undefined;
  readonly onRead?: (records: number) => void;
}

/** Faults are found as far as they go; rejects with a BusError only. */
export const verifyShard = async (options: VerifyOptions): Promise<ShardReport> => {
  const { bus, codec, partition, filed } = options;
  const faults: CheckpointFault[] = [];
  const published = await publishedHeads(options, faults);
  const missing = filed === undefined ? [] : compareSources(published, filed, faults);
  const known = [...published, ...(filed ?? [])].sort((one, other) => one.head.size - other.head.size);
  const tree = new MerkleTree();
  let next = 0;
  let last: TreeHead | undefined;
  let end = 0;
  /** Those over as many records as the tree has. */
  const compare = (): void => {
    for (let at = known[next]; at?.head.size === tree.size; at = known[++next]) {
      const found = faultOf(at, tree, end);
      if (found === undefined) last = at.head;
      else faults.push(found);
    }
  };
  compare();
  for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
    const data = sealedLeaf(codec, record, faults);
    if (data !== undefined) tree.add(data);
    end = record.offset + 1;
    compare();
    options.onRead?.(tree.size);
  }
  for (const { where, head } of known.slice(next))
    faults.push({
      where,
      what: `signed over ${head.size} records of ${AUDIT_RECORDS}/${partition}, which has ${tree.size}: it was truncated, or is another log`,
    });
  const faulty = new Set(faults.map(({ where }) => where));
  const warnings = missing.filter(({ where }) => !faulty.has(where));
  return { shard: partition, records: tree.size, checkpoints: new Set(known.map(identity)).size, last, faults, warnings };
};

const publishedHeads = async (
  { bus, codec, key, partition }: VerifyOptions,
  faults: CheckpointFault[],
): Promise<readonly KnownHead[]> => {
  const heads: KnownHead[] = [];
  for await (const { value, offset } of recordsTo(bus, { topic: AUDIT_CHECKPOINTS, partition, offset: 0 })) {
    const where = `${AUDIT_CHECKPOINTS}/${partition}@${offset}`;
    const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, value);
    const opened = decoded.ok
      ? verifiedCheckpoint(decoded.value, key, partition)
      : ({ ok: false, error: describeFault(decoded.error) } as const);
    if (!opened.ok) {
      faults.push({ where, what: opened.error });
      continue;
    }
    const { head } = opened.value;
    const before = heads.at(-1);
    if (before !== undefined && head.size <= before.head.size)
      faults.push({ where, what: `over ${head.size} records, after one over ${before.head.size}; expected more each time` });
    heads.push({ where, head });
  }
  return heads;
};

/** What the file lacks. It may have been begun later than the topic: what is older than all of its lines is not missed there. */
const compareSources = (
  published: readonly KnownHead[],
  filed: readonly KnownHead[],
  faults: CheckpointFault[],
): readonly CheckpointFault[] => {
  const inTopic = new Set(published.map(identity));
  const inFile = new Set(filed.map(identity));
  const first = filed.reduce((least, { head }) => Math.min(least, head.size), filed[0]?.head.size ?? 0);
  for (const one of filed)
    if (!inTopic.has(identity(one)))
      faults.push({ where: one.where, what: `over ${one.head.size} records; ${AUDIT_CHECKPOINTS} has no such checkpoint` });
  return published
    .filter((one) => one.head.size >= first && !inFile.has(identity(one)))
    .map(({ where, head }) => ({ where, what: `over ${head.size} records; the file has no such checkpoint` }));
};

const identity = ({ head }: KnownHead): string =>
  `${head.size} ${Buffer.from(head.root).toString('hex')} ${head.auditOffset} ${head.madeAt}`;

const faultOf = ({ where, head }: KnownHead, tree: MerkleTree, end: number): CheckpointFault | undefined => {
  const root = tree.root();
  if (Buffer.compare(root, head.root) !== 0)
    return {
      where,
      what: `the first ${head.size} records of ${AUDIT_RECORDS}/${head.shard} have the root ${hexOf(root)}, signed is ${hexOf(head.root)}: they are not those that were signed`,
    };
  return end === head.auditOffset
    ? undefined
    : { where, what: `its ${head.size} records end at offset ${end}, signed is ${head.auditOffset}: offsets were moved` };
};

/** The leaf of a record; what does not hold for the record itself is a fault of its own. */
const sealedLeaf = (codec: Codec, record: BusRecord, faults: CheckpointFault[]): Uint8Array | undefined => {
  const { topic, partition, offset } = record;
  const where = `${topic}/${partition}@${offset}`;
  const decoded = codec.decodeAudit(record.value);
  if (!decoded.ok) faults.push({ where, what: describeFault(decoded.error) });
  else if (Buffer.compare(chainHash(decoded.value.record.prev_hash, decoded.value.hashed), decoded.value.hash) !== 0)
    faults.push({ where, what: 'its hash does not fit its bytes: the record was changed' });
  try {
    return leafData(record);
  } catch (error) {
    if (error instanceof CheckpointError) return undefined;
    throw error;
  }
};
