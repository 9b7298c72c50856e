/**
 * Reads one partition of the embedded store forward, in chunks ahead of what is asked for.
 *
 * Each block's checksum is checked, and that nothing is missing: offsets without a gap that is not on record where the topic is not compacted; in a compacted one, from
 * offset zero, as many records as were written and not dropped. One scan reads one snapshot, from where the reader is to where the partition
 * ended when the scan began; then the next scan begins.
 */
import type { Topic } from '../../contracts/topics';
import { BusError, type BusRecord } from '../../processor/bus';
import { isCompacted, partitionOfSlot, topicNumberOf, topicOf } from '../slots';
import { openBlock } from './block';
import { cleaningOfRow, type Level, type OpenedLevel } from './openLevel';
import { cleaningKey, isSealed, numbersOf, offsetOfKey, recordKey } from './rows';

/** Read ahead at most so many blocks and bytes: few trips to LevelDB's threads, little memory. */
const BLOCKS_AHEAD = 1000;
const BYTES_AHEAD = 512 * 1024;

type BlockIterator = ReturnType<typeof blocksIn>;
type Snapshot = ReturnType<Level['snapshot']>;

interface Scan {
  readonly level: Level;
  readonly iterator: BlockIterator;
  readonly snapshot: Snapshot | undefined;
  /** The partition's end when the scan began. */
  readonly end: number;
  /** Records that the scan must give; null: it cannot be told. */
  readonly expected: number | null;
  seen: number;
}

export class PartitionScan {
  private scan: Scan | null = null;
  private blocks: [Buffer, Buffer][] = [];
  private nextBlock = 0;
  private records: BusRecord[] = [];
  private nextRecord = 0;
  /** The offset behind the block that `records` are of. */
  private blockEnd = 0;
  /** Whether a block begins with the next offset. */
  private atBlock = false;
  readonly topic: Topic;
  private readonly topicNumber: number;
  readonly partition: number;
  private readonly compacted: boolean;

  constructor(
    private readonly directory: string,
    readonly slot: number,
    shards: number,
    /** Offset to read next. */
    public next: number,
  ) {
    this.topic = topicOf(slot, shards);
    this.topicNumber = topicNumberOf(slot, shards);
    this.partition = partitionOfSlot(slot, shards);
    this.compacted = isCompacted(slot, shards);
  }

  /** Upper bound of what is there to be read; zero only when there is nothing. */
  waiting({ ends }: OpenedLevel): number {
    return Math.max(0, (ends[this.slot] ?? 0) - this.next);
  }

  /** Adds the next `most` records to `into`, or those that there are. */
  async take(most: number, state: OpenedLevel, into: BusRecord[]): Promise<void> {
    let left = most;
    // LevelDB was opened anew: what was read ahead is still right, but the scan has to begin again.
    if (this.scan !== null && this.scan.level !== state.level) this.drop();
    while (left > 0) {
      const record = this.records[this.nextRecord];
      if (record !== undefined) {
        into.push(record);
        this.nextRecord++;
        // Behind the last record of a block, offsets that no record has are passed over, too.
        this.next = this.nextRecord === this.records.length ? this.blockEnd : record.offset + 1;
        left--;
      } else if (!(await this.readOn(state, left))) return;
    }
  }

  async close(): Promise<void> {
    const { scan } = this;
    this.drop();
    // After a failure LevelDB has closed it already.
    if (scan !== null) await this.end(scan).catch(() => undefined);
  }

  private drop(): void {
    this.scan = null;
    this.atBlock = false;
    this.blocks = [];
    this.nextBlock = 0;
    this.records = [];
    this.nextRecord = 0;
  }

  /**
   * Makes the records of the next block ready; false when the partition has no more. No more is read ahead than is asked for: a block holds a record at least, and
   * whoever looks up one record would else be given half a megabyte.
   */
  private async readOn(state: OpenedLevel, left: number): Promise<boolean> {
    for (;;) {
      const block = this.blocks[this.nextBlock++];
      if (block !== undefined) {
        this.open(block);
        return true;
      }
      if (this.scan === null) {
        if (this.waiting(state) === 0) return false;
        this.scan = await this.begin(state);
      }
      const { scan } = this;
      this.blocks = await scan.iterator.nextv(Math.min(BLOCKS_AHEAD, left));
      this.nextBlock = 0;
      if (this.blocks.length === 0) {
        this.checkWhole(scan);
        await this.end(scan);
      }
    }
  }

  private open([key, value]: [Buffer, Buffer]): void {
    const first = offsetOfKey(key);
    if (!isSealed(key, value)) throw this.damaged(first, 'the records from here on do not match their checksum');
    const { records, end } = openBlock(value, first, this.topic, this.partition);
    const skipped = first >= this.next ? 0 : records.findIndex(({ offset }) => offset >= this.next);
    this.records = records;
    this.blockEnd = end;
    this.nextRecord = skipped < 0 ? records.length : skipped;
    if (this.scan !== null) this.scan.seen += records.length - this.nextRecord;
    if (!this.compacted && first > this.next) throw this.damaged(this.next, 'records are missing');
    if (this.nextRecord === records.length) this.next = Math.max(this.next, end);
  }

  private checkWhole({ end, expected, seen }: Scan): void {
    if (this.next !== end || (expected !== null && expected !== seen))
      throw this.damaged(this.next, 'records before here are missing');
  }

  private async begin({ level, ends }: OpenedLevel): Promise<Scan> {
    const end = ends[this.slot] ?? 0;
    // The cleaner changes the blocks of a compacted topic: all that is read of one must come from the same moment.
    const snapshot = this.compacted ? level.snapshot() : undefined;
    const same = snapshot === undefined ? {} : { snapshot };
    const gte = this.atBlock ? this.keyOf(this.next) : await this.blockOf(level, same);
    const expected = snapshot !== undefined && this.next === 0 ? end - (await this.droppedIn(level, same)) : null;
    const iterator = blocksIn(level, { gte, lt: this.keyOf(end), ...same });
    return { level, iterator, snapshot, end, expected, seen: 0 };
  }

  private async end({ iterator, snapshot }: Scan): Promise<void> {
    this.scan = null;
    // What is not compacted keeps its blocks as they were committed, so the next scan begins with a block.
    this.atBlock = !this.compacted;
    await iterator.close();
    await snapshot?.close();
  }

  /** Key of the block that the next offset is in, or that comes after it. */
  private async blockOf(level: Level, same: { snapshot?: Snapshot }): Promise<Buffer> {
    const gte = this.keyOf(0);
    if (this.next === 0) return gte;
    const lte = this.keyOf(this.next);
    const [key] = await level.keys({ gte, lte, reverse: true, limit: 1, ...same }).all();
    return key ?? lte;
  }

  private async droppedIn(level: Level, same: { snapshot?: Snapshot }): Promise<number> {
    const key = cleaningKey(this.topicNumber, this.partition);
    const [row] = await level.iterator({ gte: key, lte: key, ...same }).all();
    if (row === undefined) return 0;
    const numbers = numbersOf(key, row[1], 2);
    if (numbers === null) throw this.damaged(0, 'how far it is cleaned does not match its checksum');
    return cleaningOfRow(numbers).dropped;
  }

  private keyOf(offset: number): Buffer {
    return recordKey(this.topicNumber, this.partition, offset);
  }

  private damaged(offset: number, what: string): BusError {
    return new BusError(
      'BUS_DAMAGED',
      `data directory ${this.directory}, ${this.topic}/${this.partition} offset ${offset}`,
      new Error(what),
    );
  }
}

const blocksIn = (level: Level, range: { gte: Buffer; lt: Buffer; snapshot?: Snapshot }) =>
  level.iterator({ ...range, highWaterMarkBytes: BYTES_AHEAD, fillCache: false });
