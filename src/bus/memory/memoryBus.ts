/**
 * The bus in memory: for `eval`, `run` without a data directory, and simulation. The promises of the port, except that "durable" ends with
 * the process. All of a commit happens within one call, without a pause, so no reader and no other writer sees half of it.
 *
 * Records are kept as they are given, not copied: whoever commits leaves the bytes alone from then on. Topics that are not compacted are
 * kept whole, unless the bus was opened as forgetful: then a record lives until every reader that was open has read it, for jobs whose log
 * nobody reads again.
 */
import {
  BusError,
  type Bus,
  type BusReader,
  type OutgoingRecord,
  type TopicPosition,
  type TransactionalWriter,
} from '../../processor/bus';
import type { Topic } from '../../contracts/topics';
import { Arrivals } from '../arrivals';
import type { SchemaStore } from '../schemaStore';
import { checkedShards, isCompacted, slotCount, slotOf } from '../slots';
import { MemoryPartition } from './memoryPartition';
import { MemoryReader } from './memoryReader';

const WHERE = 'the bus in memory';
const NO_HEADERS = Object.freeze({});

export interface MemoryBusOptions {
  readonly shards: number;
  /** Keep only what an open reader has still to read. Default: keep all. */
  readonly forgetful?: boolean;
}

export interface MemoryBus extends Bus {
  readonly schemas: SchemaStore;
}

export const openMemoryBus = ({ shards, forgetful = false }: MemoryBusOptions): MemoryBus =>
  new BusInMemory(checkedShards(shards), forgetful);

class BusInMemory implements MemoryBus {
  private readonly partitions: MemoryPartition[];
  private readonly arrivals: Arrivals;
  /** Of each transactional id, how many writers were opened: only the last may commit. */
  private readonly epochs = new Map<string, number>();
  private readonly readers = new Set<MemoryReader>();
  private readonly schemaTexts = new Map<number, string>();
  private closed = false;

  constructor(
    readonly shards: number,
    forgetful: boolean,
  ) {
    const slots = slotCount(shards);
    this.arrivals = new Arrivals(slots);
    this.partitions = Array.from(
      { length: slots },
      (_, slot) => new MemoryPartition(isCompacted(slot, shards), forgetful, () => this.oldestReader(slot)),
    );
  }

  readonly schemas: SchemaStore = {
    all: () => Promise.resolve(new Map(this.schemaTexts)),
    put: async (id, schema) => {
      this.checkOpen();
      this.schemaTexts.set(id, schema);
      return Promise.resolve();
    },
  };

  async writer(transactionalId: string): Promise<TransactionalWriter> {
    this.checkOpen();
    const epoch = (this.epochs.get(transactionalId) ?? 0) + 1;
    this.epochs.set(transactionalId, epoch);
    const where = `transactional id ${transactionalId}`;
    let open = true;
    return Promise.resolve({
      // Not async: a rejection is as good, and a promise less.
      commit: (records) => {
        if (this.closed || !open) return Promise.reject(new BusError('BUS_CLOSED', where));
        if (this.epochs.get(transactionalId) !== epoch) return Promise.reject(new BusError('BUS_FENCED', where));
        return this.append(records);
      },
      close: () => {
        open = false;
        return Promise.resolve();
      },
    });
  }

  async reader(from: readonly TopicPosition[]): Promise<BusReader> {
    this.checkOpen();
    const sources = from.map(({ topic, partition, offset }) => {
      const slot = slotOf(topic, partition, this.shards);
      return { topic, slot, partitionNumber: partition, partition: this.partition(slot), next: offset, place: -1, cleanings: -1 };
    });
    const reader = new MemoryReader(sources, this.arrivals, () => this.readers.delete(reader));
    this.readers.add(reader);
    return Promise.resolve(reader);
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    this.checkOpen();
    return Promise.resolve(this.partition(slotOf(topic, partition, this.shards)).end);
  }

  async offsetAt(topic: Topic, partition: number): Promise<number> {
    this.checkOpen();
    slotOf(topic, partition, this.shards);
    return Promise.resolve(0);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.readers].map((reader) => reader.close()));
  }

  // Nothing is awaited: what is committed is visible when this returns, all at once.
  // eslint-disable-next-line @typescript-eslint/require-await
  private async append(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    // Every partition is looked up before the first record is added, so that a wrong one leaves nothing behind.
    const slots = records.map(({ topic, partition }) => slotOf(topic, partition, this.shards));
    const offsets: number[] = [];
    for (let at = 0; at < slots.length; at++) {
      const record = records[at];
      const partition = this.partitions[slots[at] ?? -1];
      if (record === undefined || partition === undefined) continue;
      const offset = partition.end++;
      offsets.push(offset);
      partition.records.push({
        topic: record.topic,
        partition: record.partition,
        offset,
        key: record.key,
        value: record.value,
        timestamp: record.timestamp,
        headers: record.headers ?? NO_HEADERS,
      });
    }
    let last = -1;
    for (const slot of slots) {
      if (slot === last) continue;
      last = slot;
      this.partitions[slot]?.cleanWhenDue();
      this.arrivals.notify(slot);
    }
    return offsets;
  }

  private partition(slot: number): MemoryPartition {
    const partition = this.partitions[slot];
    if (partition === undefined) throw new RangeError(`no slot ${slot}`);
    return partition;
  }

  private oldestReader(slot: number): number {
    let oldest = Infinity;
    for (const reader of this.readers) oldest = Math.min(oldest, reader.nextIn(slot));
    return oldest;
  }

  private checkOpen(): void {
    if (this.closed) throw new BusError('BUS_CLOSED', WHERE);
  }
}
