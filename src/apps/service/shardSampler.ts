/**
 * Asks, every few seconds, how far each shard of this process is behind its inputs, and while it is being taken over how much of the log is still to be read.
 * Beside the services, and not when Prometheus asks: brokers that do not answer must not hold up the other figures, which matter most just then.
 */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Bus, TopicPosition } from '../../processor/bus';
import { idlePause } from './backoff';
import type { Companion } from './companion';
import type { ShardService } from './shardService';
import type { ServiceName } from './shardWork';

export interface SamplerOptions {
  readonly bus: Pick<Bus, 'endOffset'>;
  readonly services: readonly ShardService[];
  readonly registry: Registry;
  readonly everyMs?: number;
}

/** A shard as it is seen at one moment. */
interface ShardSample {
  readonly service: ServiceName;
  readonly shard: number;
  readonly restoring: boolean;
  /** Records that the takeover has read so far. */
  readonly restored: number;
  /** What is behind the positions of its readers; undefined: the bus could not be asked in time. */
  readonly behind: readonly TopicPosition[] | undefined;
}

const EVERY_MS = 5_000;
/** While a shard is being taken over: mostly that is soon done. */
const RESTORING_EVERY_MS = 500;
const PATIENCE_MS = 2_000;

export class ShardSampler implements Companion {
  private readonly stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();
  private readonly lag: Gauge<'service' | 'shard' | 'topic'>;
  private readonly restoreRead: Gauge<'service' | 'shard'>;
  private readonly restoreLeft: Gauge<'service' | 'shard'>;

  constructor(private readonly options: SamplerOptions) {
    const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
      new Gauge({ name: `policygate_${name}`, help, labelNames: [...labelNames], registers: [options.registry] });
    this.lag = gauge(
      'shard_lag_records',
      'Offsets of a topic that the shard has not read, as of the last look; on Kafka, what ends a transaction has one, too',
      ['service', 'shard', 'topic'],
    );
    this.restoreRead = gauge('restore_read_records', 'Records that the last takeover of the shard read, or has read so far', [
      'service',
      'shard',
    ]);
    this.restoreLeft = gauge(
      'restore_left_records',
      'Records that a takeover has still to read of the topics that it reads now; zero: none is under way',
      ['service', 'shard'],
    );
  }

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    const { everyMs = EVERY_MS } = this.options;
    while (!this.isStopping()) {
      // A look ends in time by itself; but nobody waits for it while everything ends.
      const samples = await Promise.race([this.look(), idlePause(2 * PATIENCE_MS, this.stopping.signal)]);
      if (samples !== undefined && !this.isStopping()) this.show(samples);
      const restoring = samples?.some((sample) => sample.restoring) === true;
      await idlePause(restoring ? Math.min(everyMs, RESTORING_EVERY_MS) : everyMs, this.stopping.signal);
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private look(): Promise<readonly ShardSample[]> {
    return Promise.all(
      this.options.services.flatMap((service) =>
        service.progress().map(async ({ shard, phase, restored, positions }) => ({
          service: service.work.name,
          shard,
          restoring: phase === 'restoring',
          restored,
          behind: await this.behind(positions),
        })),
      ),
    );
  }

  /** A shard that is not among them runs here no more. */
  private show(samples: readonly ShardSample[]): void {
    for (const gauge of [this.lag, this.restoreRead, this.restoreLeft]) gauge.reset();
    for (const { service, shard, restoring, restored, behind } of samples) {
      this.restoreRead.set({ service, shard }, restored);
      if (!restoring) this.restoreLeft.set({ service, shard }, 0);
      if (behind === undefined) continue;
      if (restoring)
        this.restoreLeft.set(
          { service, shard },
          behind.reduce((sum, { offset }) => sum + offset, 0),
        );
      else for (const { topic, offset } of behind) this.lag.set({ service, shard, topic }, offset);
    }
  }

  /** How many offsets are between these positions and the ends of their topics. On Kafka, what ends a transaction has an offset, too. */
  private async behind(positions: readonly TopicPosition[]): Promise<readonly TopicPosition[] | undefined> {
    const ended = new AbortController();
    const asked = Promise.all(
      positions.map(async ({ topic, partition, offset }) => {
        const end = await this.options.bus.endOffset(topic, partition);
        return { topic, partition, offset: Math.max(0, end - offset) };
      }),
    ).catch(() => undefined);
    const inTime = await Promise.race([asked, idlePause(PATIENCE_MS, ended.signal).then(() => undefined)]);
    ended.abort();
    return inTime;
  }
}
