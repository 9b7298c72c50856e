/**
 * Checkpoints that are kept beside the topic. They may know of records that the log has lost since, so that they are compared with it before anything
 * is signed: a key that signs two histories proves nothing any more.
 */
import type { Codec } from '../../contracts/avro/codec';
import { hexOf } from '../../contracts/json/hex';
import type { AuditCheckpoint } from '../../contracts/messages';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { MerkleTree } from '../merkle';
import { leafData } from './auditLeaf';
import { CheckpointError } from './checkpointError';
import type { PublicKey } from './checkpointKeys';
import { verifiedCheckpoint } from './checkpointRecord';
import type { KnownHead } from './verifyCheckpoints';

export interface CheckpointCopy {
  /** By shard, in any order; their signatures hold. */
  readonly heads: ReadonlyMap<number, readonly KnownHead[]>;
  /** Keeps one more, durably. */
  add(checkpoint: AuditCheckpoint): void;
}

interface ShardOfLog {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly key: PublicKey;
}

/** The tree that the last checkpoint on the topic stands for, and where its records end. */
interface SignedTree {
  readonly tree: MerkleTree;
  readonly auditOffset: number;
}

/**
 * What the topic has and the copy has not, without frontiers. Rejects with a CheckpointError where the log is not what the copy says that was signed: what
 * the topic knows, too, is compared with it, everything else with the root of the records themselves.
 */
export const missingInCopy = async (
  log: ShardOfLog,
  signed: SignedTree,
  copied: readonly KnownHead[],
): Promise<readonly AuditCheckpoint[]> => {
  const bySize = new Map<number, KnownHead[]>();
  for (const known of copied) {
    const ofSize = bySize.get(known.head.size);
    if (ofSize === undefined) bySize.set(known.head.size, [known]);
    else ofSize.push(known);
  }
  const missing: AuditCheckpoint[] = [];
  const unpublished = new Set(bySize.keys());
  for await (const checkpoint of publishedOn(log)) {
    const { tree_size: size } = checkpoint;
    const ofSize = bySize.get(size);
    if (ofSize === undefined) missing.push({ ...checkpoint, frontier: [] });
    else for (const known of ofSize) compare(known, checkpoint.root_hash, AUDIT_CHECKPOINTS);
    unpublished.delete(size);
  }
  const alone = [...unpublished].sort((one, other) => one - other).flatMap((size) => bySize.get(size) ?? []);
  await compareWithRecords(log, signed, alone);
  return missing;
};

/** Those that this key has signed; what else is there, `checkpoint verify` names. */
async function* publishedOn({ bus, codec, partition, key }: ShardOfLog): AsyncGenerator<AuditCheckpoint> {
  for await (const { value } of recordsTo(bus, { topic: AUDIT_CHECKPOINTS, partition, offset: 0 })) {
    const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, value);
    if (decoded.ok && verifiedCheckpoint(decoded.value, key, partition).ok) yield decoded.value;
  }
}

/** `heads`: the smallest first. */
const compareWithRecords = async (
  { bus, partition }: ShardOfLog,
  signed: SignedTree,
  heads: readonly KnownHead[],
): Promise<void> => {
  const [smallest] = heads;
  if (smallest === undefined) return;
  const from = smallest.head.size > signed.tree.size ? signed : { tree: new MerkleTree(), auditOffset: 0 };
  const tree = new MerkleTree(from.tree.size, from.tree.frontier);
  let next = 0;
  const compareThoseOfSize = (): void => {
    for (let known = heads[next]; known?.head.size === tree.size; known = heads[++next])
      compare(known, tree.root(), AUDIT_RECORDS);
  };
  compareThoseOfSize();
  for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: from.auditOffset })) {
    tree.add(leafData(record));
    compareThoseOfSize();
    if (next === heads.length) return;
  }
  const known = heads.at(-1);
  if (next < heads.length && known !== undefined)
    throw new CheckpointError(
      'log',
      `${known.where}: ${known.head.size} audit records of shard ${partition} are signed, the log has ${tree.size}: records are missing, or it is another log; nothing is signed: restore the log from a copy`,
    );
};

const compare = ({ where, head }: KnownHead, root: Uint8Array, topic: string): void => {
  if (Buffer.compare(root, head.root) === 0) return;
  throw new CheckpointError(
    'log',
    `${where}: the first ${head.size} audit records of shard ${head.shard} are signed with the root ${hexOf(head.root)}, ${topic}/${head.shard} has ${hexOf(root)}: it is another history; nothing is signed: restore the log from a copy`,
  );
};
