import { MerkleTree } from '../merkle';
import type { Fault } from './faults';
import { TreeHeads } from './treeHeads';

const hashes = Array.from({ length: 12 }, (_, at) => Buffer.alloc(32, at + 1));
const treeOf = (size: number): MerkleTree => {
  const tree = new MerkleTree();
  for (const hash of hashes.slice(0, size)) tree.add(hash);
  return tree;
};
/** Signed over 10 records, of which the eighth is the last decision. */
const head = {
  name: 'checkpoints.jsonl:1',
  head: {
    name: 'risk.example/gate',
    shard: 0,
    size: 10,
    root: treeOf(10).root(),
    auditOffset: 10,
    lastDecision: { size: 8, root: treeOf(8).root() },
    madeAt: 0,
  },
};

const judged = (records: readonly Uint8Array[], endsWithDecision: boolean) => {
  const faults: Fault[] = [];
  const heads = new TreeHeads([head], (fault) => faults.push(fault));
  for (const hash of records) heads.add(0, hash);
  return { unproven: heads.end(endsWithDecision), faults: faults.map(({ expected, found }) => `${expected}: ${found}`) };
};

describe('a log whose form ends with a decision', () => {
  it('is held against a checkpoint up to the last decision that it covers, and says what that leaves open', () => {
    expect(judged(hashes.slice(0, 8), true)).toEqual({
      unproven: [expect.stringContaining('checkpoints.jsonl:1: the log agrees with it up to the last decision')],
      faults: [],
    });
    expect(judged(hashes.slice(0, 8), true).unproven[0]).toContain('2 records behind it');
  });

  it('is a fault when it ends before, or behind it, or is another', () => {
    expect(judged(hashes.slice(0, 7), true).faults).toEqual([expect.stringMatching(/^10 records .*: 7: the end is missing$/)]);
    expect(judged(hashes.slice(0, 9), true).faults).toEqual([expect.stringMatching(/: 9: the end is missing$/)]);
    const other = hashes.slice(0, 8).with(3, Buffer.alloc(32, 99));
    expect(judged(other, true).faults).toEqual([expect.stringMatching(/^the root .* over the first 8 records of shard 0: /)]);
  });

  it('is compared whole where it goes on behind the checkpoint', () => {
    expect(judged(hashes, true)).toEqual({ unproven: [], faults: [] });
    expect(judged(hashes.with(9, Buffer.alloc(32, 99)), true).faults).toHaveLength(1);
  });
});

it('a topic that ends with the last decision of a checkpoint is cut', () => {
  expect(judged(hashes.slice(0, 8), false)).toEqual({
    unproven: [],
    faults: [expect.stringMatching(/: 8: the end is missing$/)],
  });
});
