/** One shard on the embedded bus, as the program runs it: a feeder that publishes, a processor that folds and commits. */
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { ENGINE_VERSION, realStopwatch } from '../src/apps/session';
import { Codec } from '../src/contracts/avro/codec';
import { localRegistry } from '../src/contracts/avro/localRegistry';
import type { Bus, OutgoingRecord, TransactionalWriter } from '../src/processor/bus';
import type { FoldObserver } from '../src/processor/observer';
import { Processor } from '../src/processor/processor';
import { openingRecords } from './inputs';

const MAX_RECORDS = 5_000;

export class EmbeddedShard {
  private constructor(
    readonly codec: Codec,
    private readonly bus: Bus,
    private readonly feeder: TransactionalWriter,
    private readonly processor: Processor,
  ) {}

  /** A directory with a run that has begun, or that already holds one. */
  static async open(directory: string, observer: FoldObserver = {}): Promise<EmbeddedShard> {
    const bus = await openEmbeddedBus({ directory });
    const codec = new Codec(await localRegistry(bus.schemas));
    const processor = await takeOver(bus, codec, observer);
    return new EmbeddedShard(codec, bus, await bus.writer('bench-feeder'), processor);
  }

  async start(symbols: number): Promise<void> {
    await this.feed(openingRecords(this.codec, symbols));
    const [ledger] = this.processor.shard.runs.values();
    if (ledger?.state.status !== 'ACTIVE') throw new Error(`the run is ${ledger?.state.status ?? 'missing'}; expected ACTIVE`);
  }

  /** Publishes in one transaction; resolves when everything that came of it is committed. */
  async feed(records: readonly OutgoingRecord[]): Promise<void> {
    await this.feeder.commit(records);
    for (let left = records.length; left > 0;) left -= await this.processor.step({ maxRecords: MAX_RECORDS, maxWaitMs: 1_000 });
  }

  async close(): Promise<void> {
    await this.processor.close();
    await this.feeder.close();
    await this.bus.close();
  }
}

let takeovers = 0;

export const takeOver = (bus: Bus, codec: Codec, observer: FoldObserver = {}, partition = 0): Promise<Processor> => {
  takeovers += 1;
  return Processor.takeOver({
    bus,
    codec,
    partition,
    owner: `bench-${process.pid}-${takeovers}`,
    engineVersion: ENGINE_VERSION,
    stopwatch: realStopwatch,
    observer,
  });
};
