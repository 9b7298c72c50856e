/** What a source hands to the verification: audit records as they were found, wherever they stand. */
import type { AuditRecord, ExecutionState, IntentKey, MarketSnapshot, PortfolioState } from '../../contracts/messages';

/** An audit record that could be read. */
export interface FoundRecord {
  /** Where it stands: `audit-records/0@17`, `audit.jsonl:12`. */
  readonly where: string;
  readonly record: AuditRecord;
  readonly hash: Uint8Array;
  /** The bytes that its hash is of, after `prev_hash`. */
  readonly hashed: Uint8Array;
  /** Of a topic: the partition, the time (ms) and the key that the record was put there with. Undefined: the source has none. */
  readonly partition?: number;
  readonly timestamp?: number;
  readonly key?: IntentKey;
  /** What a line of JSONL shows beside a decision: how things stood before it. */
  readonly beside?: Situation;
  /** The only record of a chain of its own: a single evaluation, which belongs to no run. */
  readonly single?: boolean;
}

export interface Situation {
  readonly portfolio: PortfolioState;
  readonly market: MarketSnapshot;
  readonly execution: ExecutionState;
}

/** Something that stands where an audit record should, and is none. */
export interface FaultyRecord {
  readonly where: string;
  readonly kind: 'UNREADABLE' | 'KEY';
  readonly expected: string;
  readonly found: string;
}

export const isFaulty = (found: FoundRecord | FaultyRecord): found is FaultyRecord => 'expected' in found;
