/**
 * Records of an import, put in any order and handed out in the order of the log. They come by run and day, and thousands of runs may be as many files at
 * once: LevelDB sorts them, in a folder of its own that outlives nothing.
 */
import { rm } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import type { Topic } from '../../../contracts/topics';
import type { BusRecord } from '../../../processor/bus';
import { slotOf, topicNumberOf } from '../../slots';
import { BlockWriter, openBlock } from '../block';
import type { Level, LevelWrite } from '../openLevel';
import { ENCODINGS } from '../openLevel';
import { offsetOfKey, recordKey } from '../rows';

const BATCH_BYTES = 1024 * 1024;
const BUFFER_BYTES = 16 * 1024 * 1024;
const READ_AHEAD = { highWaterMarkBytes: 512 * 1024, fillCache: false } as const;

export class Staging {
  private rows: LevelWrite[] = [];
  private bytes = 0;

  private constructor(
    private readonly folder: string,
    private readonly level: Level,
    private readonly shards: number,
  ) {}

  /** Whatever is in the folder is thrown away. */
  static async open(folder: string, shards: number): Promise<Staging> {
    await rm(folder, { recursive: true, force: true });
    const level = new ClassicLevel<Buffer, Buffer>(folder, { ...ENCODINGS, writeBufferSize: BUFFER_BYTES });
    await level.open();
    return new Staging(folder, level, shards);
  }

  async put(record: BusRecord): Promise<void> {
    const topicNumber = topicNumberOf(slotOf(record.topic, record.partition, this.shards), this.shards);
    const writer = new BlockWriter(
      (offset) => recordKey(topicNumber, record.partition, offset),
      (key, value) => {
        this.rows.push({ type: 'put', key, value });
        this.bytes += key.length + value.length;
      },
    );
    writer.add(record, record.offset);
    writer.finish();
    if (this.bytes >= BATCH_BYTES) await this.write();
  }

  /** The records of a partition, by offset. */
  async *recordsOf(topic: Topic, partition: number): AsyncGenerator<BusRecord> {
    await this.write();
    const topicNumber = topicNumberOf(slotOf(topic, partition, this.shards), this.shards);
    const range = { gte: recordKey(topicNumber, partition, 0), lt: recordKey(topicNumber, partition + 1, 0), ...READ_AHEAD };
    for await (const [key, value] of this.level.iterator(range))
      yield* openBlock(value, offsetOfKey(key), topic, partition).records;
  }

  /** Closes it and removes the folder. */
  async remove(): Promise<void> {
    await this.level.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async write(): Promise<void> {
    const { rows } = this;
    this.rows = [];
    this.bytes = 0;
    await this.level.batch(rows);
  }
}
