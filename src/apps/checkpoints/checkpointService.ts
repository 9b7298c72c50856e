/**
 * Makes checkpoints beside services that run on the same bus. It never stops them: what fails is logged, counted and tried again after a while.
 */
import type { AuditCheckpoint } from '../../contracts/messages';
import type { SigningKey } from '../../audit/checkpoint/checkpointKeys';
import { makeCheckpoints } from '../../audit/checkpoint/makeCheckpoints';
import type { Codec } from '../../contracts/avro/codec';
import type { Bus } from '../../processor/bus';
import { lineOf } from '../failure';
import { Backoff, pause } from '../service/backoff';
import type { Logger } from '../service/logger';
import type { ServiceMetrics } from '../service/serviceMetrics';
import { CheckpointFile } from './checkpointFile';

export interface CheckpointServiceOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly key: SigningKey;
  readonly everyRecords: number;
  readonly everySeconds: number;
  /** Undefined: on the topic only. */
  readonly file: string | undefined;
  readonly metrics: ServiceMetrics;
  readonly log: Logger;
  readonly leastBackoffMs?: number;
}

const LEAST_BACKOFF_MS = 1_000;
const MOST_BACKOFF_MS = 60_000;

export class CheckpointService {
  private readonly stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();

  constructor(private readonly options: CheckpointServiceOptions) {}

  start(): void {
    this.done = this.run();
  }

  /** Signs what the services have left on the log, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    const { log, metrics, leastBackoffMs = LEAST_BACKOFF_MS } = this.options;
    const backoff = new Backoff(leastBackoffMs, MOST_BACKOFF_MS);
    for (;;) {
      try {
        await this.make(() => backoff.reset());
        return;
      } catch (error) {
        metrics.checkpointFailed();
        const waitMs = backoff.nextMs();
        log.error({ reason: lineOf(error), waitMs: Math.round(waitMs) }, 'no checkpoint was made; decisions go on');
        if (this.isStopping()) return;
        await pause(waitMs, this.stopping.signal);
        if (this.isStopping()) return;
      }
    }
  }

  private async make(onMade: () => void): Promise<void> {
    const { bus, codec, key, everyRecords, everySeconds, metrics, log } = this.options;
    const file = this.options.file === undefined ? undefined : await CheckpointFile.open(this.options.file, key);
    const told = (checkpoint: AuditCheckpoint, shard: number): void =>
      metrics.checkpoint(shard, checkpoint.tree_size, checkpoint.made_at);
    try {
      await makeCheckpoints(
        {
          bus,
          codec,
          key,
          now: Date.now,
          everyRecords,
          everyMs: everySeconds * 1_000,
          untilEnd: false,
          copy: file,
          onResumed: told,
          onPublished: (checkpoint, shard) => {
            told(checkpoint, shard);
            onMade();
            log.debug({ shard, records: checkpoint.tree_size }, 'checkpoint published');
          },
        },
        this.stopping.signal,
      );
    } finally {
      file?.close();
    }
  }
}
