/**
 * What becomes of the intents of one run, followed on the audit records and dead letters of its shard from now on. It is the part of the live view that the intake asks for, without
 * a shard's state in memory: a strategy may see what it is answered, and need not be able to read everything.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import { AUDIT_RECORDS, DEAD_LETTERS, ORDER_INTENTS, partitionOf } from '../contracts/topics';
import type { IntakeView } from '../apps/intake/intake';
import { deadLettersOf } from '../apps/live/deadLetter';
import { journalRecord } from '../apps/live/journalRecord';
import { LiveError } from '../apps/live/live';
import type { JournalRecord, LiveListener } from '../apps/live/live';
import { Backoff, pause } from '../apps/service/backoff';
import type { Logger } from '../apps/service/logger';
import type { Session } from '../apps/session';
import type { BusReader, BusRecord } from '../processor/bus';
import { BusError } from '../processor/busError';
import { recordsTo } from '../processor/readTo';

const POLL = { maxRecords: 1_000, maxWaitMs: 250 };
/** A login that may not read is refused at once; where nothing stands on the log yet, this is how long no answer counts as one. */
const FIRST_POLL = { maxRecords: 1_000, maxWaitMs: 2_000 };
/** Offsets before the end that are read first, so that something comes at once: a run has begun there. Some are of transaction markers. */
const LOOK_BACK = 10;
/** Decisions that are kept: a repeat that comes soon after is answered without a search. */
const MOST_KEPT = 10_000;

interface Positions {
  journal: number;
  letters: number;
}

export class RunFollower implements IntakeView {
  /** Why answers cannot be read, where that does not pass by itself; until they can be read again. */
  fault: BusError | undefined;
  private readonly listeners = new Set<LiveListener>();
  private readonly decided = new Map<number, JournalRecord>();
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff(100, 5_000);
  private done: Promise<void> = Promise.resolve();

  private constructor(
    private readonly session: Session,
    private readonly runId: string,
    private readonly log: Logger,
    private readonly partition: number,
    private readonly at: Positions,
    private readonly folded: { order_intents: number },
  ) {}

  /** Answers when the log was read once. Rejects with a BusError. */
  static async start(session: Session, runId: string, log: Logger): Promise<RunFollower> {
    const { bus } = session;
    const partition = partitionOf(Buffer.from(runId, 'utf8'), bus.shards);
    const [end, letters] = [await bus.endOffset(AUDIT_RECORDS, partition), await bus.endOffset(DEAD_LETTERS, partition)];
    const at = { journal: Math.max(0, end - LOOK_BACK), letters };
    // What was on the log before is none of ours: it counts as dealt with.
    const folded = { order_intents: await bus.endOffset(ORDER_INTENTS, partition) };
    const follower = new RunFollower(session, runId, log, partition, at, folded);
    await follower.reading(async (reader) => follower.take(await reader.poll(FIRST_POLL), reader));
    follower.done = follower.keepUp();
    return follower;
  }

  /** By partition; of the others there is nothing to say. */
  get shards(): IntakeView['shards'] {
    const shards: IntakeView['shards'][number][] = [];
    shards[this.partition] = { positions: this.folded };
    return shards;
  }

  listen(listener: LiveListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** One record, by its seq: among those that were kept, else looked for from the log's beginning on. */
  async journal(runId: string, seq: number): Promise<readonly JournalRecord[]> {
    const kept = runId === this.runId ? this.decided.get(seq) : undefined;
    if (kept !== undefined) return [kept];
    const { bus, codec } = this.session;
    for await (const raw of recordsTo(bus, { topic: AUDIT_RECORDS, partition: this.partition, offset: 0 })) {
      const record = journalRecord(codec, raw);
      if (!(record instanceof LiveError) && record.head.run_id === runId && record.head.seq === seq) return [record];
    }
    return [];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async keepUp(): Promise<void> {
    const { signal } = this.stopping;
    while (!isAborted(signal)) {
      try {
        await this.follow(signal);
      } catch (error) {
        if (error instanceof BusError && !error.retryable) this.fault = error;
        this.log.warn({ err: error, run: this.runId }, 'the answers of the gate are read again from where they were');
        await pause(this.backoff.nextMs(), signal);
      }
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    await this.reading(async (reader) => {
      while (!isAborted(signal)) {
        this.take(await reader.poll(POLL), reader);
        this.fault = undefined;
        this.backoff.reset();
        await immediate();
      }
    });
  }

  private async reading(work: (reader: BusReader) => Promise<void>): Promise<void> {
    const { at, partition } = this;
    const reader = await this.session.bus.reader([
      { topic: AUDIT_RECORDS, partition, offset: at.journal },
      { topic: DEAD_LETTERS, partition, offset: at.letters },
    ]);
    try {
      await work(reader);
    } finally {
      await reader.close().catch(() => undefined);
    }
  }

  private take(records: readonly BusRecord[], reader: BusReader): void {
    const { at, partition } = this;
    const journal: JournalRecord[] = [];
    for (const raw of records) {
      if (raw.topic === DEAD_LETTERS) {
        for (const listener of this.listeners) listener.setAside?.(deadLettersOf(raw));
        continue;
      }
      const record = journalRecord(this.session.codec, raw);
      if (record instanceof LiveError) this.log.warn({ err: record }, 'an audit record is passed over');
      else journal.push(record);
    }
    at.journal = reader.position(AUDIT_RECORDS, partition);
    at.letters = reader.position(DEAD_LETTERS, partition);
    for (const record of journal) this.keep(record);
    if (journal.length > 0) for (const listener of this.listeners) listener.recorded?.(journal);
  }

  private keep(record: JournalRecord): void {
    const { run_id, kind, seq, positions } = record.head;
    this.folded.order_intents = Math.max(this.folded.order_intents, positions.order_intents);
    if (run_id !== this.runId || kind !== 'DECISION') return;
    this.decided.set(seq, record);
    const [oldest] = this.decided.keys();
    if (this.decided.size > MOST_KEPT && oldest !== undefined) this.decided.delete(oldest);
  }
}

/** Asked anew each time: it changes while something is waited for. */
const isAborted = ({ aborted }: AbortSignal): boolean => aborted;
