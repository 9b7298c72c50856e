/**
 * Commits what many senders bring: while one commit is on its way, all that comes gathers and shares the next. Nobody waits for a timer: what comes when
 * nothing is on its way is committed at once. The longer a commit takes, the more share the next one, so that the bus sets the pace and not the senders.
 */
import type { OutgoingRecord } from '../../processor/bus';
import type { PersistentWriter } from '../publishing/persistentWriter';

/** Records and bytes that one transaction holds at most, unless one entry alone has more. A broker takes batches below 1 MiB. */
const MOST_RECORDS = 500;
const MOST_BYTES = 512 * 1024;

/** What is committed together, or not at all. */
export interface CommitEntry {
  readonly records: readonly OutgoingRecord[];
  /** Nobody wants it any more; it is left out if its commit has not begun. */
  readonly withdrawn: boolean;
  /** Its commit begins: from now on it may be on the log. */
  begun(): void;
  /** `offset`: of its last record. */
  committed(offset: number): void;
  /** `written`: false where it certainly is not on the log, unknown where its commit did not end as it should. */
  failed(error: unknown, written: false | 'unknown'): void;
}

export interface CommitObserver {
  /** Before a commit: its entries have not `begun`. */
  beginning(): void;
  /** Its entries know what became of them. `error` undefined: they are on the log. */
  ended(entries: number, seconds: number, error: unknown): void;
}

export class GroupCommit {
  private queue: CommitEntry[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly writer: PersistentWriter,
    private readonly observer: CommitObserver,
  ) {}

  add(entry: CommitEntry): void {
    this.queue.push(entry);
    this.running ??= this.run();
  }

  /** Resolves when nothing is queued or on its way. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // Whoever came with the same network packets shares the first commit.
    await new Promise(setImmediate);
    while (this.queue.length > 0) await this.commit(this.take());
    this.running = undefined;
  }

  private async commit(batch: readonly CommitEntry[]): Promise<void> {
    if (batch.length === 0) return;
    const started = performance.now();
    this.observer.beginning();
    const records: OutgoingRecord[] = [];
    for (const entry of batch) {
      entry.begun();
      for (const record of entry.records) records.push(record);
    }
    let failure: unknown;
    try {
      tell(batch, await this.writer.commit(records));
    } catch (error) {
      failure = error;
      for (const entry of batch) entry.failed(error, 'unknown');
      // The bus has failed for as long as anybody is asked to wait: those who came meanwhile need not find that out one batch after the other.
      for (const entry of this.queue.splice(0)) entry.failed(error, false);
    }
    this.observer.ended(batch.length, (performance.now() - started) / 1_000, failure);
  }

  private take(): readonly CommitEntry[] {
    const batch: CommitEntry[] = [];
    let records = 0;
    let bytes = 0;
    let taken = 0;
    for (const entry of this.queue) {
      const size = bytesOf(entry.records);
      if (batch.length > 0 && (records + entry.records.length > MOST_RECORDS || bytes + size > MOST_BYTES)) break;
      taken += 1;
      if (entry.withdrawn) continue;
      batch.push(entry);
      records += entry.records.length;
      bytes += size;
    }
    this.queue = taken === this.queue.length ? [] : this.queue.slice(taken);
    return batch;
  }
}

const tell = (batch: readonly CommitEntry[], offsets: readonly number[]): void => {
  let at = 0;
  for (const entry of batch) {
    at += entry.records.length;
    // The last record of an entry is what is waited for: what goes before it is only there first.
    entry.committed(offsets[at - 1] ?? -1);
  }
};

/** What a record takes beside its key and value, about. */
const RECORD_BYTES = 32;

const bytesOf = (records: readonly OutgoingRecord[]): number => {
  let bytes = 0;
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES;
  return bytes;
};
