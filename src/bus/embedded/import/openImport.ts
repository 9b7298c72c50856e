/**
 * Makes a data directory of a log that was on another bus: every record at the offset that it had, and offsets that no record has left out. Only for a
 * new directory. Until the last batch the directory is marked as an import that goes on, and nothing else opens it; one that was ended half way is begun anew.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Topic } from '../../../contracts/topics';
import { BusError, type BusRecord, type TopicPosition } from '../../../processor/bus';
import type { SchemaStore } from '../../schemaStore';
import { checkedShards, isCompacted, partitionOfSlot, slotCount, slotOf, topicNumberOf, topicOf } from '../../slots';
import { BlockWriter } from '../block';
import { busErrorOf } from '../failures';
import type { Level, LevelWrite } from '../openLevel';
import { ENCODINGS, rowOf, verifyUnlocked, WRITE_BUFFER_BYTES } from '../openLevel';
import { cleaningKey, HEAD_KEY, IMPORT_KEY, IMPORTED_FORMAT_VERSION, META_KEY, numbersRow } from '../rows';
import { PARTIAL_FORMAT_VERSION, PARTIAL_KEY, recordKey, schemaKey, textRow } from '../rows';
import { Staging } from './staging';

export interface EmbeddedImportOptions {
  readonly directory: string;
  /** Partitions of each topic. */
  readonly shards: number;
  /** Of which part of the log it is, where it is not the whole (`EmbeddedBus.partial`). */
  readonly partial?: string | undefined;
}

const STAGING_FOLDER = 'staging';
/** What LevelDB and an unfinished import leave in a directory. */
const OWN_NAME = /^(LOCK|LOG|LOG\.old|CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp)|staging)$/;
const BATCH_BYTES = 1024 * 1024;
const BATCH_ROWS = 1000;

/** Rejects with a BusError: BUS_UNUSABLE where the directory holds anything, BUS_LOCKED, BUS_FULL. */
export const openEmbeddedImport = async ({ directory, shards, partial }: EmbeddedImportOptions): Promise<EmbeddedImport> => {
  const where = `data directory ${directory}`;
  let level: Level | undefined;
  try {
    checkedShards(shards);
    await mkdir(directory, { recursive: true });
    const other = (await readdir(directory)).find((name) => !OWN_NAME.test(name));
    if (other !== undefined) throw notEmpty(where, `it holds ${other}`);
    const { exists } = await verifyUnlocked(directory);
    level = new ClassicLevel<Buffer, Buffer>(directory, {
      ...ENCODINGS,
      createIfMissing: !exists,
      writeBufferSize: WRITE_BUFFER_BYTES,
    });
    await level.open();
    const commits = await begin(level, where, shards, partial);
    return new EmbeddedImport(where, level, shards, commits, await Staging.open(join(directory, STAGING_FOLDER), shards));
  } catch (error) {
    await level?.close();
    throw busErrorOf(error, where, 'BUS_UNUSABLE');
  }
};

const notEmpty = (where: string, what: string): BusError =>
  new BusError('BUS_UNUSABLE', where, new Error(`${what}; an import needs a new or empty directory`));

/** Marks the directory, and removes what an unfinished import has left. Answers with the number of the last batch. */
const begin = async (level: Level, where: string, shards: number, partial: string | undefined): Promise<number> => {
  const mark = await rowOf(level, IMPORT_KEY, 1, 'the mark of an import');
  if (mark === null && (await level.keys({ limit: 1 }).all()).length > 0) throw notEmpty(where, 'it holds a log');
  let [commits = 0] = (await rowOf(level, HEAD_KEY, 2, 'the head')) ?? [];
  const format = partial === undefined ? IMPORTED_FORMAT_VERSION : PARTIAL_FORMAT_VERSION;
  const marks: LevelWrite[] = [
    { type: 'put', key: META_KEY, value: numbersRow(META_KEY, format, shards) },
    { type: 'put', key: IMPORT_KEY, value: numbersRow(IMPORT_KEY, 1) },
  ];
  await writeBatch(level, ++commits, 0, marks);
  const kept = [META_KEY, IMPORT_KEY, HEAD_KEY];
  for (;;) {
    const keys = await level.keys({ limit: BATCH_ROWS + kept.length }).all();
    const rows = keys.filter((key) => !kept.some((one) => one.equals(key))).map((key) => ({ type: 'del', key }) as const);
    if (rows.length === 0) break;
    await writeBatch(level, ++commits, 0, rows);
  }
  if (partial !== undefined)
    await writeBatch(level, ++commits, 0, [{ type: 'put', key: PARTIAL_KEY, value: textRow(PARTIAL_KEY, partial) }]);
  return commits;
};

/** The head is the first row of each batch, as of every other: so a batch that is missing is found. */
const writeBatch = (level: Level, commits: number, offsets: number, rows: readonly LevelWrite[]): Promise<void> =>
  level.batch([{ type: 'put', key: HEAD_KEY, value: numbersRow(HEAD_KEY, commits, offsets) }, ...rows], { sync: true });

export class EmbeddedImport {
  private rows: LevelWrite[] = [];
  private bytes = 0;
  /** Records that were put, by slot. */
  private readonly counts: number[];

  constructor(
    private readonly where: string,
    private readonly level: Level,
    private readonly shards: number,
    private commits: number,
    private readonly staging: Staging,
  ) {
    this.counts = new Array<number>(slotCount(shards)).fill(0);
  }

  readonly putSchema: SchemaStore['put'] = async (id, schema) => {
    const key = schemaKey(id);
    await this.add({ type: 'put', key, value: textRow(key, schema) });
  };

  /** In any order; each once. */
  async put(record: BusRecord): Promise<void> {
    const slot = slotOf(record.topic, record.partition, this.shards);
    this.counts[slot] = (this.counts[slot] ?? 0) + 1;
    await this.guarded(() => this.staging.put(record));
  }

  /**
   * Makes the log: `ends` says where partitions end (those it does not name are empty), which may be behind their last record. `onRecord` is told of
   * each record that is in its place. When it resolves, the directory can be opened. Close it in any case.
   */
  async finish(ends: readonly TopicPosition[], onRecord: () => void = () => undefined): Promise<void> {
    await this.guarded(async () => {
      let offsets = 0;
      for (let slot = 0; slot < slotCount(this.shards); slot++) {
        const [topic, partition] = [topicOf(slot, this.shards), partitionOfSlot(slot, this.shards)];
        const end = ends.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0;
        await this.makePartition(slot, topic, partition, end, onRecord);
        offsets += end;
      }
      await this.staging.remove();
      await this.write();
      await writeBatch(this.level, ++this.commits, offsets, [{ type: 'del', key: IMPORT_KEY }]);
    });
  }

  async close(): Promise<void> {
    await this.staging.remove();
    await this.level.close();
  }

  private async makePartition(slot: number, topic: Topic, partition: number, end: number, onRecord: () => void): Promise<void> {
    const topicNumber = topicNumberOf(slot, this.shards);
    const writer = new BlockWriter(
      (offset) => recordKey(topicNumber, partition, offset),
      (key, value) => this.gather({ type: 'put', key, value }),
    );
    let next = 0;
    let records = 0;
    const fault = (what: string): BusError =>
      new BusError('BUS_UNUSABLE', `${this.where}, ${topic}/${partition}`, new Error(what));
    for await (const record of this.staging.recordsOf(topic, partition)) {
      if (record.offset >= end) throw fault(`a record has offset ${record.offset}, but the partition ends at ${end}`);
      if (record.offset > next) writer.addGap(next, record.offset);
      writer.add(record, record.offset);
      next = record.offset + 1;
      records += 1;
      onRecord();
      if (this.bytes >= BATCH_BYTES) await this.write();
    }
    if (end > next) writer.addGap(next, end);
    writer.finish();
    const count = this.counts[slot] ?? 0;
    if (records !== count) throw fault(`${count} records were given for ${records} offsets: some offset came twice`);
    if (isCompacted(slot, this.shards) && end > records) {
      const key = cleaningKey(topicNumber, partition);
      await this.add({ type: 'put', key, value: numbersRow(key, end - records, 0) });
    }
  }

  private gather(row: LevelWrite): void {
    this.rows.push(row);
    this.bytes += row.key.length + (row.type === 'put' ? row.value.length : 0);
  }

  private async add(row: LevelWrite): Promise<void> {
    this.gather(row);
    if (this.bytes >= BATCH_BYTES) await this.write();
  }

  private async write(): Promise<void> {
    const { rows } = this;
    this.rows = [];
    this.bytes = 0;
    await writeBatch(this.level, ++this.commits, 0, rows);
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw busErrorOf(error, this.where, 'BUS_FAILED');
    }
  }
}
