/** An intake on a bus in memory, with a processor that decides and a live view that follows: all of them real, in one process. */
import { Registry } from 'prom-client';
import type { MemoryBus } from '../../src/bus/memory/memoryBus';
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { Codec } from '../../src/contracts/avro/codec';
import { LiveLog } from '../../src/apps/live/liveLog';
import { Intake } from '../../src/apps/intake/intake';
import type { IntakeLimits } from '../../src/apps/intake/intake';
import type { Logger } from '../../src/apps/service/logger';
import type { Bus } from '../../src/processor/bus';
import { TestShard } from './shard';

const SILENT: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => SILENT,
};

export interface RigOptions {
  readonly limits?: Partial<IntakeLimits>;
  /** What the intake writes to; default: the bus itself. */
  readonly over?: (bus: Bus) => Bus;
}

export class IntakeRig {
  readonly registry = new Registry();
  readonly intake: Intake;
  private paused = false;
  private ended = false;
  private loop: Promise<void> | undefined;

  private constructor(
    readonly shard: TestShard,
    readonly live: LiveLog,
    { limits = {}, over = (bus) => bus }: RigOptions,
  ) {
    const { codec } = shard;
    this.intake = new Intake({ bus: over(shard.bus), codec, live, registry: this.registry, limits, log: SILENT });
  }

  /** With a started run `r-1` and a price for AAPL; the processor decides as soon as something comes. */
  static async open(options: RigOptions = {}): Promise<IntakeRig> {
    const bus: MemoryBus = openMemoryBus({ shards: 1 });
    const shard = new TestShard(bus);
    await shard.takeOver();
    await shard.feed(shard.started(), shard.price('AAPL', '200'));
    const live = LiveLog.open({ bus, codec: new Codec(freshSchemas()), log: SILENT });
    await live.start();
    const rig = new IntakeRig(shard, live, options);
    rig.loop = rig.decide();
    return rig;
  }

  /** A view of the same log that has read nothing yet. */
  unread(): LiveLog {
    return LiveLog.open({ bus: this.shard.bus, codec: this.shard.codec, log: SILENT });
  }

  /** The processor takes nothing until `resume`. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  async close(): Promise<void> {
    this.resume();
    await this.intake.stop();
    this.ended = true;
    await this.loop;
    await this.live.stop();
    await this.shard.bus.close();
  }

  async figures(): Promise<string> {
    return this.registry.metrics();
  }

  private async decide(): Promise<void> {
    while (!this.ended) {
      await new Promise(setImmediate);
      if (!this.paused) await this.shard.live.step({ maxRecords: 100, maxWaitMs: 0 });
    }
  }
}
