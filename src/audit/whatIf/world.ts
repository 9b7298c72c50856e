/** One course of events on a shard: its memory, and what the last input left on record. Nothing is written. */
import type { Codec } from '../../contracts/avro/codec';
import type { AuditRecord } from '../../contracts/messages';
import { DEAD_LETTERS } from '../../contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../processor/bus';
import { fold } from '../../processor/fold';
import type { FoldContext } from '../../processor/foldContext';
import { isInputTopic, POSITION_FIELD } from '../../processor/inputs';
import type { ShardState } from '../../processor/ledger';
import { emptyShard } from '../../processor/ledger';
import type { Stopwatch } from '../../processor/observer';

const SET_ASIDE: Folded = { records: [], setAside: true };

/** What is touched is of no use here: it is forgotten so often, in inputs. */
const FORGET_EVERY = 1_000;

/** What one input left. */
export interface Folded {
  readonly records: readonly AuditRecord[];
  /** It was unreadable, or nobody's. */
  readonly setAside: boolean;
}

export class World {
  readonly shard: ShardState;
  private readonly context: FoldContext;
  private recorded: AuditRecord[] = [];
  private folded = 0;

  constructor(partition: number, codec: Codec) {
    this.shard = emptyShard(partition);
    this.context = {
      shard: this.shard,
      codec,
      engineVersion: '',
      stopwatch: NO_TIME,
      observer: { recorded: (record) => void this.recorded.push(record) },
      outputs: [] as OutgoingRecord[],
    };
  }

  fold(input: BusRecord): Folded {
    const { context } = this;
    this.recorded = [];
    fold(context, input);
    const setAside = context.outputs.some(({ topic }) => topic === DEAD_LETTERS);
    context.outputs.length = 0;
    this.folded += 1;
    if (this.folded % FORGET_EVERY === 0) this.forget();
    return { records: this.recorded, setAside };
  }

  /** Passes over an input as one that was set aside. */
  setAside({ topic, offset }: BusRecord): Folded {
    if (isInputTopic(topic)) this.shard.positions[POSITION_FIELD[topic]] = offset + 1;
    return SET_ASIDE;
  }

  /** A processor forgets with every commit; a world that never commits would keep the names of all orders twice. */
  private forget(): void {
    for (const { state } of this.shard.runs.values()) {
      state.touched.positions.clear();
      state.touched.intents.clear();
      state.intents.packClosed();
    }
  }
}

/** Wall-clock figures are no part of any decision. */
const NO_TIME: Stopwatch = {
  now: () => '',
  timed: (work) => ({ value: work(), measured: { recordedAt: '', evalMs: null } }),
};
