/** One shard in memory without a bus: records go straight into the fold, and what comes out is counted and dropped. */
import { Codec } from '../src/contracts/avro/codec';
import { freshSchemas } from '../src/contracts/avro/localRegistry';
import { ENGINE_VERSION, realStopwatch } from '../src/apps/session';
import type { BusRecord, OutgoingRecord } from '../src/processor/bus';
import { fold } from '../src/processor/fold';
import type { FoldContext } from '../src/processor/foldContext';
import { emptyShard } from '../src/processor/ledger';
import { takeStateRecords } from '../src/processor/stateRecords';
import { fillRecords, openingRecords } from './inputs';
import { Verdicts } from './verdicts';
import { RUN_ID } from './workload';

export class FoldShard {
  readonly codec = new Codec(freshSchemas());
  readonly verdicts = new Verdicts();
  private readonly context: FoldContext = {
    shard: emptyShard(0),
    codec: this.codec,
    engineVersion: ENGINE_VERSION,
    stopwatch: realStopwatch,
    observer: this.verdicts,
    outputs: [],
  };
  private readonly offsets = new Map<string, number>();

  constructor(symbols: number) {
    this.fold(this.arrived(openingRecords(this.codec, symbols)));
    if (this.state.status !== 'ACTIVE') throw new Error(`the run is ${this.state.status}; expected ACTIVE`);
  }

  get state() {
    return this.context.shard.runs.get(RUN_ID)!.state;
  }

  get prices() {
    return this.context.shard.prices;
  }

  /** As a bus would hand them out. */
  arrived(records: readonly OutgoingRecord[]): readonly BusRecord[] {
    return records.map((record) => {
      const offset = this.offsets.get(record.topic) ?? 0;
      this.offsets.set(record.topic, offset + 1);
      return { ...record, headers: {}, offset };
    });
  }

  /** Everything that a step does, but for reading and committing; answers how many records it would commit. */
  fold(inputs: readonly BusRecord[]): number {
    const { context } = this;
    for (const input of inputs) fold(context, input);
    const committed = [...context.outputs, ...takeStateRecords(context.shard, this.codec, 0)].length;
    context.outputs.length = 0;
    return committed;
  }

  /** Fills what was admitted since the last call. */
  fill(): void {
    this.fold(this.arrived(fillRecords(this.codec, this.verdicts.take())));
  }
}
