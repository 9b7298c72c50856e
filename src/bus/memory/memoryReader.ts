/** Reads partitions in memory: an answer that is there already is given without waiting for anything. */
import type { Topic } from '../../contracts/topics';
import { BusError, type BusReader, type BusRecord, type PollOptions } from '../../processor/bus';
import type { Arrivals } from '../arrivals';
import { sharesOf } from '../pollShares';
import type { MemoryPartition } from './memoryPartition';

/** One partition that is read, and how far. */
interface Source {
  readonly topic: Topic;
  readonly slot: number;
  readonly partitionNumber: number;
  readonly partition: MemoryPartition;
  /** Offset to read next. */
  next: number;
  /** Its place in the records, true as long as the partition has had so many `cleanings`. */
  place: number;
  cleanings: number;
}

export class MemoryReader implements BusReader {
  private closed = false;
  private turn = 0;
  private endWait: () => void = () => undefined;

  constructor(
    private readonly sources: readonly Source[],
    private readonly arrivals: Arrivals,
    private readonly onClose: () => void,
  ) {}

  poll(options: PollOptions): Promise<readonly BusRecord[]> {
    if (this.closed) return Promise.reject(closedError());
    const records = this.take(options);
    return records.length > 0 || options.maxWaitMs <= 0 ? Promise.resolve(records) : this.takeLater(options);
  }

  position(topic: Topic, partition: number): number {
    const source = this.sources.find((one) => one.topic === topic && one.partitionNumber === partition);
    if (source === undefined) throw new RangeError(`the reader does not read ${topic}/${partition}`);
    return waitingIn(source) === 0 ? Math.max(source.next, source.partition.end) : source.next;
  }

  close(): Promise<void> {
    this.closed = true;
    this.onClose();
    this.endWait();
    return Promise.resolve();
  }

  /** The lowest offset that is read next in this slot. */
  nextIn(slot: number): number {
    let lowest = Infinity;
    for (const source of this.sources) if (source.slot === slot) lowest = Math.min(lowest, source.next);
    return lowest;
  }

  private async takeLater(options: PollOptions): Promise<readonly BusRecord[]> {
    const slots = this.sources.map(({ slot }) => slot);
    await this.arrivals.wait(slots, options.maxWaitMs, (end) => (this.endWait = end));
    if (this.closed) throw closedError();
    return this.take(options);
  }

  private take(options: PollOptions): readonly BusRecord[] {
    const { sources } = this;
    const waiting = sources.map(waitingIn);
    const shares = sharesOf(sources, waiting, options, this.turn++);
    const records: BusRecord[] = [];
    for (let at = 0; at < sources.length; at++) {
      const source = sources[at];
      const share = shares[at] ?? 0;
      if (source === undefined || share === 0) continue;
      const end = source.place + share;
      for (let place = source.place; place < end; place++) {
        const record = source.partition.records[place];
        if (record !== undefined) records.push(record);
      }
      source.place = end;
      source.next = (source.partition.records[end - 1]?.offset ?? source.next - 1) + 1;
    }
    return records;
  }
}

/** How many records are there to be read. */
const waitingIn = (source: Source): number => {
  const { partition } = source;
  if (source.next >= partition.end) return 0;
  if (source.cleanings !== partition.cleanings) {
    source.place = partition.placeOf(source.next);
    source.cleanings = partition.cleanings;
  }
  return partition.records.length - source.place;
};

const closedError = (): BusError => new BusError('BUS_CLOSED', 'a reader of the bus in memory');
