/**
 * Which shards this process shall own. It spreads work and says who is alive; it is not what keeps two owners apart: the shard's
 * transactional id does that, so a membership may be late, or wrong for a while, and nothing is decided twice.
 */
import type { Bus, TopicPosition } from '../../processor/bus';

export interface Membership {
  /**
   * Joins. `onAssigned` gets all the shards that are ours, first when this process is a member and again whenever they change: none while it is
   * shut out of the group. It returns at once; the shards that are no longer there are given up in the background. `onFailed`: this process
   * will be a member no more, and must stop.
   */
  start(onAssigned: (shards: readonly number[]) => void, onFailed: (error: unknown) => void): Promise<void>;
  /** How far a shard's inputs are folded, for tools that show lag; called often, never fails, decides nothing. */
  reportProgress(shard: number, positions: readonly TopicPosition[]): void;
  /** Why this process is in no group right now; undefined: it is a member. */
  problem(): string | undefined;
  /** Leaves, so that others take over at once; also when it has not joined, or not yet. */
  close(): Promise<void>;
}

/** Every shard of a bus that one process has for itself: the embedded one. */
export const allShards = (bus: Pick<Bus, 'shards'>): Membership => ({
  start: (onAssigned) => {
    onAssigned(Array.from({ length: bus.shards }, (_, shard) => shard));
    return Promise.resolve();
  },
  reportProgress: () => undefined,
  problem: () => undefined,
  close: () => Promise.resolve(),
});
