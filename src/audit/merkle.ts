/**
 * The Merkle tree of a shard's audit records: a hash over all of them from which one of them can be proven with a few hashes. Source: RFC 6962,
 * section 2.1; RFC 9162, sections 2.1.3 and 2.1.4 (verification).
 */
import { hash } from 'node:crypto';

export const MERKLE_HASH_BYTES = 32;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** SHA-256(0x00 || data). */
export const leafHash = (data: Uint8Array): Uint8Array => {
  if (data.length + 1 > adjoined.length) adjoined = Buffer.allocUnsafe((data.length + 1) * 2);
  adjoined[0] = LEAF_PREFIX;
  adjoined.set(data, 1);
  return digestOf(adjoined.subarray(0, data.length + 1));
};

/** SHA-256(0x01 || left || right). */
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  adjoined[0] = NODE_PREFIX;
  adjoined.set(left, 1);
  adjoined.set(right, 1 + MERKLE_HASH_BYTES);
  return digestOf(adjoined.subarray(0, 1 + 2 * MERKLE_HASH_BYTES));
};

/** One call over adjoining bytes, answered as text and copied, costs half of what a Hash object does. */
let adjoined = Buffer.allocUnsafe(4_096);

const digestOf = (bytes: Uint8Array): Uint8Array => {
  const digest = Buffer.allocUnsafe(MERKLE_HASH_BYTES);
  digest.write(hash('sha256', bytes, 'binary'), 0, MERKLE_HASH_BYTES, 'latin1');
  return digest;
};

/** SHA-256 of nothing. */
const emptyRoot = (): Uint8Array => digestOf(new Uint8Array(0));

/**
 * A tree that grows by one leaf at a time and keeps no more than its frontier: the roots of the whole subtrees that it consists of, one for each bit
 * of its size that is set, the largest first.
 */
export class MerkleTree {
  private readonly roots: Uint8Array[];

  /** Goes on from a frontier that another tree of `size` leaves had; a RangeError where the two do not belong together. */
  constructor(
    private leaves = 0,
    frontier: readonly Uint8Array[] = [],
  ) {
    if (!isSize(leaves) || frontier.length !== bitsSet(leaves) || frontier.some(({ length }) => length !== MERKLE_HASH_BYTES))
      throw new RangeError(`a tree of ${leaves} leaves has no frontier of ${frontier.length} hashes`);
    this.roots = [...frontier];
  }

  get size(): number {
    return this.leaves;
  }

  get frontier(): readonly Uint8Array[] {
    return [...this.roots];
  }

  add(data: Uint8Array): void {
    let node = leafHash(data);
    for (let size = this.leaves; size % 2 === 1; size = (size - 1) / 2) {
      const left = this.roots.pop();
      if (left !== undefined) node = nodeHash(left, node);
    }
    this.roots.push(node);
    this.leaves += 1;
  }

  root(): Uint8Array {
    return (
      this.roots.reduceRight<Uint8Array | undefined>(
        (right, left) => (right === undefined ? left : nodeHash(left, right)),
        undefined,
      ) ?? emptyRoot()
    );
  }
}

/** Whether `leaf` (a leaf hash) stands at `index` of the tree of `size` leaves with this root. Source: RFC 9162, 2.1.3.2. */
export const verifyInclusion = (
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean => {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes(proof)) return false;
  let [node, last] = [index, size - 1];
  let computed = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      computed = nodeHash(sibling, computed);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      computed = nodeHash(computed, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isEqual(computed, root);
};

/** Whether the tree of `newSize` leaves begins with the tree of `oldSize` leaves. Source: RFC 9162, 2.1.4.2. */
export const verifyConsistency = (
  oldSize: number,
  newSize: number,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean => {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize || !areHashes(proof)) return false;
  if (oldSize === newSize) return proof.length === 0 && isEqual(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && isEqual(oldRoot, emptyRoot());

  let [node, last] = [oldSize - 1, newSize - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // An old tree that is a whole subtree is its own first hash, so that the proof leaves it out.
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [oldComputed, newComputed] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldComputed = nodeHash(sibling, oldComputed);
      newComputed = nodeHash(sibling, newComputed);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newComputed = nodeHash(newComputed, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isEqual(oldComputed, oldRoot) && isEqual(newComputed, newRoot);
};

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;
const areHashes = (proof: readonly Uint8Array[]): boolean => proof.every(({ length }) => length === MERKLE_HASH_BYTES);
const isEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** A shift to the right that keeps numbers beyond 32 bits. */
const half = (number: number): number => Math.floor(number / 2);

const bitsSet = (size: number): number => {
  let bits = 0;
  for (let rest = size; rest > 0; rest = half(rest)) bits += rest % 2;
  return bits;
};
