/**
 * How much one record may hold. Decoding any bytes within these limits stays under 10 ms and 8 MB once the code
 * is warm (measured); a record of an older schema takes up to three times as long.
 *
 * The limits of the inputs are tighter than those of what the processor writes, since an audit record embeds its input, and the texts of an
 * intent appear several times in its decision: whatever is accepted can also be put on record.
 */
import {
  AUDIT_CHECKPOINTS,
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../topics';

export interface RecordLimits {
  /** Of the Avro body. */
  readonly bytes: number;
  /** Elements of all arrays together. */
  readonly items: number;
}

const SMALL: RecordLimits = { bytes: 64 * 1024, items: 0 };
/** Positions that a run may start with, strategies and recent violations included. */
const INPUT_ITEMS = 10_240;
/** What an audit record holds beside its input: rules broken, evidence. */
const FURTHER_ITEMS = 1_024;
/** A whole subtree for each bit of a size. */
const FRONTIER_ITEMS = 64;
const LARGE = 1024 * 1024;

export const RECORD_LIMITS = {
  [ORDER_INTENTS]: SMALL,
  [MARKET_PRICES]: SMALL,
  [EXECUTION_EVENTS]: SMALL,
  [CONTROL_EVENTS]: { bytes: 512 * 1024, items: INPUT_ITEMS },
  [DECISIONS]: { bytes: LARGE, items: FURTHER_ITEMS },
  [AUDIT_RECORDS]: { bytes: LARGE, items: INPUT_ITEMS + FURTHER_ITEMS },
  [POLICY_STATE]: { bytes: LARGE, items: INPUT_ITEMS },
  [AUDIT_CHECKPOINTS]: { bytes: SMALL.bytes, items: FRONTIER_ITEMS },
} as const satisfies Readonly<Record<string, RecordLimits>>;

/** An intent's id may fill the intent, and a key has the run's id beside it. */
export const KEY_LIMITS: RecordLimits = { bytes: 2 * SMALL.bytes, items: 0 };
