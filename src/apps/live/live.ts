/**
 * What the log says now, kept in memory beside it: the port of everything that answers questions about runs (the HTTP API, the dashboard). It is a
 * reader like any other: what it shows is committed, it decides nothing, and whatever it holds can be thrown away and read again.
 */
import type { AuditHead, SealedAudit } from '../../contracts/avro/auditFormat';
import type { AuditKind } from '../../contracts/messages';
import type { BusRecord } from '../../processor/bus';
import type { RunLedger, ShardState } from '../../processor/ledger';
import type { StrategyBook } from './strategyBook';

/** A record of `audit-records`. Its head is decoded; the rest when somebody asks. */
export interface JournalRecord {
  readonly partition: number;
  readonly offset: number;
  readonly head: AuditHead;
  /** As it is on the topic: value, key and headers (`recorded_at`, `eval_ms`). */
  readonly raw: BusRecord;
  /** Decoded once, at the first call. Throws a LiveError where the record cannot be read. */
  readonly sealed: () => SealedAudit;
}

/** A record that the processor set aside, by the input that it was. */
export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  readonly input: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly reason: string;
}

/** One run as of the last transaction that was read. Read it, leave it as it is, and ask anew next time: after a failure of the bus it is another object. */
export interface LiveRun {
  readonly shard: ShardState;
  readonly ledger: RunLedger;
  /** What each strategy did and holds in this run. */
  readonly strategies: StrategyBook;
}

/** Next offset in `audit-records` by shard: where a reader of the journal goes on. */
export type JournalPosition = readonly number[];

/** What is heard of the log, once it is committed. A listener must not throw, and takes little time. */
export interface LiveListener {
  /** New audit records of one shard, by offset. The state of `Live` is as new as they are, or newer. */
  recorded?(records: readonly JournalRecord[]): void;
  setAside?(letters: readonly DeadLetter[]): void;
}

export interface Live {
  /** In order of partitions; empty before it is started. */
  readonly shards: readonly ShardState[];
  /** Undefined: no shard knows it. */
  run(runId: string): LiveRun | undefined;
  /** Of every shard. */
  runs(): readonly LiveRun[];
  /** Why it does not show the log as it is now (still reading, the bus fails), in one line each; empty: it does. */
  problems(): readonly string[];
  /** How far the journal is read: listeners have heard of everything before. Empty before it is started. */
  position(): JournalPosition;
  /**
   * When the newest price was written (ms since 1970), as the transaction says that folded it: the time of its newest input. Undefined: none was folded since
   * the start of this process.
   */
  readonly lastPriceAt: number | undefined;
  /** Called from now on, until the function that it answers with is called. */
  listen(listener: LiveListener): () => void;
  /**
   * Audit records of a run from a seq on, by seq: at most `limit`, fewer at the end of the journal; one that cannot be read is left out. Waits, right after the
   * start, until the journal is indexed as far back. Rejects with a BusError.
   */
  journal(runId: string, fromSeq: number, limit: number): Promise<readonly JournalRecord[]>;
  /**
   * Seqs of the run's records of these kinds that are rare: what was said to the run, also where it was refused, and its kill switch; ascending. All of them
   * once `problems` is silent.
   */
  seqsOf(runId: string, kind: Extract<AuditKind, 'CONTROL' | 'KILL_SWITCH'> | 'REFUSED_CONTROL'): readonly number[];
  /** The record that decided this intent; undefined: none has, so far. Of an ended run it is searched for, which takes a while. */
  decision(runId: string, intentId: string): Promise<JournalRecord | undefined>;
  /** Everything that the journal says of one intent, its decision first; of a thousandfold repeat the oldest 5,000 records. Of an ended run it is searched for. */
  timeline(runId: string, intentId: string): Promise<readonly JournalRecord[]>;
  /**
   * The journal of every shard from a position on, and then what comes, until `signal` aborts. A reader that is slow is waited for: it holds no more
   * in memory than one batch. `from` undefined: from now on. Rejects with a BusError: whoever goes on from where it was misses nothing.
   */
  follow(from: JournalPosition | undefined, signal: AbortSignal): AsyncGenerator<readonly JournalRecord[]>;
}

/** What is on the log cannot be shown. */
export class LiveError extends Error {
  override readonly name = 'LiveError';
}
