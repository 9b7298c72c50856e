/** What is wrong with a log: the first fault in full, the others counted by their kind. Memory does not grow with their number. */

/** What can be wrong, with what it means. A public contract: the table of docs/commands.md. */
export const FAULT_KINDS = {
  UNREADABLE: 'what stands in place of an audit record is none',
  FORM: 'a line is not what a run writes: it was edited, or something else wrote it',
  LINE_HASH: 'a line is not the one that its `line_sha256` was taken of',
  SEQUENCE: 'a record of the run is missing, doubled, or out of order',
  CHAIN: '`prev_hash` is not the hash of the record before',
  HASH: 'the hash is not that of the record’s bytes: the record was altered',
  CLOCK: 'the run’s clock, or the record’s time, is not what follows from the input',
  POSITION: 'the input positions go back, or do not follow from the input',
  KEY: 'the record stands under another key, or on another partition, than its own',
  CONTENT: 'the record lacks what its kind has, has what it must not have, or cannot follow what came before',
  POLICY: 'the policy is not the one in force, or its text is none',
  DECISION: 'another decision follows from the facts and the policy',
  FACTS: 'the facts contradict what the records before say',
  KILL_SWITCH: 'the kill switch tripped, or did not, against the policy and the facts',
  SITUATION: 'the situation that stands beside the record contradicts its facts',
  CHECKPOINT: 'the log is not the one that the checkpoint was signed for',
} as const;
export type FaultKind = keyof typeof FAULT_KINDS;

export interface Fault {
  readonly kind: FaultKind;
  readonly where: string;
  /** Null: it is about no run, or none that can be told. */
  readonly run_id: string | null;
  readonly seq: number | null;
  readonly expected: string;
  readonly found: string;
}

export class FaultTally {
  private readonly counts = new Map<FaultKind, number>();
  private firstFault: Fault | undefined;
  private count = 0;

  add(fault: Fault): void {
    this.firstFault ??= fault;
    this.count += 1;
    this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
  }

  get total(): number {
    return this.count;
  }

  /** The first that was found. */
  get first(): Fault | undefined {
    return this.firstFault;
  }

  /** In the order of the table. */
  byKind(): ReadonlyMap<FaultKind, number> {
    const kinds = Object.keys(FAULT_KINDS) as FaultKind[];
    return new Map(kinds.filter((kind) => this.counts.has(kind)).map((kind) => [kind, this.counts.get(kind) ?? 0]));
  }
}
