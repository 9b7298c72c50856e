/** What the people, strategies and feeds of a world can see and do. */
import type { Codec } from '../../../src/contracts/avro/codec';
import type { OutgoingRecord } from '../../../src/processor/bus';
import type { RawLog } from '../../checks/rawLog';
import type { Random } from '../../support/random';
import type { Faults } from '../kernel/faults';
import type { Scheduler } from '../kernel/scheduler';
import type { Venue } from '../venue/venue';
import type { WorldPlan } from './plan';

/** What became of a publication: the offsets of its records. A publisher repeats what it does not know to be written, so an input may be on the log twice. */
export type Published = readonly number[];

export interface WorldPort {
  readonly plan: WorldPlan;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly codec: Codec;
  /** All that is committed so far. */
  readonly log: RawLog;
  /** The account of each shard; undefined: the paper broker. */
  readonly venues: readonly (Venue | undefined)[];
  /** Draws of its own for whoever asks. */
  fork(): Random;
  /**
   * Publishes in order, through the faults of the bus, and repeats until it is acknowledged; `from` has one publication on its way at a time. Calls
   * `acknowledged` with the offsets. With `stamps: 'append'` the bus sets the records' timestamps.
   */
  publish(from: string, records: readonly OutgoingRecord[], acknowledged?: (offsets: Published) => void): void;
  /** Remembers that these bytes, wherever they come to stand, must become a dead letter. */
  isPoison(record: OutgoingRecord, what: string): void;
  /** A line of the trace, with the virtual time before it; a function, so that it costs nothing where nobody traces. */
  trace(line: () => string): void;
}
