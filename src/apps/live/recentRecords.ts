import type { JournalRecord } from './live';

/** Some megabytes. */
const MOST_RECENT = 4_096;

/** The newest records of a shard's journal: what is asked for soon after it was committed needs no look at the log. */
export class RecentRecords {
  private records: JournalRecord[] = [];

  /** In order of offsets, without leaving one out. */
  add(records: readonly JournalRecord[]): void {
    for (const record of records) this.records.push(record);
    // Copied once for as many records as are kept.
    if (this.records.length >= 2 * MOST_RECENT) this.records = this.records.slice(-MOST_RECENT);
  }

  /** The record at this offset; undefined: it is not among the newest. */
  at(offset: number): JournalRecord | undefined {
    const { records } = this;
    let low = 0;
    let high = records.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const record = records[middle];
      if (record === undefined || record.offset === offset) return record;
      if (record.offset < offset) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}
