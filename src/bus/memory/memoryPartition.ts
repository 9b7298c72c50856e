/**
 * The records of one partition in memory, by offset. A compacted partition is cleaned when its records have doubled since the last time
 * (and there are at least 1,024), so that cleaning costs each record a constant and memory stays below twice the keys. One that forgets drops
 * instead, by the same measure, what every open reader has read.
 */
import type { BusRecord } from '../../processor/bus';
import { isKept, keyText } from '../compaction';

const LEAST_RECORDS_CLEANED = 1024;

export class MemoryPartition {
  records: BusRecord[] = [];
  /** Next offset. */
  end = 0;
  /** Grows with each cleaning: what a reader remembers of its place in `records` is no longer true. */
  cleanings = 0;
  private kept = 0;
  private cleanedTo = 0;

  constructor(
    private readonly compacted: boolean,
    /** Drops what every open reader has read; what nobody reads is not kept at all. */
    private readonly forgets: boolean,
    /** The lowest offset that an open reader reads next. */
    private readonly oldestReader: () => number,
  ) {}

  /** Call after the records of one commit were pushed. */
  cleanWhenDue(): void {
    const cleans = this.compacted || this.forgets;
    if (cleans && this.records.length > 2 * Math.max(this.kept, LEAST_RECORDS_CLEANED / 2)) this.clean();
  }

  /** Place in `records` of the first record at or after `offset`. */
  placeOf(offset: number): number {
    if (this.cleanings === 0) return offset;
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.records[middle]?.offset ?? Infinity) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private clean(): void {
    if (this.forgets) this.forget();
    else this.compact();
    this.kept = this.records.length;
    this.cleanings++;
  }

  private forget(): void {
    const oldest = this.oldestReader();
    this.records = oldest === Infinity ? [] : this.records.slice(this.placeOf(oldest));
  }

  private compact(): void {
    const newest = new Map<string, number>();
    for (const { key, offset } of this.records) if (key !== null) newest.set(keyText(key), offset);
    const limits = { cleanedTo: this.cleanedTo, oldestReader: this.oldestReader(), end: this.end };
    this.records = this.records.filter((record) => isKept(record, newest, limits));
    this.cleanedTo = this.end;
  }
}
