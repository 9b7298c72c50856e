/**
 * One service on the shards that are assigned to this process: each has a loop of its own. A shard that is assigned again while it is still being given
 * up starts afresh when that has ended. After a fatal error no shard starts any more.
 */
import type { Bus, TopicPosition } from '../../processor/bus';
import { lineOf } from '../failure';
import type { Logger } from './logger';
import type { Membership } from './membership';
import type { ServiceMetrics } from './serviceMetrics';
import type { LoopProgress, LoopTimes } from './shardLoop';
import { LOOP_TIMES, ShardLoop } from './shardLoop';
import type { ShardWork } from './shardWork';

export interface ServiceOptions {
  readonly work: ShardWork;
  readonly membership: Membership;
  readonly bus: Bus;
  readonly metrics: ServiceMetrics;
  readonly log: Logger;
  readonly times?: LoopTimes;
}

/** What keeps a service from being ready. `shard` null: it is about all of them. */
export interface Problem {
  readonly service: string;
  readonly shard: number | null;
  readonly reason: string;
}

export class ShardService {
  /** Resolves with the first error that forbids to go on; a service that is stopped before leaves it pending. */
  readonly fatal: Promise<unknown>;
  private reportFatal: (error: unknown) => void = () => undefined;
  /** Undefined: the membership has not said anything yet. */
  private wanted: ReadonlySet<number> | undefined;
  private readonly loops = new Map<number, ShardLoop>();
  private ended = false;
  private readonly log: Logger;

  constructor(private readonly options: ServiceOptions) {
    this.fatal = new Promise((resolve) => (this.reportFatal = resolve));
    this.log = options.log.child({ service: options.work.name });
  }

  get work(): ShardWork {
    return this.options.work;
  }

  /** Joins, and works on what is assigned from then on. */
  async start(): Promise<void> {
    await this.options.membership.start(
      (shards) => this.assign(shards),
      (error) => this.fail(error),
    );
  }

  /** Empty: this process is a member, and every shard that it shall own is restored and made a step in the last `withinMs`. */
  problems(withinMs: number): readonly Problem[] {
    const { membership, work } = this.options;
    const problem = (shard: number | null, reason: string | undefined): readonly Problem[] =>
      reason === undefined ? [] : [{ service: work.name, shard, reason }];
    if (this.ended) return problem(null, 'stopping');
    if (this.wanted === undefined) return problem(null, membership.problem() ?? 'no shards were assigned yet');
    return [
      ...problem(null, membership.problem()),
      ...[...this.wanted].flatMap((shard) => problem(shard, this.loops.get(shard)?.problem(withinMs))),
    ];
  }

  /** Of every shard that runs here. */
  progress(): readonly LoopProgress[] {
    return [...this.loops.values()].map((loop) => loop.progress());
  }

  /** Whether every shard that is ours has dealt with what was before these positions, with nothing left to do. */
  hasReached(ends: readonly TopicPosition[]): boolean {
    if (this.ended || this.wanted === undefined || this.options.membership.problem() !== undefined) return false;
    return [...this.wanted].every((shard) => this.loops.get(shard)?.hasReached(ends) === true);
  }

  /** Finishes the steps in flight, closes what is open and leaves the group. Resolves when nothing of the service is left; never rejects. */
  async stop(): Promise<void> {
    this.ended = true;
    const loops = [...this.loops.values()];
    for (const loop of loops) loop.stop();
    await Promise.all(loops.map(({ done }) => done));
    try {
      await this.options.membership.close();
    } catch (error) {
      // The group notices by itself, a session timeout later.
      this.log.warn({ reason: lineOf(error) }, 'the group could not be left');
    }
  }

  private assign(shards: readonly number[]): void {
    if (this.ended) return;
    const isFirst = this.wanted === undefined;
    const before = this.wanted ?? new Set();
    this.wanted = new Set(shards);
    const gained = shards.filter((shard) => !before.has(shard));
    const lost = [...before].filter((shard) => !this.wanted?.has(shard));
    // Each try to come back into a lost group says once more that nothing is ours.
    if (isFirst || shards.length + lost.length > 0)
      this.log.info({ shards: [...shards].sort((a, b) => a - b), gained, lost }, 'shards assigned');
    for (const [shard, loop] of this.loops) if (!this.wanted.has(shard)) loop.stop();
    for (const shard of this.wanted) this.begin(shard);
  }

  private begin(shard: number): void {
    if (this.loops.has(shard)) return;
    const { work, bus, metrics, membership, times = LOOP_TIMES } = this.options;
    const loop = new ShardLoop(shard, {
      work,
      bus,
      metrics,
      log: this.log,
      times,
      onProgress: (of, positions) => membership.reportProgress(of, positions),
      onFatal: (error) => this.fail(error),
    });
    this.loops.set(shard, loop);
    void loop.done.then(() => {
      this.loops.delete(shard);
      metrics.forget(work.name, shard);
      if (!this.ended && this.wanted?.has(shard) === true) this.begin(shard);
    });
  }

  private fail(error: unknown): void {
    this.ended = true;
    for (const loop of this.loops.values()) loop.stop();
    this.reportFatal(error);
  }
}
