import { MerkleTree } from '../merkle';
import type { Fault } from './faults';
import { TreeHeads } from './treeHeads';
import type { GivenHead } from './treeHeads';

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

const judgedBy = (given: GivenHead, records: readonly Uint8Array[], endsWithDecision: boolean) => {
  const faults: Fault[] = [];
  const heads = new TreeHeads([given], (fault) => faults.push(fault));
  for (const hash of records) heads.add(0, hash);
  return { unproven: heads.end(endsWithDecision), faults: faults.map(({ expected, found }) => `${expected}: ${found}`) };
};

const judged = (records: readonly Uint8Array[], endsWithDecision: boolean) => judgedBy(head, records, endsWithDecision);

describe('a log whose form ends with a decision', () => {
  it('is held against a checkpoint up to the last decision that it covers, and says what that leaves open', () => {
    expect(judged(hashes.slice(0, 8), true)).toEqual({
      unproven: [expect.stringContaining('checkpoints.jsonl:1: the log agrees with it up to the last decision')],
      faults: [],
    });
    expect(judged(hashes.slice(0, 8), true).unproven[0]).toContain('2 records behind it');
  });

  it('says one record as one', () => {
    const { unproven } = judgedBy({ ...head, head: { ...head.head, size: 9, root: treeOf(9).root() } }, hashes.slice(0, 8), true);
    expect(unproven[0]).toMatch(/; 1 record behind it is on the topic alone$/);
  });

  it('is a fault when it ends before, or behind it, or is another', () => {
    expect(judged(hashes.slice(0, 7), true).faults).toEqual([expect.stringMatching(/^10 records .*: 7: the end is missing$/)]);
    expect(judged(hashes.slice(0, 9), true).faults).toEqual([expect.stringMatching(/: 9: the end is missing$/)]);
    const other = hashes.slice(0, 8).with(3, Buffer.alloc(32, 99));
    expect(judged(other, true).faults).toEqual([expect.stringMatching(/^the root .* over the first 8 records of shard 0: /)]);
  });

  it('is compared whole where it goes on behind the checkpoint', () => {
    expect(judged(hashes, true)).toEqual({
      unproven: [expect.stringMatching(/^shard 0: 2 records behind the last checkpoint are not covered by it: /)],
      faults: [],
    });
    expect(judged(hashes.slice(0, 11), true).unproven).toEqual([
      expect.stringMatching(/^shard 0: 1 record behind .* is not covered/),
    ]);
    expect(judged(hashes.slice(0, 10), true)).toEqual({ unproven: [], faults: [] });
    expect(judged(hashes.with(9, Buffer.alloc(32, 99)), true).faults).toHaveLength(1);
  });
});

it('a topic that ends with the last decision of a checkpoint is cut', () => {
  expect(judged(hashes.slice(0, 8), false)).toEqual({
    unproven: [],
    faults: [expect.stringMatching(/: 8: the end is missing$/)],
  });
});

describe('checkpoints of some shards only', () => {
  const bothShards = (endsWithDecision: boolean, ofShard0: readonly Uint8Array[]) => {
    const faults: Fault[] = [];
    const heads = new TreeHeads([head, { ...head, head: { ...head.head, shard: 2 } }], (fault) => faults.push(fault));
    for (const hash of ofShard0) heads.add(0, hash);
    heads.add(1, Buffer.alloc(32));
    return { unproven: heads.end(endsWithDecision), faults: faults.map(({ expected, found }) => `${expected}: ${found}`) };
  };

  it('leave the others to be warned of', () => {
    const { unproven, faults } = bothShards(false, hashes.slice(0, 10));
    expect(unproven).toEqual([
      expect.stringMatching(/^shard 1: without a checkpoint it cannot be excluded that the end was cut off/),
    ]);
    expect(faults).toEqual(['10 records of shard 2 or more: 0: the end is missing']);
  });

  it('of a shard that the log of a run has no record of, are not compared; unless none would be', () => {
    const { unproven, faults } = bothShards(true, hashes.slice(0, 10));
    expect(faults).toEqual([]);
    expect(unproven).toEqual([
      expect.stringContaining('covers shard 2, of which the log has no record'),
      expect.stringMatching(/^shard 1: /),
    ]);
    expect(bothShards(true, []).faults).toHaveLength(2);
  });
});
