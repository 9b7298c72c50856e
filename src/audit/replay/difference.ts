/** The first thing in which a shard's log is not what folding its inputs again gives. */
import type { Topic } from '../../contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../processor/bus';

/**
 * `changed`: the record is there, and another. `missing`: folding gives a record that is not on the log. `extra`: the log has one that folding does not
 * give. `unreadable`: its bytes cannot be decoded.
 */
export type DifferenceKind = 'changed' | 'missing' | 'extra' | 'unreadable';

export interface Difference {
  readonly kind: DifferenceKind;
  readonly topic: Topic;
  readonly partition: number;
  /** Of the record on the log; of a missing one: where it should have been. */
  readonly offset: number;
  /** For people: one line. */
  readonly what: string;
  readonly recorded?: BusRecord | undefined;
  /** What folding gives; written by the schema of the recorded one. */
  readonly again?: OutgoingRecord | undefined;
  /** The audit record that folding gives for the input, with the facts; where that is not `again` itself. */
  readonly audit?: OutgoingRecord | undefined;
  /** What led to it. */
  readonly input?: BusRecord | undefined;
}

/** Ends the replay of a shard; caught where the shard's report is made. */
export class Differs extends Error {
  override readonly name = 'Differs';
  constructor(readonly difference: Difference) {
    super(difference.what);
  }
}
