/**
 * Drops superseded records of compacted topics, in the background.
 *
 * Commits write without looking what was there. When a partition holds more records that no pass has seen than cleaned ones (and at least
 * 10,000), a pass begins: it takes the newest offset of each key written since the last pass (at most `MOST_KEYS` of them, which bounds the
 * memory; the rest is for the next pass), then goes through the partition from its beginning and puts the blocks together anew without what
 * is superseded, chunk by chunk, each one batch in the queue of commits. A pass that is broken off has lost nothing: the next one does it again.
 */
import { BusError, type BusRecord } from '../../processor/bus';
import { isKept, keyText, type CompactionLimits } from '../compaction';
import { isCompacted, partitionOfSlot, topicNumberOf, topicOf } from '../slots';
import { BlockWriter, openBlock } from './block';
import { NOT_CLEANED, type Cleaning, type Level, type LevelWrite, type OpenedLevel } from './openLevel';
import { cleaningKey, isSealed, numbersRow, offsetOfKey, recordKey } from './rows';
import type { Store } from './store';

const LEAST_RECORDS = 10_000;
const MOST_KEYS = 250_000;
/** One batch of a pass replaces about so much: a few milliseconds in which commits wait. */
const CHUNK_RECORDS = 1000;
const CHUNK_BYTES = 256 * 1024;
/** So few blocks for a chunk are not worth being written again when nothing in them is superseded. */
const FEW_BLOCKS = 4;
const READ_AHEAD = { highWaterMarkBytes: CHUNK_BYTES, fillCache: false } as const;

export class Cleaner {
  private running: Promise<void> | null = null;
  private stopped = false;
  /** A pass failed on this LevelDB: what is wrong shows in the next commit or read; another pass would only fail again. */
  private failedOn: Level | null = null;

  constructor(
    private readonly store: Store,
    private readonly oldestReader: (slot: number) => number,
  ) {}

  /** Begins a pass where one is due, unless one is running. */
  cleanWhenDue(slot: number): void {
    const state = this.store.stateNow();
    if (this.running !== null || this.stopped || state === null || state.level === this.failedOn) return;
    if (!isCompacted(slot, this.store.shards) || !isDue(state, slot)) return;
    this.running = this.pass(state, slot)
      .catch(() => (this.failedOn = state.level))
      .then(() => (this.running = null))
      .then(() => this.cleanWhenDue(slot));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async pass(state: OpenedLevel, slot: number): Promise<void> {
    const { level } = state;
    const before = state.cleanings[slot];
    const end = state.ends[slot] ?? 0;
    if (before === undefined) return;
    const { newest, cleanedTo } = await this.newestOffsets(level, slot, before.cleanedTo, end);
    const limits = { cleanedTo: before.cleanedTo, oldestReader: this.oldestReader(slot), end };
    for await (const chunk of this.chunks(level, slot, 0, cleanedTo)) {
      await this.replace(state, slot, chunk, newest, limits);
      if (this.stopped) return;
    }
    await this.store.inOrder(() => this.write(state, slot, [], { dropped: droppedOf(state, slot), cleanedTo }));
  }

  /** Newest offset of the keys that were written from `start` on, and up to where that is all of them. */
  private async newestOffsets(
    level: Level,
    slot: number,
    start: number,
    end: number,
  ): Promise<{ newest: ReadonlyMap<string, number>; cleanedTo: number }> {
    const newest = new Map<string, number>();
    for await (const { records } of this.chunks(level, slot, start, end)) {
      for (const { key, offset } of records) if (key !== null && offset >= start) newest.set(keyText(key), offset);
      const last = records.at(-1);
      if (newest.size >= MOST_KEYS && last !== undefined) return { newest, cleanedTo: last.offset + 1 };
      if (this.stopped) break;
    }
    return { newest, cleanedTo: end };
  }

  /** Puts the chunk's blocks together anew, if that makes them fewer. */
  private async replace(
    state: OpenedLevel,
    slot: number,
    { blocks, records, end }: Chunk,
    newest: ReadonlyMap<string, number>,
    limits: CompactionLimits,
  ): Promise<void> {
    const kept = records.filter((record) => isKept(record, newest, limits));
    if (kept.length === records.length && blocks.length <= FEW_BLOCKS) return;
    const rows: LevelWrite[] = blocks.map((key) => ({ type: 'del', key }));
    const keyOf = (offset: number): Buffer => this.keyOf(slot, offset);
    const writer = new BlockWriter(keyOf, (key, value) => rows.push({ type: 'put', key, value }));
    for (const record of kept) writer.add(record, record.offset);
    // Where an imported partition ends in offsets that no record has, only this says how far they go.
    const last = kept.at(-1);
    if (end === limits.end && (last === undefined || last.offset + 1 < end))
      writer.addGap(last === undefined ? end - 1 : last.offset + 1, end);
    writer.finish();
    const dropped = droppedOf(state, slot) + records.length - kept.length;
    await this.store.inOrder(() => this.write(state, slot, rows, { dropped, cleanedTo: limits.cleanedTo }));
  }

  private async write(state: OpenedLevel, slot: number, rows: readonly LevelWrite[], cleaning: Cleaning): Promise<void> {
    // A commit failed meanwhile: this LevelDB is closed, and the pass with it.
    if (this.store.stateNow() !== state) throw new BusError('BUS_FAILED', this.store.where);
    const key = cleaningKey(topicNumberOf(slot, this.store.shards), partitionOfSlot(slot, this.store.shards));
    const row = { type: 'put', key, value: numbersRow(key, cleaning.dropped, cleaning.cleanedTo) } as const;
    await this.store.write(state.level, [...rows, row], 0, { cleaning: [slot, cleaning] });
  }

  /** The blocks from the one that `start` is in, a few at a time. (An earlier pass may have put records from before `start` into it.) */
  private async *chunks(level: Level, slot: number, start: number, end: number): AsyncGenerator<Chunk> {
    const topic = topicOf(slot, this.store.shards);
    const partition = partitionOfSlot(slot, this.store.shards);
    let chunk: Chunk = { blocks: [], records: [], end: 0 };
    let bytes = 0;
    const before = { gte: this.keyOf(slot, 0), lte: this.keyOf(slot, start), reverse: true, limit: 1 };
    const [gte = before.gte] = await level.keys(before).all();
    const range = { gte, lt: this.keyOf(slot, end), ...READ_AHEAD };
    for await (const [key, value] of level.iterator(range)) {
      if (!isSealed(key, value)) throw new BusError('BUS_DAMAGED', this.store.where);
      chunk.blocks.push(key);
      const { records, end: blockEnd } = openBlock(value, offsetOfKey(key), topic, partition);
      for (const record of records) chunk.records.push(record);
      chunk.end = blockEnd;
      bytes += value.length;
      if (chunk.records.length < CHUNK_RECORDS && bytes < CHUNK_BYTES) continue;
      yield chunk;
      chunk = { blocks: [], records: [], end: 0 };
      bytes = 0;
    }
    if (chunk.blocks.length > 0) yield chunk;
  }

  private keyOf(slot: number, offset: number): Buffer {
    return recordKey(topicNumberOf(slot, this.store.shards), partitionOfSlot(slot, this.store.shards), offset);
  }
}

interface Chunk {
  readonly blocks: Buffer[];
  readonly records: BusRecord[];
  /** The offset behind it. */
  end: number;
}

const isDue = ({ ends, cleanings }: OpenedLevel, slot: number): boolean => {
  const { dropped, cleanedTo } = cleanings[slot] ?? NOT_CLEANED;
  return (ends[slot] ?? 0) - cleanedTo > Math.max(cleanedTo - dropped, LEAST_RECORDS);
};

const droppedOf = ({ cleanings }: OpenedLevel, slot: number): number => (cleanings[slot] ?? NOT_CLEANED).dropped;
