import type { FaultKind } from './faults';

/** Tells of a fault of the record at hand. */
export type Report = (kind: FaultKind, expected: string, found: string) => void;
