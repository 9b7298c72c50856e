/** What runs in a shard: the processor or the gateway. How it is kept running is the same for both: shardLoop.ts. */
import type { Topic } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';

export type ServiceName = 'processor' | 'gateway';

export interface TakeoverOptions {
  readonly shard: number;
  /** Everything of the shard is opened through it, and dropped with it. */
  readonly bus: Bus;
  /** Names this owner; no two takeovers share one. */
  readonly owner: string;
}

export interface StepOutcome {
  /** Inputs that were read, and are dealt with for good. */
  readonly read: number;
  /** There is more to do, though nothing more may come. */
  readonly pending: boolean;
}

export interface ShardWorker {
  /** Reads what has come, waiting a little for it, and deals with it. After a rejection nothing more is asked of this worker. */
  step(): Promise<StepOutcome>;
  /** The shard is given up in good order: what is on its way outside is waited for and put on record; nothing new is begun. */
  finish?(): Promise<void>;
  /** The shard is dropped: what is on its way ends unheard, and nothing leaves any more. */
  abandon?(): void;
}

export interface ShardWork {
  readonly name: ServiceName;
  readonly inputs: readonly Topic[];
  /** Fences the last owner, restores what it did, and stands ready to go on from there. */
  takeOver(options: TakeoverOptions): Promise<ShardWorker>;
}

/** `waiting`: for the next attempt, after an error. */
export const SHARD_PHASES = ['restoring', 'running', 'waiting', 'stopping', 'stopped'] as const;
export type ShardPhase = (typeof SHARD_PHASES)[number];
