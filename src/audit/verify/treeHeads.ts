/** Whether a log still is what checkpoints were signed for: at the size of each, its Merkle tree must have the root that was signed. */
import { hexOf } from '../../contracts/json/hex';
import type { TreeHead } from '../checkpoint/checkpointNote';
import { MerkleTree } from '../merkle';
import { counted } from './counted';
import type { Fault } from './faults';

/** A checkpoint whose signature holds. */
export interface GivenHead {
  /** What the user calls it: its file. */
  readonly name: string;
  readonly head: TreeHead;
}

interface HeadedShard {
  readonly tree: MerkleTree;
  readonly waiting: GivenHead[];
  /** The size of the largest. */
  covered: number;
}

export class TreeHeads {
  private readonly shards = new Map<number, HeadedShard>();
  /** Records of each shard, with checkpoints or without. */
  private readonly records = new Map<number, number>();

  constructor(
    given: readonly GivenHead[],
    private readonly report: (fault: Fault) => void,
  ) {
    for (const one of given) {
      const { shard } = one.head;
      const known = this.shards.get(shard);
      if (known === undefined) this.shards.set(shard, { tree: new MerkleTree(), waiting: [one], covered: 0 });
      else known.waiting.push(one);
    }
    for (const known of this.shards.values()) {
      known.waiting.sort((a, b) => a.head.size - b.head.size);
      known.covered = known.waiting.at(-1)?.head.size ?? 0;
    }
    for (const shard of this.shards.keys()) this.compare(shard);
  }

  /** The hash of the next audit record of the shard, in the order of the log. */
  add(shard: number, hash: Uint8Array): void {
    this.records.set(shard, (this.records.get(shard) ?? 0) + 1);
    const known = this.shards.get(shard);
    if (known === undefined || known.waiting.length === 0) return;
    known.tree.add(hash);
    this.compare(shard);
  }

  /**
   * The log has ended: what a checkpoint covers beyond it is missing. `withDecision`: such a log ends with a decision (the JSONL of `run`); then it may
   * end with the last one that the checkpoint covers, if it is the same up to there; and it has not the runs of every shard. Answers with what is left
   * unproven.
   */
  end(withDecision: boolean): readonly string[] {
    const unproven: string[] = [];
    const isCompared = [...this.shards.keys()].some((shard) => this.records.has(shard));
    for (const [shard, { tree, waiting }] of this.shards)
      for (const { name, head } of waiting) {
        const { lastDecision } = head;
        if (withDecision && isCompared && !this.records.has(shard)) {
          unproven.push(`${name}: covers shard ${shard}, of which the log has no record: it was not compared`);
        } else if (withDecision && lastDecision?.size === tree.size) {
          const root = tree.root();
          if (Buffer.compare(root, lastDecision.root) === 0)
            unproven.push(
              `${name}: the log agrees with it up to the last decision, with which such a log ends; ${behind(head.size - tree.size, 'it')} ` +
                'on the topic alone',
            );
          else this.report(otherRoot(name, lastDecision.root, root, tree.size, head.shard));
        } else
          this.report(faultOf(name, `${head.size} records of shard ${head.shard} or more`, `${tree.size}: the end is missing`));
      }
    return [...unproven, ...this.uncovered()];
  }

  /** What no checkpoint covers, where some are given. */
  private uncovered(): readonly string[] {
    if (this.shards.size === 0) return [];
    return [...this.records].flatMap(([shard, records]) => {
      const covered = this.shards.get(shard)?.covered;
      if (covered === undefined) return [`shard ${shard}: ${WITHOUT_CHECKPOINT}, or give a checkpoint of this shard`];
      if (records <= covered) return [];
      return [
        `shard ${shard}: ${behind(records - covered, 'the last checkpoint')} not covered by it: that the end was cut off, or that these were ` +
          'written anew, cannot be excluded',
      ];
    });
  }

  private compare(shard: number): void {
    const known = this.shards.get(shard);
    if (known === undefined) return;
    const { tree, waiting } = known;
    for (let [next] = waiting; next?.head.size === tree.size; [next] = waiting) {
      waiting.shift();
      const root = tree.root();
      if (Buffer.compare(root, next.head.root) === 0) continue;
      this.report(otherRoot(next.name, next.head.root, root, tree.size, shard));
    }
  }
}

export const WITHOUT_CHECKPOINT =
  'without a checkpoint it cannot be excluded that the end was cut off, or that all was written anew: compare each run’s last seq and hash ' +
  'with what was kept elsewhere';

/** `3 records behind it are`. */
const behind = (count: number, what: string): string =>
  `${counted(count, 'record')} behind ${what} ${count === 1 ? 'is' : 'are'}`;

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
