/**
 * A view of the bus that remembers what was opened through it, so that one call drops everything of a takeover, finished or not: also the
 * writer of one that failed half way, and the reader of one that is restoring still.
 */
import type { Topic } from '../../contracts/topics';
import type {
  Bus,
  BusReader,
  BusRecord,
  OutgoingRecord,
  PollOptions,
  TopicPosition,
  TransactionalWriter,
} from '../../processor/bus';
import { BusError } from '../../processor/bus';

/** Hears of every commit that succeeded. */
export type CommitListener = (records: readonly OutgoingRecord[], seconds: number) => void;

export class BusScope implements Bus {
  readonly shards: number;
  private readonly writers = new Set<TransactionalWriter>();
  private readonly readers = new Set<ScopedReader>();
  private closed = false;
  /** Records that its readers have handed out. */
  read = 0;

  constructor(
    private readonly bus: Bus,
    private readonly onCommit: CommitListener = () => undefined,
  ) {
    this.shards = bus.shards;
  }

  async writer(transactionalId: string): Promise<TransactionalWriter> {
    this.checkOpen();
    const writer = await this.kept(await this.bus.writer(transactionalId));
    const close = once(() => {
      this.writers.delete(scoped);
      return writer.close();
    });
    const scoped: TransactionalWriter = {
      commit: async (records) => {
        const startedAt = performance.now();
        const offsets = await writer.commit(records);
        this.onCommit(records, (performance.now() - startedAt) / 1_000);
        return offsets;
      },
      close,
    };
    this.writers.add(scoped);
    return scoped;
  }

  async reader(from: readonly TopicPosition[]): Promise<BusReader> {
    this.checkOpen();
    const inner = await this.kept(await this.bus.reader(from));
    const reader = new ScopedReader(inner, from, {
      read: (records) => (this.read += records),
      close: () => {
        this.readers.delete(reader);
        return inner.close();
      },
    });
    this.readers.add(reader);
    return reader;
  }

  endOffset(topic: Topic, partition: number): Promise<number> {
    return this.bus.endOffset(topic, partition);
  }

  offsetAt(topic: Topic, partition: number, time: number): Promise<number> {
    return this.bus.offsetAt(topic, partition, time);
  }

  /** How far the partitions of the open readers are read. */
  positions(): readonly TopicPosition[] {
    return [...this.readers].flatMap((reader) => reader.positions());
  }

  /** How many records of each topic the readers have handed out since the last call. */
  takeCounts(): ReadonlyMap<Topic, number> {
    const counts = new Map<Topic, number>();
    for (const reader of this.readers) reader.takeCounts(counts);
    return counts;
  }

  /** Closes what is open, and what is being opened as soon as it is. Never rejects: what will not close is of no use any more. */
  async close(): Promise<void> {
    this.closed = true;
    const open = [...this.readers, ...this.writers];
    this.readers.clear();
    this.writers.clear();
    await Promise.allSettled(open.map(async (one) => one.close()));
  }

  private async kept<T extends { close(): Promise<void> }>(opened: T): Promise<T> {
    if (!this.closed) return opened;
    await opened.close().catch(() => undefined);
    throw this.closedError();
  }

  private checkOpen(): void {
    if (this.closed) throw this.closedError();
  }

  private closedError(): BusError {
    return new BusError('BUS_CLOSED', 'a shard that was given up');
  }
}

class ScopedReader implements BusReader {
  readonly close: () => Promise<void>;
  private readonly counts = new Map<Topic, number>();

  constructor(
    private readonly inner: BusReader,
    private readonly from: readonly TopicPosition[],
    private readonly scope: { readonly read: (records: number) => void; readonly close: () => Promise<void> },
  ) {
    this.close = once(scope.close);
  }

  async poll(options: PollOptions): Promise<readonly BusRecord[]> {
    const records = await this.inner.poll(options);
    this.scope.read(records.length);
    for (const { topic } of records) this.counts.set(topic, (this.counts.get(topic) ?? 0) + 1);
    return records;
  }

  position(topic: Topic, partition: number): number {
    return this.inner.position(topic, partition);
  }

  positions(): readonly TopicPosition[] {
    return this.from.map(({ topic, partition }) => ({ topic, partition, offset: this.inner.position(topic, partition) }));
  }

  takeCounts(into: Map<Topic, number>): void {
    for (const [topic, count] of this.counts) into.set(topic, (into.get(topic) ?? 0) + count);
    this.counts.clear();
  }
}

/** What restores closes its reader in the end, though it was dropped before. */
const once = (close: () => Promise<void>): (() => Promise<void>) => {
  let closed: Promise<void> | undefined;
  return () => (closed ??= close());
};
