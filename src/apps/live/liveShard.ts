/**
 * One shard, followed: its state, its books, the index of its journal.
 *
 * One reader reads all of it. First `policy-state` from the beginning, until nothing that is committed is missing; then what comes. Audit records are held
 * back until the state is as new as they are, since whoever hears of one may ask at once. After an error the reader is dropped and the state is read again,
 * as everywhere in this project; what was shown stays until then, and `problems` says so.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_RECORDS, DEAD_LETTERS, POLICY_STATE } from '../../contracts/topics';
import type { Steps } from '../../domain/restore';
import type { Bus, BusReader, BusRecord } from '../../processor/bus';
import { ShardFollower } from '../../processor/followShard';
import type { RunLedger, ShardState } from '../../processor/ledger';
import { emptyShard } from '../../processor/ledger';
import { ShardRestore, StateError } from '../../processor/restoreShard';
import { lineOf } from '../failure';
import { Backoff, pause } from '../service/backoff';
import type { Logger } from '../service/logger';
import { deadLettersOf } from './deadLetter';
import { indexOldRecords } from './indexOldRecords';
import { JournalIndex, rareKindOf } from './journalIndex';
import { journalRecord } from './journalRecord';
import type { DeadLetter, JournalRecord, LiveRun } from './live';
import { LiveError } from './live';
import { RecentRecords } from './recentRecords';
import { StrategyBooks } from './strategyBooks';

export interface LiveShardOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly log: Logger;
  readonly partition: number;
  readonly recorded: (records: readonly JournalRecord[]) => void;
  readonly setAside: (letters: readonly DeadLetter[]) => void;
}

const RESTORE_POLL = { maxRecords: 2_000, maxWaitMs: 200, perTopic: { [AUDIT_RECORDS]: 0, [DEAD_LETTERS]: 0 } };
const POLL = { maxRecords: 2_000, maxWaitMs: 250 };
/** So many records of the journal may wait for the state; then the state alone is read. */
const MOST_HELD = 10_000;
const POLL_OF_STATE = { ...POLL, perTopic: { [AUDIT_RECORDS]: 0 } };
/** On a log that grows all the time the end is never reached: what is missing then comes with the next records. */
const MOST_ENDS = 50;
/** A state that contradicts itself seldom mends itself, and to read it again may take a while. */
const CONTRADICTION_PAUSE_MS = 10_000;
const MOST_LOGGED = 10;
const BOOK_SLICE = 4_000;

export class LiveShard {
  /** Resolves when the state is there, and what comes is followed. */
  readonly started: Promise<void>;
  readonly index = new JournalIndex();
  readonly recent = new RecentRecords();
  /** Undefined: no price was folded since the start. */
  lastPriceAt: number | undefined;
  /** The log as it was read last, or nothing yet. */
  private follower: ShardFollower;
  private books = new StrategyBooks();
  private runs = new Map<string, LiveRun>();
  private held: JournalRecord[] = [];
  private ends: { journal: number; letters: number; readonly old: number } | undefined;
  /** Every record of the journal from here on, up to `journalEnd`, is in the index. */
  private indexedFrom = Infinity;
  private indexing: Promise<void> | undefined;
  private indexMoved: () => void = () => undefined;
  private indexMoves: Promise<void>;
  private phase: 'reading' | 'following' = 'reading';
  private trouble: string | undefined;
  private indexTrouble: string | undefined;
  /** Audit records that cannot be read. Whoever else may write to the topic must not be able to silence everything that is shown. */
  unreadable = 0;
  /** Why the state may be another than the processor's. */
  private stateFault: string | undefined;
  private reader: BusReader | undefined;
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff(100, 5_000);
  private readonly done: Promise<void>;

  constructor(private readonly options: LiveShardOptions) {
    this.follower = new ShardFollower(emptyShard(options.partition), options.codec);
    this.indexMoves = new Promise((resolve) => (this.indexMoved = resolve));
    let started: () => void = () => undefined;
    this.started = new Promise((resolve) => (started = resolve));
    this.done = this.run(started);
  }

  get state(): ShardState {
    return this.follower.shard;
  }

  /** How far the journal is read: its listeners have heard of everything before. Undefined: not started. */
  get journalEnd(): number | undefined {
    return this.ends?.journal;
  }

  runOf(runId: string): LiveRun | undefined {
    const known = this.runs.get(runId);
    if (known !== undefined) return known;
    const ledger = this.state.runs.get(runId);
    if (ledger === undefined) return undefined;
    const { state: shard, books } = this;
    const run: LiveRun = {
      shard,
      ledger,
      get strategies() {
        return books.of(ledger);
      },
    };
    this.runs.set(runId, run);
    return run;
  }

  problems(): readonly string[] {
    const { partition } = this.options;
    const problems: string[] = [];
    if (this.trouble !== undefined) problems.push(`shard ${partition}: the log cannot be read: ${this.trouble}`);
    else if (this.phase === 'reading') problems.push(`shard ${partition}: the state is being read`);
    if (this.stateFault !== undefined) problems.push(`shard ${partition}: ${this.stateFault}`);
    if (this.ends !== undefined && this.indexedFrom > 0) {
      const left = Math.min(this.indexedFrom, this.ends.old);
      const why = this.indexTrouble === undefined ? '' : `; the log cannot be read: ${this.indexTrouble}`;
      problems.push(`shard ${partition}: the journal is being indexed, ${left} records are left${why}`);
    }
    return problems;
  }

  /** The record's offset, once everything from there on is indexed; undefined: there is no such record. */
  async offsetOf(runId: string, seq: number): Promise<number | undefined> {
    await this.started;
    for (;;) {
      const offset = this.index.offsetOf(runId, seq);
      if (offset !== undefined && offset >= this.indexedFrom) return offset;
      if (this.indexedFrom === 0 || this.stopping.signal.aborted) return offset;
      await this.indexMoves;
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.moveIndex();
    await this.closeReader();
    await this.done;
    await this.indexing;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(started: () => void): Promise<void> {
    const { log, partition } = this.options;
    while (!this.isStopping()) {
      try {
        await this.follow(started);
      } catch (error) {
        if (this.isStopping()) break;
        this.trouble = lineOf(error);
        log.warn({ shard: partition, reason: this.trouble }, 'the live view reads the shard again');
        const waitMs = error instanceof StateError ? CONTRADICTION_PAUSE_MS : this.backoff.nextMs();
        await pause(waitMs, this.stopping.signal);
      }
    }
    started();
  }

  /** Returns when it is told to stop. */
  private async follow(started: () => void): Promise<void> {
    const { bus, partition } = this.options;
    this.phase = 'reading';
    this.held = [];
    const ends = (this.ends ??= await this.endsNow());
    const reader = await bus.reader([
      { topic: POLICY_STATE, partition, offset: 0 },
      { topic: AUDIT_RECORDS, partition, offset: ends.journal },
      { topic: DEAD_LETTERS, partition, offset: ends.letters },
    ]);
    this.reader = reader;
    try {
      await this.restore(reader);
      if (this.isStopping()) return;
      this.phase = 'following';
      this.trouble = undefined;
      this.indexing ??= this.indexOld(ends.old);
      started();
      while (!this.isStopping()) {
        this.take(await reader.poll(this.held.length < MOST_HELD ? POLL : POLL_OF_STATE));
        this.release(reader, ends);
        this.backoff.reset();
        await immediate();
      }
    } finally {
      await this.closeReader();
    }
  }

  private async closeReader(): Promise<void> {
    const { reader } = this;
    this.reader = undefined;
    await reader?.close().catch(() => undefined);
  }

  /** Taken before the state is read, which is then as new as the journal up to its end. */
  private async endsNow(): Promise<{ journal: number; letters: number; readonly old: number }> {
    const { bus, partition } = this.options;
    const journal = await bus.endOffset(AUDIT_RECORDS, partition);
    return { journal, old: journal, letters: await bus.endOffset(DEAD_LETTERS, partition) };
  }

  /**
   * Reads on until nothing that was committed is missing: of a compacted topic, what is dropped while it is read has been replaced by something further on.
   */
  private async restore(reader: BusReader): Promise<void> {
    const { bus, codec, partition } = this.options;
    const { signal } = this.stopping;
    const restored = new ShardRestore(partition, codec);
    this.stateFault = undefined;
    for (let asked = 0; asked < MOST_ENDS; asked++) {
      const end = await bus.endOffset(POLICY_STATE, partition);
      if (reader.position(POLICY_STATE, partition) >= end) break;
      while (reader.position(POLICY_STATE, partition) < end) {
        for (const record of await reader.poll(RESTORE_POLL)) this.tolerated(() => restored.apply(record));
        await immediate();
        if (signal.aborted) return;
      }
    }
    const shard = await unhurried(restored.finishing());
    const books = new StrategyBooks();
    for (const ledger of shard.runs.values()) await this.fillBook(books, ledger);
    this.follower = new ShardFollower(shard, codec, (ledger, before, after) => books.changed(ledger, before, after));
    this.books = books;
    this.runs = new Map();
  }

  private async fillBook(books: StrategyBooks, ledger: RunLedger): Promise<void> {
    let filled = 0;
    for (const intent of ledger.state.intents.all()) {
      books.changed(ledger, undefined, intent);
      if (++filled % BOOK_SLICE === 0) await immediate();
    }
  }

  /** State first: the reader was opened with its topic as the first. */
  private take(records: readonly BusRecord[]): void {
    const letters: DeadLetter[] = [];
    for (const record of records) {
      if (record.topic === POLICY_STATE) this.tolerated(() => this.takeState(record));
      else if (record.topic === DEAD_LETTERS) letters.push(...deadLettersOf(record));
      else this.hold(record);
    }
    if (letters.length > 0) this.options.setAside(letters);
  }

  private takeState(record: BusRecord): void {
    const { follower } = this;
    const { market_prices: before } = follower.shard.positions;
    if (follower.add(record) && follower.shard.positions.market_prices > before) this.lastPriceAt = record.timestamp;
  }

  private hold(raw: BusRecord): void {
    const record = journalRecord(this.options.codec, raw);
    if (record instanceof LiveError) this.passOver(record);
    else this.held.push(record);
  }

  /** Tells of the records that the state is as new as. */
  private release(reader: BusReader, ends: { journal: number; letters: number }): void {
    const { partition } = this.options;
    const { runs } = this.state;
    let count = 0;
    for (const { head } of this.held) {
      if ((runs.get(head.run_id)?.nextSeq ?? 0) <= head.seq) break;
      count += 1;
    }
    const released = this.held.slice(0, count);
    this.held = count === this.held.length ? [] : this.held.slice(count);
    for (const record of released) this.put(record);
    this.recent.add(released);
    ends.journal = this.held[0]?.offset ?? reader.position(AUDIT_RECORDS, partition);
    ends.letters = reader.position(DEAD_LETTERS, partition);
    if (released.length > 0) this.options.recorded(released);
  }

  private put(record: JournalRecord): void {
    const { index } = this;
    const { run_id, seq } = record.head;
    index.place(record.head, record.offset);
    const rare = rareKindOf(record.head);
    if (rare !== undefined) return index.appendRare(run_id, rare, seq);
    const origin = this.originOf(record);
    if (origin !== undefined) index.append(run_id, origin, seq);
  }

  /** A decision is where it all begins; an ended run has forgotten where its closed orders began. */
  private readonly originOf = ({ head, raw }: JournalRecord): number | undefined => {
    if (head.kind === 'DECISION') return undefined;
    const key = this.options.codec.decodeKey(AUDIT_RECORDS, raw.key);
    if (!key.ok || key.value.intent_id === '') return undefined;
    const origin = this.state.runs.get(head.run_id)?.state.intents.get(key.value.intent_id)?.seq;
    return origin === undefined || origin >= head.seq ? undefined : origin;
  };

  private async indexOld(before: number): Promise<void> {
    const { bus, codec, partition, log } = this.options;
    const { signal } = this.stopping;
    const backoff = new Backoff(100, 5_000);
    const indexedFrom = (offset: number): void => {
      this.indexedFrom = offset;
      this.moveIndex();
    };
    indexedFrom(before);
    const unreadable = (error: LiveError): void => this.passOver(error);
    while (this.indexedFrom > 0 && !signal.aborted) {
      try {
        const old = { bus, codec, partition, index: this.index, originOf: this.originOf, unreadable, indexedFrom };
        await indexOldRecords(old, this.indexedFrom, signal);
        this.indexTrouble = undefined;
      } catch (error) {
        if (this.isStopping()) return;
        this.indexTrouble = lineOf(error);
        log.warn({ shard: partition, reason: this.indexTrouble }, 'the journal is indexed on after a pause');
        await pause(backoff.nextMs(), signal);
      }
    }
  }

  private moveIndex(): void {
    this.indexMoved();
    this.indexMoves = new Promise((resolve) => (this.indexMoved = resolve));
  }

  private tolerated(apply: () => void): void {
    try {
      apply();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const { partition, log } = this.options;
      if (this.stateFault === undefined)
        log.error({ shard: partition, reason: error.message }, 'the state cannot be shown as it is');
      this.stateFault = error.message;
    }
  }

  private passOver(error: LiveError): void {
    const { partition, log } = this.options;
    this.unreadable += 1;
    if (this.unreadable <= MOST_LOGGED) log.error({ shard: partition, reason: error.message }, 'a record cannot be shown');
  }
}

/** The event loop has its turn between the steps. */
const unhurried = async <T>(steps: Steps<T>): Promise<T> => {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await immediate();
  }
};
