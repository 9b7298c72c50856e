/** What an audit record is in its shard's Merkle tree. */
import type { BusRecord } from '../../processor/bus';
import { CheckpointError } from './checkpointError';

const HASH_BYTES = 32;
/** Header of the value, `prev_hash` and `hash`. */
const LEAST_BYTES = 5 + 2 * HASH_BYTES;

/** The record's hash: its last field in every version of the schema, so its last bytes. Throws a CheckpointError where there are not enough. */
export const leafData = ({ topic, partition, offset, value }: BusRecord): Uint8Array => {
  if (value === null || value.length < LEAST_BYTES)
    throw new CheckpointError(
      'log',
      `${topic}/${partition}@${offset}: ${value?.length ?? 0} bytes are no audit record; nothing is signed over it`,
    );
  return value.subarray(value.length - HASH_BYTES);
};
