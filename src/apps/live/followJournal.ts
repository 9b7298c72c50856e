/**
 * One reader of the journal of every shard. As long as it is behind, it reads from the bus; once it has caught up, it hears what is committed, as it is
 * decoded already. When it does not keep up, what it has not taken yet is dropped, and it reads from the bus again, from where it is.
 */
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { Bus, BusReader } from '../../processor/bus';
import { pause } from '../service/backoff';
import { journalRecord } from './journalRecord';
import type { JournalPosition, JournalRecord, LiveListener } from './live';
import { LiveError } from './live';

export interface FollowedJournal {
  readonly bus: Bus;
  readonly codec: Codec;
  /** How far listeners have heard. */
  readonly position: () => JournalPosition;
  readonly listen: (listener: LiveListener) => () => void;
}

const MOST_WAITING = 2_000;
const BATCH = 500;
const POLL = { maxRecords: BATCH, maxWaitMs: 100 };

/** Rejects with a BusError; whoever follows on from where it was misses nothing. */
export async function* followJournal(
  journal: FollowedJournal,
  from: JournalPosition,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalRecord[]> {
  const tap = new Tap(from);
  const stopListening = journal.listen(tap);
  const wake = (): void => tap.wake();
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      if (!tap.isLive) yield* catchUp(journal, tap, signal);
      else if (tap.isEmpty) await tap.arrival();
      else {
        const records = tap.take(BATCH);
        if (records.length > 0) yield records;
      }
    }
  } finally {
    signal.removeEventListener('abort', wake);
    stopListening();
  }
}

/** Returns when the tap is live: everything before is handed out, and it hears what comes. */
async function* catchUp(
  { bus, codec, position }: FollowedJournal,
  tap: Tap,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalRecord[]> {
  if (tap.goLive(position())) return;
  const reader = await bus.reader(tap.next.map((offset, partition) => ({ topic: AUDIT_RECORDS, partition, offset })));
  try {
    // What listeners have not heard of yet waits: the state may be older.
    let ahead: JournalRecord[] = [];
    while (!signal.aborted) {
      const limits = position();
      const ready = ahead.filter(({ partition, offset }) => offset < (limits[partition] ?? 0));
      if (ready.length > 0) {
        ahead = ahead.filter(({ partition, offset }) => offset >= (limits[partition] ?? 0));
        tap.passed(ready);
        yield ready;
        continue;
      }
      tap.readTo(limits, reader);
      if (tap.goLive(limits)) return;
      if (ahead.length > MOST_WAITING) {
        await pause(POLL.maxWaitMs, signal);
        continue;
      }
      for (const raw of await reader.poll(POLL)) {
        const record = journalRecord(codec, raw);
        if (!(record instanceof LiveError)) ahead.push(record);
      }
    }
  } finally {
    await reader.close();
  }
}

class Tap implements LiveListener {
  isLive = false;
  /** Next offset by shard: what is before was handed out. */
  readonly next: number[];
  private waiting: JournalRecord[] = [];
  private arrived: () => void = () => undefined;

  constructor(from: JournalPosition) {
    this.next = [...from];
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  recorded(records: readonly JournalRecord[]): void {
    if (!this.isLive) return;
    if (this.waiting.length + records.length > MOST_WAITING) {
      this.isLive = false;
      this.waiting = [];
    } else this.waiting.push(...records);
    this.wake();
  }

  wake(): void {
    this.arrived();
  }

  arrival(): Promise<void> {
    return new Promise((resolve) => (this.arrived = resolve));
  }

  /** The next records that were not handed out yet. */
  take(most: number): readonly JournalRecord[] {
    const taken = this.waiting.splice(0, most).filter(({ partition, offset }) => offset >= (this.next[partition] ?? 0));
    this.passed(taken);
    return taken;
  }

  passed(records: readonly JournalRecord[]): void {
    for (const { partition, offset } of records) this.next[partition] = offset + 1;
  }

  /** Where no record was, none was missed. */
  readTo(limits: JournalPosition, reader: BusReader): void {
    limits.forEach((limit, partition) => {
      const read = Math.min(limit, reader.position(AUDIT_RECORDS, partition));
      this.next[partition] = Math.max(this.next[partition] ?? 0, read);
    });
  }

  /** True: it has all that listeners have heard of, and hears the rest. */
  goLive(limits: JournalPosition): boolean {
    this.isLive = limits.every((limit, partition) => (this.next[partition] ?? 0) >= limit);
    return this.isLive;
  }
}
