/** Whether a log still is what checkpoints were signed for: at the size of each, its Merkle tree must have the root that was signed. */
import { hexOf } from '../../contracts/json/hex';
import type { TreeHead } from '../checkpoint/checkpointNote';
import { MerkleTree } from '../merkle';
import type { Fault } from './faults';

/** A checkpoint whose signature holds. */
export interface GivenHead {
  /** What the user calls it: its file. */
  readonly name: string;
  readonly head: TreeHead;
}

export class TreeHeads {
  private readonly shards = new Map<number, { readonly tree: MerkleTree; readonly waiting: GivenHead[] }>();

  constructor(
    given: readonly GivenHead[],
    private readonly report: (fault: Fault) => void,
  ) {
    for (const one of given) {
      const { shard } = one.head;
      const known = this.shards.get(shard);
      if (known === undefined) this.shards.set(shard, { tree: new MerkleTree(), waiting: [one] });
      else known.waiting.push(one);
    }
    for (const { waiting } of this.shards.values()) waiting.sort((a, b) => a.head.size - b.head.size);
    for (const shard of this.shards.keys()) this.compare(shard);
  }

  /** The hash of the next audit record of the shard, in the order of the log. */
  add(shard: number, hash: Uint8Array): void {
    const known = this.shards.get(shard);
    if (known === undefined || known.waiting.length === 0) return;
    known.tree.add(hash);
    this.compare(shard);
  }

  /**
   * The log has ended: what a checkpoint covers beyond it is missing. `withDecision`: such a log ends with a decision (the JSONL of `run`); then it may
   * end with the last one that the checkpoint covers, if it is the same up to there. Answers with what that leaves unproven.
   */
  end(withDecision: boolean): readonly string[] {
    const unproven: string[] = [];
    for (const { tree, waiting } of this.shards.values())
      for (const { name, head } of waiting) {
        const { lastDecision } = head;
        if (withDecision && lastDecision?.size === tree.size) {
          const root = tree.root();
          if (Buffer.compare(root, lastDecision.root) === 0)
            unproven.push(
              `${name}: the log agrees with it up to the last decision, with which such a log ends; ${head.size - tree.size} records behind it ` +
                'are on the topic alone',
            );
          else this.report(otherRoot(name, lastDecision.root, root, tree.size, head.shard));
        } else
          this.report(faultOf(name, `${head.size} records of shard ${head.shard} or more`, `${tree.size}: the end is missing`));
      }
    return unproven;
  }

  /** How many records of each shard a checkpoint covers. */
  covered(): ReadonlyMap<number, number> {
    return new Map([...this.shards].map(([shard, { tree }]) => [shard, tree.size]));
  }

  private compare(shard: number): void {
    const { tree, waiting } = this.shards.get(shard) ?? { tree: new MerkleTree(), waiting: [] };
    for (let [next] = waiting; next?.head.size === tree.size; [next] = waiting) {
      waiting.shift();
      const root = tree.root();
      if (Buffer.compare(root, next.head.root) === 0) continue;
      this.report(otherRoot(next.name, next.head.root, root, tree.size, shard));
    }
  }
}

const otherRoot = (name: string, expected: Uint8Array, found: Uint8Array, size: number, shard: number): Fault =>
  faultOf(
    name,
    `the root ${hexOf(expected)} over the first ${size} records of shard ${shard}`,
    `${hexOf(found)}: records were altered, dropped or put in between`,
  );

const faultOf = (where: string, expected: string, found: string): Fault => ({
  kind: 'CHECKPOINT',
  where,
  run_id: null,
  seq: null,
  expected,
  found,
});
