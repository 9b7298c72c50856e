/** A checkpoint as it is on `audit-checkpoints`: what is signed, what repeats it, and the frontier that leads on from it. */
import type { AuditCheckpoint } from '../../contracts/messages';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { MerkleTree } from '../merkle';
import type { PublicKey, SigningKey } from './checkpointKeys';
import { originOf, signedHead, verifiedHead } from './checkpointNote';
import type { TreeHead } from './checkpointNote';

export const signedCheckpoint = (
  tree: MerkleTree,
  head: Pick<TreeHead, 'shard' | 'auditOffset' | 'lastDecision' | 'madeAt'>,
  key: SigningKey,
): AuditCheckpoint => {
  const root = tree.root();
  return {
    origin: originOf({ name: key.name, shard: head.shard }),
    tree_size: tree.size,
    root_hash: root,
    audit_offset: head.auditOffset,
    made_at: head.madeAt,
    frontier: tree.frontier,
    note: signedHead({ ...head, size: tree.size, root }, key),
  };
};

/** What the key has signed, with the tree to go on with; else what is wrong in one line. */
export const verifiedCheckpoint = (
  checkpoint: AuditCheckpoint,
  key: PublicKey,
  shard: number,
): Result<{ readonly head: TreeHead; readonly tree: MerkleTree }, string> => {
  const read = verifiedHead(checkpoint.note, key);
  if (!read.ok) return read;
  const head = read.value;
  if (head.shard !== shard) return failed(`a checkpoint of shard ${head.shard}; expected one of shard ${shard}`);
  const differing = differingField(checkpoint, head);
  if (differing !== undefined) return failed(`\`${differing}\` is not what the note says, which alone is signed`);
  const tree = treeOf(checkpoint);
  if (tree === undefined || Buffer.compare(tree.root(), head.root) !== 0)
    return failed('`frontier` does not lead to the signed root');
  return succeeded({ head, tree });
};

const differingField = (checkpoint: AuditCheckpoint, head: TreeHead): string | undefined => {
  if (checkpoint.origin !== originOf(head)) return 'origin';
  if (checkpoint.tree_size !== head.size) return 'tree_size';
  if (Buffer.compare(checkpoint.root_hash, head.root) !== 0) return 'root_hash';
  if (checkpoint.audit_offset !== head.auditOffset) return 'audit_offset';
  return checkpoint.made_at === head.madeAt ? undefined : 'made_at';
};

const treeOf = ({ tree_size, frontier }: AuditCheckpoint): MerkleTree | undefined => {
  try {
    return new MerkleTree(tree_size, frontier);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
