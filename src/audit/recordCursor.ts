/**
 * One partition, read forward by batches: the next record is there at once as long as the batch lasts, so that a fold of millions of records does not
 * wait for each. The batch after it is read meanwhile. At most two batches are held.
 */
import type { Topic } from '../contracts/topics';
import type { Bus, BusReader, BusRecord } from '../processor/bus';

const RECORDS = 5_000;
const WAIT_MS = 1_000;

export class RecordCursor {
  private batch: readonly BusRecord[] = [];
  private at = 0;
  private reader: BusReader | undefined;
  private ahead: Promise<readonly BusRecord[]> | undefined;
  private end: number | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly topic: Topic,
    private readonly partition: number,
  ) {}

  /** The record that `advance` passes over; undefined: the batch is used up, `fill` tells whether there is more. */
  peek(): BusRecord | undefined {
    return this.batch[this.at];
  }

  advance(): void {
    this.at += 1;
  }

  /** Reads on when the batch is used up. False: the partition has no more. */
  async fill(): Promise<boolean> {
    if (this.at < this.batch.length) return true;
    const { ahead } = this;
    this.batch = ahead === undefined ? [] : await ahead;
    this.at = 0;
    this.ahead = undefined;
    // What was read ahead was the end when it was read; a log that is written meanwhile may have gone on.
    if (this.batch.length === 0) this.batch = await this.read();
    if (this.batch.length === 0) return false;
    this.ahead = this.read();
    // Whoever asks for it hears of its failure; if nobody does, it is none.
    this.ahead.catch(() => undefined);
    return true;
  }

  async close(): Promise<void> {
    await this.ahead?.catch(() => undefined);
    await this.reader?.close();
  }

  /** The next records; none: this is the end as it is now. */
  private async read(): Promise<readonly BusRecord[]> {
    const { bus, topic, partition } = this;
    this.reader ??= await bus.reader([{ topic, partition, offset: 0 }]);
    if (this.end === undefined || this.reader.position(topic, partition) >= this.end) {
      this.end = await bus.endOffset(topic, partition);
    }
    while (this.reader.position(topic, partition) < this.end) {
      const records = await this.reader.poll({ maxRecords: RECORDS, maxWaitMs: WAIT_MS });
      if (records.length > 0) return records;
    }
    return [];
  }
}
