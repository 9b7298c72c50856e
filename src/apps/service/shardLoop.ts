/**
 * One shard, kept running: take over, step, step, ... until it is told to stop.
 *
 * Crash-only: after any error everything of the shard is dropped, and it is taken over again after a pause; there is no other way back. A step is
 * never interrupted, since it may be committing; a takeover is, since it decides nothing. What must stop the whole process: answer.ts.
 * Source: reliability, "Ways of working"; design, "The processor".
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Bus, TopicPosition } from '../../processor/bus';
import { lineOf } from '../failure';
import { answerTo, codeOf } from './answer';
import { Backoff, pause } from './backoff';
import { BusScope } from './busScope';
import type { Logger } from './logger';
import type { ServiceMetrics } from './serviceMetrics';
import type { ShardPhase, ShardWork } from './shardWork';

/** All in ms. */
export interface LoopTimes {
  readonly leastBackoff: number;
  readonly mostBackoff: number;
  /** After another owner has fenced us while the shard is still ours by assignment: two that fight must leave each other time to work. */
  readonly leastFencedBackoff: number;
  readonly mostFencedBackoff: number;
  /** How long a shard that is given up waits for what is on its way outside: orders at a broker. */
  readonly finish: number;
  /** How long a shard that is given up waits for its writer and reader to close. */
  readonly close: number;
}

export const LOOP_TIMES: LoopTimes = {
  leastBackoff: 100,
  mostBackoff: 5_000,
  leastFencedBackoff: 2_000,
  mostFencedBackoff: 30_000,
  finish: 6_000,
  close: 3_000,
};

export interface LoopOptions {
  readonly work: ShardWork;
  readonly bus: Bus;
  readonly metrics: ServiceMetrics;
  readonly log: Logger;
  readonly times: LoopTimes;
  /** A step was made: how far the shard's inputs are read. */
  readonly onProgress: (shard: number, positions: readonly TopicPosition[]) => void;
  /** Nothing may be decided any more; the loop has ended. */
  readonly onFatal: (error: unknown) => void;
}

/** How far a shard is, for whoever looks. */
export interface LoopProgress {
  readonly shard: number;
  readonly phase: ShardPhase;
  /** Records that its takeover has read, so far or in all. */
  readonly restored: number;
  /** How far the partitions that it reads are read. */
  readonly positions: readonly TopicPosition[];
}

export class ShardLoop {
  /** Resolves when nothing of the shard is left; never rejects. */
  readonly done: Promise<void>;
  private phase: ShardPhase = 'restoring';
  /** The error that the shard waits after. */
  private trouble = '';
  private scope: BusScope | undefined;
  private positions: readonly TopicPosition[] = [];
  private pending = true;
  /** performance.now() of the last takeover or step that succeeded. */
  private movedAt = performance.now();
  private restoredAt = 0;
  /** Records that the last takeover read; undefined: one is under way. */
  private restored: number | undefined;
  private fencedAt = -Infinity;
  private readonly stopping = new AbortController();
  private readonly backoff: Backoff;
  private readonly fencedBackoff: Backoff;

  constructor(
    readonly shard: number,
    private readonly options: LoopOptions,
  ) {
    const { leastBackoff, mostBackoff, leastFencedBackoff, mostFencedBackoff } = options.times;
    this.backoff = new Backoff(leastBackoff, mostBackoff);
    this.fencedBackoff = new Backoff(leastFencedBackoff, mostFencedBackoff);
    this.done = this.run();
  }

  isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Finishes the step in flight, if there is one, and gives the shard up. */
  stop(): void {
    if (this.isStopping()) return;
    const wasRestoring = this.phase === 'restoring';
    this.stopping.abort();
    this.enter('stopping');
    if (wasRestoring) void this.scope?.close();
  }

  /** Why this shard decides nothing at present; undefined: it does, and made a step in the last `withinMs`. */
  problem(withinMs: number): string | undefined {
    if (this.phase === 'waiting') return `waits before it is taken over again: ${this.trouble}`;
    if (this.phase !== 'running') return this.phase;
    const silentMs = performance.now() - this.movedAt;
    return silentMs > withinMs ? `no step has ended for ${Math.round(silentMs / 1_000)} s` : undefined;
  }

  progress(): LoopProgress {
    const { shard, phase, scope } = this;
    return { shard, phase, restored: this.restored ?? scope?.read ?? 0, positions: scope?.positions() ?? [] };
  }

  /** Whether everything before these positions is dealt with, and nothing is left to do. Topics of other shards are passed over. */
  hasReached(ends: readonly TopicPosition[]): boolean {
    if (this.phase !== 'running' || this.pending) return false;
    return ends.every(
      ({ topic, partition, offset }) =>
        partition !== this.shard || this.positions.some((at) => at.topic === topic && at.offset >= offset),
    );
  }

  private async run(): Promise<void> {
    while (!this.isStopping()) {
      const { bus, metrics, work, times } = this.options;
      const scope = new BusScope(bus, (records, seconds) => metrics.committed(work.name, records, seconds));
      this.scope = scope;
      let waitMs: number | undefined = 0;
      try {
        await this.own(scope);
      } catch (error) {
        waitMs = this.waitAfter(error);
      }
      // Whether and when it closes matters to nobody but the next owner, who fences it anyway.
      const closed = scope.close();
      if (waitMs === undefined) break;
      if (this.isStopping()) await endedWithin(times.close, closed);
      else await pause(waitMs, this.stopping.signal);
    }
    this.enter('stopped');
  }

  /** Takes the shard over and steps until it is told to stop. */
  private async own(scope: BusScope): Promise<void> {
    const { work, metrics, log } = this.options;
    const owner = `${hostname()}-${process.pid}-${randomUUID()}`;
    this.pending = true;
    this.restored = undefined;
    this.enter('restoring');
    metrics.takeover(work.name);
    const startedAt = performance.now();
    const worker = await work.takeOver({ shard: this.shard, bus: scope, owner });
    if (this.isStopping()) return;
    this.restoredAt = performance.now();
    const seconds = (this.restoredAt - startedAt) / 1_000;
    this.restored = scope.read;
    metrics.restored(work.name, seconds);
    log.info({ shard: this.shard, owner, seconds: Math.round(seconds * 1_000) / 1_000 }, 'shard taken over');
    scope.takeCounts();
    this.enter('running');
    this.moved(scope);
    try {
      while (!this.isStopping()) {
        const { read, pending } = await worker.step();
        this.pending = pending;
        metrics.stepped(work.name, read, scope.takeCounts());
        this.moved(scope);
        if (read > 0) this.backoff.reset();
        // A step that needed no I/O must leave the other shards and the group's heartbeats their turn.
        await immediate();
      }
      if (worker.finish !== undefined) await endedWithin(this.options.times.finish, worker.finish());
    } finally {
      worker.abandon?.();
    }
  }

  private moved(scope: BusScope): void {
    const { metrics, work, onProgress, times } = this.options;
    this.movedAt = performance.now();
    // One that has stood for a while is well again, with or without inputs.
    if (this.movedAt - this.restoredAt > times.mostBackoff) this.backoff.reset();
    this.positions = scope.positions();
    metrics.progressed(work.name, this.shard);
    onProgress(this.shard, this.positions);
  }

  /** How long to wait after this error; undefined: this shard has ended. */
  private waitAfter(error: unknown): number | undefined {
    const { metrics, work, log, onFatal, times } = this.options;
    const { shard } = this;
    const answer = answerTo(error);
    const code = codeOf(error);
    const fields = { shard, code, reason: lineOf(error) };
    if (this.isStopping()) {
      // A takeover that is broken off says that its bus is closed; and a bus that fails now fails nobody.
      if (answer !== 'stop' || code !== 'OTHER') log.debug(fields, 'shard given up with an error');
      else onFatal(error);
      return undefined;
    }
    metrics.failed(work.name, code);
    this.trouble = fields.reason;
    if (answer === 'stop') {
      log.error(fields, 'nothing may be decided: the service stops');
      onFatal(error);
      return undefined;
    }
    this.enter('waiting');
    if (answer === 'again') {
      const waitMs = this.backoff.nextMs();
      const stack = code === 'OTHER' && error instanceof Error ? { stack: error.stack } : {};
      log.warn({ ...fields, ...stack, waitMs: Math.round(waitMs) }, 'shard dropped, to be taken over again');
      return waitMs;
    }
    if (performance.now() - this.fencedAt > 2 * times.mostFencedBackoff) this.fencedBackoff.reset();
    this.fencedAt = performance.now();
    const waitMs = this.fencedBackoff.nextMs();
    log.warn({ ...fields, waitMs: Math.round(waitMs) }, 'another owner took the shard over, though it is assigned to this one');
    return waitMs;
  }

  private enter(phase: ShardPhase): void {
    // Once it is told to stop, there is one way to go.
    if (this.isStopping() && phase !== 'stopping' && phase !== 'stopped') return;
    this.phase = phase;
    this.options.metrics.entered(this.options.work.name, this.shard, phase);
  }
}

/** Waits for it, at most so long; the timer does not outlive the wait, since it would keep the process alive. */
const endedWithin = async (ms: number, ends: Promise<void>): Promise<void> => {
  const ended = new AbortController();
  await Promise.race([ends, pause(ms, ended.signal)]);
  ended.abort();
};
