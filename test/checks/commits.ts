/** What became visible on the bus, transaction by transaction: evidence that a log by itself no longer shows. */
import type { BusRecord } from '../../src/processor/bus';

export interface Commit {
  /** Virtual ms. */
  readonly at: number;
  /** Who wrote it: one incarnation of a process. */
  readonly process: string;
  readonly transactionalId: string;
  /** How many writers had been opened of that id, this one included: grows with each takeover. */
  readonly writer: number;
  /** In the order of the commit, with the offsets that they have. */
  readonly records: readonly BusRecord[];
}
