/** Reads partitions of the embedded store. One poll at a time. */
import type { Topic } from '../../contracts/topics';
import { BusError, type BusReader, type BusRecord, type PollOptions } from '../../processor/bus';
import type { Arrivals } from '../arrivals';
import { sharesOf } from '../pollShares';
import { busErrorOf } from './failures';
import type { OpenedLevel } from './openLevel';
import type { PartitionScan } from './partitionScan';
import type { Store } from './store';

export class EmbeddedReader implements BusReader {
  private closed = false;
  private turn = 0;
  private endWait: () => void = () => undefined;
  private polling: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly scans: readonly PartitionScan[],
    private readonly arrivals: Arrivals,
    private readonly onClose: () => void,
  ) {}

  poll(options: PollOptions): Promise<readonly BusRecord[]> {
    const records = this.answer(options);
    this.polling = records.catch(() => undefined);
    return records;
  }

  position(topic: Topic, partition: number): number {
    const scan = this.scans.find((one) => one.topic === topic && one.partition === partition);
    if (scan === undefined) throw new RangeError(`the reader does not read ${topic}/${partition}`);
    return scan.next;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.endWait();
    await this.polling;
    await Promise.all(this.scans.map((scan) => scan.close()));
    this.onClose();
  }

  /** The lowest offset that is read next in this slot. */
  nextIn(slot: number): number {
    let lowest = Infinity;
    for (const scan of this.scans) if (scan.slot === slot) lowest = Math.min(lowest, scan.next);
    return lowest;
  }

  private async answer(options: PollOptions): Promise<readonly BusRecord[]> {
    const before = this.places();
    const records = await this.take(options);
    // Where offsets that no record has were passed over, whoever reads up to an end must hear of it.
    if (records.length > 0 || options.maxWaitMs <= 0 || this.places() !== before) return records;
    const slots = this.scans.map(({ slot }) => slot);
    await this.arrivals.wait(slots, options.maxWaitMs, (end) => (this.endWait = end));
    return this.take(options);
  }

  private places(): number {
    return this.scans.reduce((sum, { next }) => sum + next, 0);
  }

  private async take(options: PollOptions): Promise<readonly BusRecord[]> {
    this.checkOpen();
    const state = this.store.stateNow() ?? (await this.store.state());
    const waiting = this.scans.map((scan) => scan.waiting(state));
    const shares = sharesOf(this.scans, waiting, options, this.turn++);
    const records: BusRecord[] = [];
    try {
      for (const [at, scan] of this.scans.entries()) await scan.take(shares[at] ?? 0, state, records);
    } catch (error) {
      await this.recover(error, state);
      // What was read before LevelDB was closed counts as read, and what is left comes with the next poll.
      return records.length > 0 ? records : this.take(options);
    }
    this.checkOpen();
    return records;
  }

  /** Returns when the read failed only because a failed write closed LevelDB; else throws. */
  private async recover(error: unknown, state: OpenedLevel): Promise<void> {
    this.checkOpen();
    if (!(error instanceof BusError) && this.store.stateNow() !== state) await this.store.state();
    else throw busErrorOf(error, this.store.where, 'BUS_FAILED');
  }

  private checkOpen(): void {
    if (this.closed || this.store.closed) throw new BusError('BUS_CLOSED', `a reader of ${this.store.where}`);
  }
}
