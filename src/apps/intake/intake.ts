/**
 * Intents in, decisions out: publishes each intent that is submitted, repeats and conflicts too, and answers when its decision is committed. Intents that
 * come together share transactions (groupCommit.ts); answers are found by where the intents stand on the log (awaitedInputs.ts).
 *
 * A commit that fails is tried again with the same records, so that an intent may stand on the log twice: one of the two is decided, the other is a
 * repeat, and both have the same answer. Source: docs/http.md, "Intents".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Registry } from 'prom-client';
import type { Codec } from '../../contracts/avro/codec';
import type { MarketSnapshot, OrderIntent } from '../../contracts/messages';
import { ORDER_INTENTS, partitionOf } from '../../contracts/topics';
import { TRACEPARENT, traceIdOf } from '../../contracts/traceparent';
import type { Bus, OutgoingRecord } from '../../processor/bus';
import { Problem } from '../http/problem';
import { LiveError } from '../live/live';
import type { JournalRecord, Live } from '../live/live';
import { priceRecords } from '../publishing/lineForms';
import { PersistentWriter } from '../publishing/persistentWriter';
import type { Logger } from '../service/logger';
import type { Answer } from './awaitedInputs';
import { AwaitedInputs } from './awaitedInputs';
import { DecisionRate } from './decisionRate';
import { GroupCommit } from './groupCommit';
import { IntakeMetrics } from './intakeMetrics';
import { Submission } from './submission';
import type { IntakeOutcome } from './submission';

export interface IntakeLimits {
  /** Intents that may wait for their decisions at once; beyond, `queue_full`. */
  readonly waiting: number;
  /** Intents of one shard that may be on the log and not decided, as far as is known; beyond, `queue_full`. */
  readonly undecided: number;
  /** How long a bus that fails is tried again, ms. */
  readonly patienceMs: number;
  /** How long those who wait are waited for when it stops, ms. */
  readonly drainMs: number;
}

const STANDARD: IntakeLimits = { waiting: 10_000, undecided: 20_000, patienceMs: 5_000, drainMs: 3_000 };

/**
 * What the intake has to see of the log: how far each shard has folded, what is answered, and one record of a journal. The live view does, and more: it
 * finds what an ended run decided, which the run itself has forgotten.
 */
export interface IntakeView extends Pick<Live, 'listen' | 'journal'>, Partial<Pick<Live, 'run' | 'decision'>> {
  readonly shards: readonly { readonly positions: { readonly order_intents: number } }[];
}

export interface IntakeOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly live: IntakeView;
  /** Stands in its transactional id, which permissions go by; default `intake`. */
  readonly name?: string;
  /** Where its figures go. */
  readonly registry: Registry;
  readonly limits?: Partial<IntakeLimits>;
  readonly log: Logger;
}

export interface SubmitOptions {
  /** How long the decision is waited for, ms; zero: only for the commit. */
  readonly waitMs: number;
  /** Aborts: nobody waits any more. */
  readonly signal?: AbortSignal;
  /** Whose work the intent is part of: valid, for the header of its record; undefined: of none. */
  readonly traceparent?: string;
  /** Published to every shard with the intent, before it. */
  readonly prices?: MarketSnapshot;
}

export class Intake {
  private readonly limits: IntakeLimits;
  private readonly metrics: IntakeMetrics;
  private readonly writer: PersistentWriter;
  private readonly commits: GroupCommit;
  private readonly awaited: AwaitedInputs;
  private readonly rate = new DecisionRate(() => performance.now());
  private readonly open = new Set<Submission>();
  /** By partition: an intent that is committed from now on has this offset or a higher one. */
  private readonly ends: number[];
  private readonly unlisten: () => void;
  /** In the journals of ended runs: one after the other. */
  private searches: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  private emptied: () => void = () => undefined;

  constructor(private readonly options: IntakeOptions) {
    const { bus, live, limits, log, registry } = options;
    this.limits = { ...STANDARD, ...limits };
    this.metrics = new IntakeMetrics(registry, () => this.waiting);
    this.ends = Array.from({ length: bus.shards }, () => 0);
    this.awaited = new AwaitedInputs(bus.shards, (count) => this.rate.add(count));
    const retrying = (error: Error): void => log.warn({ err: error }, 'a commit of intents failed and is tried again');
    this.writer = new PersistentWriter(bus, options.name ?? 'intake', retrying, this.limits.patienceMs);
    this.commits = new GroupCommit(this.writer, {
      beginning: () => this.awaited.commitBegins(this.floors()),
      ended: (intents, seconds, error) => {
        this.awaited.commitEnded();
        if (error === undefined) return this.metrics.committed(intents, seconds);
        this.metrics.commitFailed();
        log.error({ err: error, intents }, 'intents could not be committed, their outcome is unknown');
      },
    });
    this.unlisten = live.listen(this.awaited.listener);
  }

  /** Intents that wait for their commits or their decisions. */
  get waiting(): number {
    return this.open.size;
  }

  /** Resolves with what became of the intent; rejects with a Problem: `queue_full`, `not_ready` and `invalid_json` (not on the log), `outcome_unknown`. */
  async submit(runId: string, intent: OrderIntent, options: SubmitOptions): Promise<IntakeOutcome> {
    const { waitMs, signal, traceparent, prices } = options;
    const key = Buffer.from(runId, 'utf8');
    const partition = partitionOf(key, this.ends.length);
    this.admit(partition);
    const records = [...this.pricesBefore(prices), this.intentRecord(key, partition, intent, traceparent)];
    const about = { run: runId, intent: intent.intent_id, shard: partition, trace_id: traceIdOf(traceparent) };
    return new Promise((resolve, reject) => {
      const answered = (submission: Submission, outcome: IntakeOutcome | Problem): void => {
        this.count(submission, outcome);
        if (outcome instanceof Problem) reject(outcome);
        else resolve(outcome);
      };
      const { committed, left } = this;
      const submission = new Submission({ runId, partition, about, records, waitMs, signal, committed, answered, left });
      this.open.add(submission);
      this.commits.add(submission);
    });
  }

  /** Takes nothing more, commits what it took, answers those who wait: as decided, or as pending after a while. Closes its writer. */
  stop(): Promise<void> {
    this.stopped ??= this.drain();
    return this.stopped;
  }

  private async drain(): Promise<void> {
    const timer = new AbortController();
    const empty = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    if (this.open.size > 0) await Promise.race([empty, sleep(this.limits.drainMs, undefined, { signal: timer.signal })]);
    timer.abort();
    for (const submission of this.open) submission.giveUp();
    this.unlisten();
    await this.commits.idle();
    await this.writer.close();
  }

  /** Throws a Problem where no more may come. */
  private admit(partition: number): void {
    if (this.stopped !== undefined) {
      this.metrics.ended('not_ready');
      const detail = 'the server stops; nothing was written, send the intent again when it is back';
      throw new Problem('not_ready', { detail, headers: { 'retry-after': '5' } });
    }
    const { waiting, undecided } = this.limits;
    if (this.open.size >= waiting)
      throw this.full(`${waiting} intents wait for their decisions, and no more may`, this.open.size);
    const behind = (this.ends[partition] ?? 0) - this.folded(partition);
    if (behind > undecided)
      throw this.full(`shard ${partition} has ${behind} intents to decide, and ${undecided} may be`, behind - undecided);
  }

  private full(what: string, intents: number): Problem {
    this.metrics.ended('full');
    const seconds = this.rate.secondsFor(intents);
    return new Problem('queue_full', {
      detail: `${what}; nothing was written, send the intent again in ${seconds} s`,
      headers: { 'retry-after': String(seconds) },
    });
  }

  private folded(partition: number): number {
    return this.options.live.shards[partition]?.positions.order_intents ?? 0;
  }

  private intentRecord(key: Uint8Array, partition: number, intent: OrderIntent, traceparent: string | undefined): OutgoingRecord {
    try {
      const value = this.options.codec.encodeValue(ORDER_INTENTS, intent);
      // When it came here, not when its sender says: nobody may date an order.
      return {
        topic: ORDER_INTENTS,
        partition,
        key,
        value,
        timestamp: Date.now(),
        headers: traceparent === undefined ? {} : { [TRACEPARENT]: traceparent },
      };
    } catch (error) {
      // Documents may be valid and still be more than a record can hold.
      if (!(error instanceof RangeError)) throw error;
      throw new Problem('invalid_json', { detail: `intent: fits no record of the log: ${error.message}`, field: 'intent' });
    }
  }

  private pricesBefore(prices: MarketSnapshot | undefined): readonly OutgoingRecord[] {
    if (prices === undefined) return [];
    const { codec, bus } = this.options;
    const updates = [...prices.prices].map(([symbol, price]) => ({ symbol, price }));
    return priceRecords({ codec, shards: bus.shards }, updates, Date.now());
  }

  /** An intent that is committed from now on stands behind all that is folded, and behind all that was committed here. */
  private floors(): readonly number[] {
    return this.ends.map((end, partition) => Math.max(end, this.folded(partition)));
  }

  private readonly committed = (submission: Submission): void => {
    const {
      offset,
      parts: { partition, about },
    } = submission;
    this.options.log.debug({ ...about, offset }, 'intent on the log');
    this.ends[partition] = Math.max(this.ends[partition] ?? 0, offset + 1);
    const early = this.awaited.early(partition, offset);
    if (early !== undefined) this.answer(submission, early);
    else if (submission.late) submission.giveUp();
    else this.awaited.await(partition, offset, (answer) => this.answer(submission, answer));
  };

  private readonly left = (submission: Submission): void => {
    if (submission.offset >= 0) this.awaited.forget(submission.parts.partition, submission.offset);
    this.open.delete(submission);
    if (this.open.size === 0) this.emptied();
  };

  private answer(submission: Submission, answer: Answer): void {
    if ('reason' in answer) return submission.settle({ type: 'set-aside', reason: answer.reason });
    const { record } = answer;
    try {
      if (record.head.kind !== 'DECISION') this.answerRepeat(submission, record);
      else if (this.options.live.run?.(submission.parts.runId)?.ledger.state.status === 'ENDED')
        this.answerOfEnded(submission, record);
      else submission.settle(decided(record, false));
    } catch (error) {
      this.unreadable(submission, error);
    }
  }

  private answerRepeat(submission: Submission, repeat: JournalRecord): void {
    const { duplicate } = repeat.sealed().record;
    if (duplicate === null) throw new LiveError(`audit record ${repeat.head.seq} names no decision`);
    const { conflict, decided_seq: decidedSeq } = duplicate;
    if (conflict) return submission.settle({ type: 'conflict', decidedSeq });
    this.options.live
      .journal(submission.parts.runId, decidedSeq, 1)
      .then(([record]) => {
        if (record?.head.seq !== decidedSeq) throw new LiveError(`audit record ${decidedSeq} is not there`);
        submission.settle(decided(record, true));
      })
      .catch((error: unknown) => this.unreadable(submission, error));
  }

  /**
   * An ended run remembers no intent and denies whatever comes, but what it decided before stays decided: the log says it. That takes a search each, so
   * they wait for one another; who does not wait as long is told `pending` and may look.
   */
  private answerOfEnded(submission: Submission, record: JournalRecord): void {
    const { codec, live } = this.options;
    const { intent } = record.sealed().record;
    if (intent === null) throw new LiveError(`audit record ${record.head.seq} holds no intent`);
    this.searches = this.searches
      .then(async () => {
        if (submission.isSettled) return;
        const first = (await live.decision?.(submission.parts.runId, intent.intent_id)) ?? record;
        const { intent: before } = first.sealed().record;
        const bytes = (of: OrderIntent | null): Uint8Array | null => of && codec.encodeValue(ORDER_INTENTS, of);
        if (first.head.seq === record.head.seq) submission.settle(decided(record, false));
        else if (isDeepStrictEqual(bytes(before), bytes(intent))) submission.settle(decided(first, true));
        else submission.settle({ type: 'conflict', decidedSeq: first.head.seq });
      })
      .catch((error: unknown) => this.unreadable(submission, error));
  }

  /** It is decided, and what was decided cannot be read now: the sender may look later. */
  private unreadable(submission: Submission, error: unknown): void {
    this.options.log.warn({ ...submission.parts.about, err: error }, 'the decision of an intent could not be read');
    submission.giveUp();
  }

  private count({ gone, arrivedAt }: Submission, outcome: IntakeOutcome | Problem): void {
    if (gone) return this.metrics.ended('gone');
    if (outcome instanceof Problem) return this.metrics.ended(outcome.code === 'not_ready' ? 'not_ready' : 'unknown');
    if (outcome.type !== 'decided') return this.metrics.ended(outcome.type);
    this.metrics.ended(outcome.replayed ? 'replayed' : 'decided');
    this.metrics.answered((performance.now() - arrivedAt) / 1_000);
  }
}

/** Throws a LiveError where the record cannot be read. */
const decided = (record: JournalRecord, replayed: boolean): IntakeOutcome => {
  const { decision } = record.sealed().record;
  if (decision === null) throw new LiveError(`audit record ${record.head.seq} holds no decision`);
  return { type: 'decided', record, decision, replayed };
};
