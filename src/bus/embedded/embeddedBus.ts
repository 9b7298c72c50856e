/**
 * The bus in a directory: for a first run, a laptop, CI, a single machine. One process at a time; nothing else to install or to start.
 *
 * A commit is one synced batch of LevelDB: when it resolves, it is on disk, all of it. After a crash, what was acknowledged is there, and a
 * commit that was cut short is gone whole. What is checked at the start: openLevel.ts; what with every read: partitionScan.ts. Fencing needs
 * nothing on disk, since the lock on the directory keeps every other process out: a writer of an older process can write no more.
 * Source: docs/adr/0002-embedded-store.md.
 */
import type { Topic } from '../../contracts/topics';
import {
  BusError,
  type Bus,
  type BusReader,
  type OutgoingRecord,
  type TopicPosition,
  type TransactionalWriter,
} from '../../processor/bus';
import { Arrivals } from '../arrivals';
import type { SchemaStore } from '../schemaStore';
import { partitionOfSlot, slotOf, topicNumberOf } from '../slots';
import { BlockWriter } from './block';
import { Cleaner } from './cleaner';
import { EmbeddedReader } from './embeddedReader';
import { busErrorOf } from './failures';
import type { LevelWrite } from './openLevel';
import { PartitionScan } from './partitionScan';
import { recordKey } from './rows';
import { SchemaRows } from './schemaRows';
import { Store, type Faults } from './store';

export interface EmbeddedBusOptions {
  readonly directory: string;
  /** Partitions of each topic, 1 to 1,024: fixed when the directory is created. Default: what it has, else 1. */
  readonly shards?: number;
  /** Called at named points, for tests that kill the process or make a write fail there. */
  readonly faults?: Faults;
}

export interface EmbeddedBus extends Bus {
  /** Of which part of a log it is an import (`topics decisions alone`); undefined: it is a log of its own, or a whole one was imported. */
  readonly partial: string | undefined;
  readonly schemas: SchemaStore;
}

/** Creates the directory if it is not there. Throws BusError: BUS_LOCKED, BUS_DAMAGED, BUS_UNUSABLE, BUS_FULL. */
export const openEmbeddedBus = async ({
  directory,
  shards,
  faults = () => undefined,
}: EmbeddedBusOptions): Promise<EmbeddedBus> => new BusInDirectory(await Store.open(directory, shards, faults));

/** What is missing of a log is known of an embedded bus alone. */
export const partialOf = (bus: Bus): string | undefined => (bus instanceof BusInDirectory ? bus.partial : undefined);

class BusInDirectory implements EmbeddedBus {
  readonly shards: number;
  readonly partial: string | undefined;
  readonly schemas: SchemaStore;
  private readonly arrivals: Arrivals;
  private readonly cleaner: Cleaner;
  /** Of each transactional id, how many writers were opened: only the last may commit. */
  private readonly epochs = new Map<string, number>();
  private readonly readers = new Set<EmbeddedReader>();

  constructor(private readonly store: Store) {
    this.shards = store.shards;
    this.partial = store.partial;
    this.schemas = new SchemaRows(store);
    this.arrivals = new Arrivals(store.slots);
    this.cleaner = new Cleaner(store, (slot) => this.oldestReader(slot));
    for (let slot = 0; slot < store.slots; slot++) this.cleaner.cleanWhenDue(slot);
  }

  async writer(transactionalId: string): Promise<TransactionalWriter> {
    this.store.checkOpen();
    const where = `transactional id ${transactionalId}`;
    const epoch = (this.epochs.get(transactionalId) ?? 0) + 1;
    this.epochs.set(transactionalId, epoch);
    // What an older writer has begun is finished first; what it has only queued finds itself fenced. An unknown outcome is settled by opening.
    await this.store.inOrder(() => this.store.state());

    let refusal: BusError | null = null;
    const check = (): void => {
      this.store.checkOpen();
      if (refusal !== null) throw refusal;
      if (this.epochs.get(transactionalId) !== epoch) throw new BusError('BUS_FENCED', where);
    };
    return {
      commit: async (records) => {
        check();
        const slots = records.map(({ topic, partition }) => slotOf(topic, partition, this.shards));
        return this.store.inOrder(async () => {
          check();
          try {
            return await this.write(records, slots);
          } catch (error) {
            refusal = busErrorOf(error, where, 'BUS_FAILED');
            throw refusal;
          }
        });
      },
      close: () => {
        refusal = new BusError('BUS_CLOSED', where);
        return Promise.resolve();
      },
    };
  }

  async reader(from: readonly TopicPosition[]): Promise<BusReader> {
    await this.store.state();
    const scans = from.map(
      ({ topic, partition, offset }) =>
        new PartitionScan(this.store.directory, slotOf(topic, partition, this.shards), this.shards, offset),
    );
    const reader = new EmbeddedReader(this.store, scans, this.arrivals, () => this.readers.delete(reader));
    this.readers.add(reader);
    return reader;
  }

  async endOffset(topic: Topic, partition: number): Promise<number> {
    const { ends } = await this.store.state();
    return ends[slotOf(topic, partition, this.shards)] ?? 0;
  }

  async offsetAt(topic: Topic, partition: number): Promise<number> {
    await this.store.state();
    slotOf(topic, partition, this.shards);
    return 0;
  }

  async close(): Promise<void> {
    await Promise.all([...this.readers].map((reader) => reader.close()));
    await this.cleaner.stop();
    await this.store.close();
  }

  private async write(records: readonly OutgoingRecord[], slots: readonly number[]): Promise<readonly number[]> {
    const { level, ends } = await this.store.state();
    if (records.length === 0) return [];
    const rows: LevelWrite[] = [];
    const offsets: number[] = [];
    const open = new Map<number, { writer: BlockWriter; next: number }>();
    for (const [at, record] of records.entries()) {
      const slot = slots[at] ?? 0;
      let blocks = open.get(slot);
      if (blocks === undefined) open.set(slot, (blocks = { writer: this.blockWriter(slot, rows), next: ends[slot] ?? 0 }));
      offsets.push(blocks.next);
      blocks.writer.add(record, blocks.next++);
    }
    for (const { writer } of open.values()) writer.finish();

    const newEnds = [...open].map(([slot, { next }]) => [slot, next] as const);
    await this.store.write(level, rows, records.length, { ends: newEnds });
    for (const slot of open.keys()) {
      this.arrivals.notify(slot);
      this.cleaner.cleanWhenDue(slot);
    }
    return offsets;
  }

  private blockWriter(slot: number, rows: LevelWrite[]): BlockWriter {
    const topicNumber = topicNumberOf(slot, this.shards);
    const partition = partitionOfSlot(slot, this.shards);
    return new BlockWriter(
      (offset) => recordKey(topicNumber, partition, offset),
      (key, value) => rows.push({ type: 'put', key, value }),
    );
  }

  private oldestReader(slot: number): number {
    let oldest = Infinity;
    for (const reader of this.readers) oldest = Math.min(oldest, reader.nextIn(slot));
    return oldest;
  }
}
