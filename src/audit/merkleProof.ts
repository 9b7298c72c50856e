/**
 * Builds proofs over a Merkle tree in one pass over its leaves, with no more memory than the proof: each hash of a proof is the root of a subtree, and
 * of each subtree only its frontier is kept while its leaves go by. Source: RFC 6962, sections 2.1.1 and 2.1.2.
 */
import { MerkleTree } from './merkle';

/** The leaves `from` up to and without `to`. */
interface Subtree {
  readonly from: number;
  readonly to: number;
}

export class MerkleProof {
  private added = 0;
  private readonly trees: MerkleTree[];
  /** In the order of their leaves. */
  private readonly ordered: readonly { readonly from: number; readonly to: number; readonly tree: MerkleTree }[];
  private at = 0;

  /** `subtrees`: disjoint, in the order of the proof's hashes. */
  private constructor(
    readonly size: number,
    subtrees: readonly Subtree[],
  ) {
    const withTrees = subtrees.map((subtree) => ({ ...subtree, tree: new MerkleTree() }));
    this.trees = withTrees.map(({ tree }) => tree);
    this.ordered = withTrees.sort((one, other) => one.from - other.from);
  }

  /** That the leaf at `index` is in the tree of `size` leaves. */
  static ofInclusion(index: number, size: number): MerkleProof {
    if (!(index >= 0 && index < size)) throw new RangeError(`a tree of ${size} leaves has none at ${index}`);
    return new MerkleProof(size, auditPath(index, { from: 0, to: size }));
  }

  /** That the tree of `newSize` leaves begins with that of `oldSize`. */
  static ofConsistency(oldSize: number, newSize: number): MerkleProof {
    if (!(oldSize >= 0 && oldSize <= newSize)) throw new RangeError(`a tree of ${newSize} leaves has no beginning of ${oldSize}`);
    return new MerkleProof(newSize, oldSize === 0 ? [] : consistencyPath(oldSize, { from: 0, to: newSize }, true));
  }

  /** The data of the next leaf; those behind the tree's last one are not looked at. */
  add(data: Uint8Array): void {
    while (this.added >= (this.ordered[this.at]?.to ?? Infinity)) this.at += 1;
    const subtree = this.ordered[this.at];
    if (subtree !== undefined && this.added >= subtree.from) subtree.tree.add(data);
    this.added += 1;
  }

  /** The proof's hashes; a RangeError as long as leaves are missing. */
  hashes(): readonly Uint8Array[] {
    if (this.added < this.size) throw new RangeError(`${this.added} of ${this.size} leaves were added`);
    return this.trees.map((tree) => tree.root());
  }
}

/** The proof of the leaf at `index` among the first `size` of these leaves (their data). */
export const inclusionProof = (index: number, size: number, leaves: Iterable<Uint8Array>): readonly Uint8Array[] =>
  over(MerkleProof.ofInclusion(index, size), leaves);

export const consistencyProof = (oldSize: number, newSize: number, leaves: Iterable<Uint8Array>): readonly Uint8Array[] =>
  over(MerkleProof.ofConsistency(oldSize, newSize), leaves);

const over = (proof: MerkleProof, leaves: Iterable<Uint8Array>): readonly Uint8Array[] => {
  for (const leaf of leaves) proof.add(leaf);
  return proof.hashes();
};

/** PATH(index, D[from:to]): the sibling subtrees from the leaf up. */
const auditPath = (index: number, { from, to }: Subtree): readonly Subtree[] => {
  if (to - from <= 1) return [];
  const middle = from + largestPowerBelow(to - from);
  return index < middle
    ? [...auditPath(index, { from, to: middle }), { from: middle, to }]
    : [...auditPath(index, { from: middle, to }), { from, to: middle }];
};

/** SUBPROOF(oldSize, D[from:to], isWhole); `isWhole`: this subtree begins where the old tree does, whose root the verifier has. */
const consistencyPath = (oldEnd: number, { from, to }: Subtree, isWhole: boolean): readonly Subtree[] => {
  if (oldEnd === to) return isWhole ? [] : [{ from, to }];
  const middle = from + largestPowerBelow(to - from);
  return oldEnd <= middle
    ? [...consistencyPath(oldEnd, { from, to: middle }, isWhole), { from: middle, to }]
    : [...consistencyPath(oldEnd, { from: middle, to }, false), { from, to: middle }];
};

/** The largest power of two that is smaller than `count` (2 or more). */
const largestPowerBelow = (count: number): number => {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
};
