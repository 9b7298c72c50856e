import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { leafHash, MerkleTree, verifyConsistency, verifyInclusion } from './merkle';
import { consistencyProof, inclusionProof, MerkleProof } from './merkleProof';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');

/** Source: certificate-transparency, merkle tree tests (cpp/merkletree/merkle_tree_test.cc; the Go reference has the same). */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(bytes);
const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const INCLUSIONS: readonly (readonly [index: number, size: number, proof: readonly string[]])[] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const CONSISTENCIES: readonly (readonly [oldSize: number, newSize: number, proof: readonly string[]])[] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const treeOf = (leaves: readonly Uint8Array[]): MerkleTree => {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree;
};

it('has the roots of the reference implementation', () => {
  expect(hex(new MerkleTree().root())).toBe(EMPTY_ROOT);
  expect(LEAVES.map((_, at) => hex(treeOf(LEAVES.slice(0, at + 1)).root()))).toEqual(ROOTS);
});

it('makes and accepts the inclusion proofs of the reference implementation', () => {
  for (const [index, size, expected] of INCLUSIONS) {
    expect(inclusionProof(index, size, LEAVES).map(hex)).toEqual(expected);
    expect(verifyInclusion(index, size, leafHash(LEAVES[index]!), expected.map(bytes), bytes(ROOTS[size - 1]!))).toBe(true);
  }
});

it('makes and accepts the consistency proofs of the reference implementation', () => {
  for (const [oldSize, newSize, expected] of CONSISTENCIES) {
    expect(consistencyProof(oldSize, newSize, LEAVES).map(hex)).toEqual(expected);
    const [oldRoot, newRoot] = [bytes(ROOTS[oldSize - 1]!), bytes(ROOTS[newSize - 1]!)];
    expect(verifyConsistency(oldSize, newSize, expected.map(bytes), oldRoot, newRoot)).toBe(true);
  }
});

/** RFC 6962, word by word: recursive, from all the leaves. */
const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const split = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);
const naiveRoot = (leaves: readonly Uint8Array[]): Buffer => {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  const k = split(leaves.length);
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
};
const naivePath = (m: number, leaves: readonly Uint8Array[]): readonly Buffer[] => {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
};
const naiveSubproof = (m: number, leaves: readonly Uint8Array[], isWhole: boolean): readonly Buffer[] => {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
};

const leavesUpTo = (count: number): readonly Buffer[] => Array.from({ length: count }, (_, at) => sha256(Buffer.from(`${at}`)));

it('agrees with the definition for every leaf of every tree of up to 40 leaves, and takes no proof for another leaf, size or root', () => {
  const all = leavesUpTo(40);
  for (let size = 1; size <= 40; size++) {
    const leaves = all.slice(0, size);
    const root = naiveRoot(leaves);
    expect(hex(treeOf(leaves).root())).toBe(hex(root));
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(index, size, leaves);
      expect(proof.map(hex)).toEqual(naivePath(index, leaves).map(hex));
      const leaf = leafHash(leaves[index]!);
      expect(verifyInclusion(index, size, leaf, proof, root)).toBe(true);
      const others = [index - 1, index + 1].filter((other) => verifyInclusion(other, size, leaf, proof, root));
      expect(others).toEqual([]);
      expect(verifyInclusion(index, size, leaf, proof, naiveRoot(all))).toBe(size === 40);
    }
  }
});

it('agrees with the definition for every two trees of up to 40 leaves', () => {
  const all = leavesUpTo(40);
  for (let newSize = 1; newSize <= 40; newSize++) {
    const leaves = all.slice(0, newSize);
    for (let oldSize = 1; oldSize <= newSize; oldSize++) {
      const proof = consistencyProof(oldSize, newSize, leaves);
      expect(proof.map(hex)).toEqual(naiveSubproof(oldSize, leaves, true).map(hex));
      const oldRoot = naiveRoot(leaves.slice(0, oldSize));
      expect(verifyConsistency(oldSize, newSize, proof, oldRoot, naiveRoot(leaves))).toBe(true);
    }
  }
  expect(verifyConsistency(0, 5, [], bytes(EMPTY_ROOT), naiveRoot(all.slice(0, 5)))).toBe(true);
  expect(verifyConsistency(0, 5, [], naiveRoot(all), naiveRoot(all.slice(0, 5)))).toBe(false);
});

const size = fc.integer({ min: 2, max: 300 });

it('finds a changed, missing or added hash of a proof', () => {
  fc.assert(
    fc.property(size, fc.nat(), fc.nat(), fc.nat(), (count, one, other, flip) => {
      const leaves = leavesUpTo(count);
      const root = treeOf(leaves).root();
      const index = one % count;
      const inclusion = inclusionProof(index, count, leaves);
      const accepts = (proof: readonly Uint8Array[]): boolean =>
        verifyInclusion(index, count, leafHash(leaves[index]!), proof, root);
      expect(accepts(inclusion)).toBe(true);
      expect(accepts(flipped(inclusion, flip))).toBe(false);
      expect(accepts(inclusion.slice(1))).toBe(false);
      expect(accepts([...inclusion, root])).toBe(false);

      const oldSize = 1 + (other % (count - 1));
      const oldRoot = treeOf(leaves.slice(0, oldSize)).root();
      const consistency = consistencyProof(oldSize, count, leaves);
      const follows = (proof: readonly Uint8Array[]): boolean => verifyConsistency(oldSize, count, proof, oldRoot, root);
      expect(follows(consistency)).toBe(true);
      expect(follows(flipped(consistency, flip))).toBe(false);
      expect(follows(consistency.slice(1))).toBe(false);
      expect(follows([...consistency, root])).toBe(false);
      expect(verifyConsistency(oldSize, count, consistency, root, root)).toBe(false);
      expect(verifyConsistency(count, oldSize, consistency, root, oldRoot)).toBe(false);
    }),
    { numRuns: 60 },
  );
});

const flipped = (proof: readonly Uint8Array[], at: number): readonly Uint8Array[] =>
  proof.map((hashed, n) => (n === at % proof.length ? Buffer.from(hashed).fill(hashed[0]! ^ 1, 0, 1) : hashed));

it('goes on from a frontier, and refuses one of another size', () => {
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.nat({ max: 200 }), (before, after) => {
      const leaves = leavesUpTo(before + after);
      const first = treeOf(leaves.slice(0, before));
      const resumed = new MerkleTree(first.size, first.frontier);
      for (const leaf of leaves.slice(before)) resumed.add(leaf);
      expect(hex(resumed.root())).toBe(hex(treeOf(leaves).root()));
      expect(first.size).toBe(before);
    }),
    { numRuns: 40 },
  );
  const { frontier } = treeOf(leavesUpTo(5));
  expect(() => new MerkleTree(4, frontier)).toThrow('a tree of 4 leaves has no frontier of 2 hashes');
  expect(() => new MerkleTree(5, [frontier[0]!, Buffer.alloc(31)])).toThrow(RangeError);
});

it('keeps indexes beyond 32 bits apart', () => {
  const leaf = leafHash(Buffer.of(1));
  const proof = Array.from({ length: 33 }, (_, at) => sha256(Buffer.of(at)));
  const size = 2 ** 33;
  const root = proof.reduce<Uint8Array>((node, sibling) => sha256(Buffer.of(1), node, sibling), leaf);
  expect(verifyInclusion(0, size, leaf, proof, root)).toBe(true);
  expect(verifyInclusion(2 ** 32, size, leaf, proof, root)).toBe(false);
});

it('refuses what is no place in a tree, and a proof before its leaves', () => {
  expect(() => MerkleProof.ofInclusion(3, 3)).toThrow('a tree of 3 leaves has none at 3');
  expect(() => MerkleProof.ofConsistency(4, 3)).toThrow('a tree of 3 leaves has no beginning of 4');
  expect(() => inclusionProof(0, 3, LEAVES.slice(0, 2))).toThrow('2 of 3 leaves were added');
  expect(verifyInclusion(0.5, 2, leafHash(LEAVES[0]!), [], bytes(ROOTS[0]!))).toBe(false);
});
