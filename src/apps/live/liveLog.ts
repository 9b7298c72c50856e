import type { Codec } from '../../contracts/avro/codec';
import { partitionOf } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import type { ShardState } from '../../processor/ledger';
import type { Logger } from '../service/logger';
import { followJournal } from './followJournal';
import type { RareKind } from './journalIndex';
import type { JournalPlace } from './readJournal';
import type { DeadLetter, JournalPosition, JournalRecord, Live, LiveListener, LiveRun } from './live';
import { LiveShard } from './liveShard';
import { readAt, searchByKey } from './readJournal';

export interface LiveLogOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly log: Logger;
}

/** Of the records about one intent that are not its decision, so many are shown: the oldest. A client may repeat itself a million times. */
const MOST_ABOUT_ONE = 5_000;

/**
 * What the log says now, followed shard by shard (liveShard.ts). Until `start` has resolved, runs are not known and the journal is empty; questions that wait
 * (`journal`, `decision`, `timeline`, `follow`) wait for it.
 */
export class LiveLog implements Live {
  private following: readonly LiveShard[] = [];
  private readonly listeners = new Set<LiveListener>();
  private readonly followers = new Set<AbortController>();
  private isStarted = false;
  private started: () => void = () => undefined;
  private readonly whenStarted: Promise<void>;

  private constructor(private readonly options: LiveLogOptions) {
    this.whenStarted = new Promise((resolve) => (this.started = resolve));
  }

  static open(options: LiveLogOptions): LiveLog {
    return new LiveLog(options);
  }

  /** Resolves when the state of every shard is read: what comes then is heard. Never rejects: where the bus fails, it is tried until `stop`. */
  async start(): Promise<void> {
    const { bus, codec, log } = this.options;
    const recorded = (records: readonly JournalRecord[]): void => this.tellRecorded(records);
    const setAside = (letters: readonly DeadLetter[]): void => this.tellSetAside(letters);
    this.following = Array.from(
      { length: bus.shards },
      (_, partition) => new LiveShard({ bus, codec, log, partition, recorded, setAside }),
    );
    await Promise.all(this.following.map(({ started }) => started));
    this.isStarted = true;
    this.started();
  }

  /** Resolves when nothing is read any more. */
  async stop(): Promise<void> {
    for (const follower of this.followers) follower.abort();
    await Promise.all(this.following.map((shard) => shard.stop()));
    this.started();
  }

  get shards(): readonly ShardState[] {
    return this.following.map(({ state }) => state);
  }

  get lastPriceAt(): number | undefined {
    let last: number | undefined;
    for (const { lastPriceAt } of this.following) {
      if (lastPriceAt !== undefined && (last === undefined || lastPriceAt > last)) last = lastPriceAt;
    }
    return last;
  }

  /** How many audit records were passed over because they cannot be read; each is in the log, up to ten of a shard. */
  get unreadable(): number {
    return this.following.reduce((sum, { unreadable }) => sum + unreadable, 0);
  }

  run(runId: string): LiveRun | undefined {
    return this.shardOf(runId)?.runOf(runId);
  }

  runs(): readonly LiveRun[] {
    return this.following.flatMap((shard) =>
      Array.from(shard.state.runs.keys()).flatMap((runId) => {
        const run = shard.runOf(runId);
        return run === undefined ? [] : [run];
      }),
    );
  }

  problems(): readonly string[] {
    if (this.following.length === 0) return ['the log is not read yet'];
    return this.following.flatMap((shard) => shard.problems());
  }

  position(): JournalPosition {
    return this.following.map(({ journalEnd }) => journalEnd ?? 0);
  }

  listen(listener: LiveListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async journal(runId: string, fromSeq: number, limit: number): Promise<readonly JournalRecord[]> {
    await this.whenStarted;
    const shard = this.shardOf(runId);
    const end = Math.min(shard?.runOf(runId)?.ledger.nextSeq ?? 0, fromSeq + limit);
    return shard === undefined || fromSeq >= end ? [] : this.recordsOf(shard, runId, seqsFrom(fromSeq, end));
  }

  seqsOf(runId: string, kind: RareKind): readonly number[] {
    return this.shardOf(runId)?.index.rareOf(runId, kind) ?? [];
  }

  async decision(runId: string, intentId: string): Promise<JournalRecord | undefined> {
    await this.whenStarted;
    const shard = this.shardOf(runId);
    const state = shard?.runOf(runId)?.ledger.state;
    if (shard === undefined || state === undefined) return undefined;
    const seq = state.intents.get(intentId)?.seq;
    const [record] =
      seq !== undefined
        ? await this.recordsOf(shard, runId, [seq])
        : state.status === 'ENDED'
          ? await this.searched(shard, runId, intentId, (found) => found.some(isDecision)).then((found) =>
              found.filter(isDecision),
            )
          : [];
    // A fill that nobody asked for is kept under the id that it names: that is no decision.
    return record !== undefined && isDecision(record) ? record : undefined;
  }

  async timeline(runId: string, intentId: string): Promise<readonly JournalRecord[]> {
    await this.whenStarted;
    const shard = this.shardOf(runId);
    const state = shard?.runOf(runId)?.ledger.state;
    if (shard === undefined || state === undefined) return [];
    // Its closed orders are forgotten, and with them where they are.
    if (state.status === 'ENDED') return this.searched(shard, runId, intentId, ({ length }) => length > MOST_ABOUT_ONE);
    const origin = state.intents.get(intentId)?.seq;
    if (origin === undefined) return [];
    await shard.offsetOf(runId, origin);
    return this.recordsOf(shard, runId, [origin, ...shard.index.about(runId, origin, MOST_ABOUT_ONE)]);
  }

  follow(from: JournalPosition | undefined, signal: AbortSignal): AsyncGenerator<readonly JournalRecord[]> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    this.followers.add(ended);
    const start = from ?? (this.isStarted ? this.position() : undefined);
    return this.followed(start, ended, () => {
      signal.removeEventListener('abort', end);
      this.followers.delete(ended);
    });
  }

  private async *followed(
    start: JournalPosition | undefined,
    { signal }: AbortController,
    forget: () => void,
  ): AsyncGenerator<readonly JournalRecord[]> {
    try {
      await Promise.race([this.whenStarted, aborted(signal)]);
      if (signal.aborted) return;
      const { bus, codec } = this.options;
      const position = (): JournalPosition => this.position();
      const listen = (listener: LiveListener): (() => void) => this.listen(listener);
      const from = start ?? position();
      yield* followJournal(
        { bus, codec, position, listen },
        position().map((_, shard) => from[shard] ?? 0),
        signal,
      );
    } finally {
      forget();
    }
  }

  /** The shard that the run belongs to; where its records went to another one, that. */
  private shardOf(runId: string): LiveShard | undefined {
    const { following } = this;
    if (following.length === 0) return undefined;
    const home = following[partitionOf(Buffer.from(runId, 'utf8'), following.length)];
    const isStarted = (shard: LiveShard | undefined): boolean => {
      const run = shard?.state.runs.get(runId);
      return run !== undefined && run.state.status !== 'UNKNOWN';
    };
    if (isStarted(home)) return home;
    return (
      following.find(isStarted) ??
      (home?.state.runs.has(runId) === true ? home : following.find(({ state }) => state.runs.has(runId)))
    );
  }

  /** Ascending seqs; the index need only be as far back as the first. */
  private async recordsOf(shard: LiveShard, runId: string, seqs: readonly number[]): Promise<readonly JournalRecord[]> {
    const [first] = seqs;
    if (first === undefined) return [];
    await shard.offsetOf(runId, first);
    const older: number[] = [];
    const recent: JournalRecord[] = [];
    for (const seq of seqs) {
      const offset = shard.index.offsetOf(runId, seq);
      if (offset === undefined) continue;
      const record = shard.recent.at(offset);
      if (record === undefined) older.push(offset);
      else recent.push(record);
    }
    return [...(await readAt(this.placeOf(shard), older)), ...recent];
  }

  private async searched(
    shard: LiveShard,
    runId: string,
    intentId: string,
    enough: (found: readonly JournalRecord[]) => boolean,
  ): Promise<readonly JournalRecord[]> {
    const from = await shard.offsetOf(runId, 0);
    const end = shard.journalEnd;
    if (from === undefined || end === undefined) return [];
    return searchByKey(this.placeOf(shard), { run_id: runId, intent_id: intentId }, { from, end }, enough);
  }

  private placeOf({ state }: LiveShard): JournalPlace {
    const { bus, codec } = this.options;
    return { bus, codec, partition: state.partition };
  }

  private tellRecorded(records: readonly JournalRecord[]): void {
    for (const listener of [...this.listeners]) listener.recorded?.(records);
  }

  private tellSetAside(letters: readonly DeadLetter[]): void {
    for (const listener of [...this.listeners]) listener.setAside?.(letters);
  }
}

const seqsFrom = (from: number, end: number): readonly number[] => Array.from({ length: end - from }, (_, at) => from + at);

const isDecision = ({ head }: JournalRecord): boolean => head.kind === 'DECISION';

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
