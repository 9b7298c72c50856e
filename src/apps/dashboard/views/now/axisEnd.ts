/** Where the axis of time ends, and what it depends on. Times in ms since 1970. */
interface Known {
  /** The run goes on. */
  readonly active: boolean;
  /** Of the run's newest record, by the server's clock. */
  readonly lastClock: number;
  /** Now, or when the server was last heard, by this browser's clock. */
  readonly heardAt: number;
  /** How much the server's clock is ahead of this browser's. */
  readonly ahead: number;
}

/** Of a run that goes on it is now, whether or not something is decided; of one that has ended, its last record. */
export const axisEnd = ({ active, lastClock, heardAt, ahead }: Known): number =>
  active ? Math.max(lastClock, heardAt + ahead) : lastClock;
