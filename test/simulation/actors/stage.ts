/** What the actors of one world share: time, publications, and what of both is still to come. */
import { partitionOf } from '../../../src/contracts/topics';
import type { Topic } from '../../../src/contracts/topics';
import type { OutgoingRecord } from '../../../src/processor/bus';
import type { Published, WorldPort } from '../world/port';

export class Stage {
  private pending = 0;
  /** How far the senders' clocks are ahead of virtual time, ms: only where senders stamp their records. */
  private aheadMs = 0;

  constructor(readonly world: WorldPort) {}

  /** Nobody has anything more to do, and all that was published is acknowledged. */
  get isIdle(): boolean {
    return this.pending === 0;
  }

  get isStampedBySender(): boolean {
    return this.world.plan.stamps === 'create';
  }

  /** Now, by the senders' clocks: whole ms. */
  get now(): number {
    return Math.floor(this.world.scheduler.nowMs) + this.aheadMs;
  }

  /** Lets the senders' clocks show this time; false: it is past, or they do not stamp. Nobody has to wait, so that long pauses cost no events. */
  skipTo(ms: number): boolean {
    const now = this.now;
    if (!this.isStampedBySender || ms < now) return false;
    this.aheadMs += ms - now;
    return true;
  }

  after(ms: number, task: () => void): void {
    this.pending += 1;
    this.world.scheduler.after(ms, () => {
      this.pending -= 1;
      task();
    });
  }

  publish(from: string, records: readonly OutgoingRecord[], acknowledged: (offsets: Published) => void = () => undefined): void {
    this.pending += 1;
    this.world.publish(from, records, (offsets) => {
      this.pending -= 1;
      acknowledged(offsets);
    });
  }

  /** A record in the partition of its key. */
  keyed(topic: Topic, keyText: string, value: Uint8Array, timestamp = this.now): OutgoingRecord {
    const key = Buffer.from(keyText, 'utf8');
    return { topic, partition: partitionOf(key, this.world.plan.shards), key, value, timestamp };
  }

  /** The same record for every shard. */
  everywhere(topic: Topic, keyText: string, value: Uint8Array): readonly OutgoingRecord[] {
    const key = Buffer.from(keyText, 'utf8');
    const timestamp = this.now;
    return Array.from({ length: this.world.plan.shards }, (_, partition) => ({ topic, partition, key, value, timestamp }));
  }
}
