/**
 * Which records of a compacted topic may go. Shared by the embedded and the memory bus.
 *
 * A record is superseded when a newer one has its key. A tombstone that is the newest of its key goes once nothing older of the key is left
 * (it lies before `cleanedTo`, up to which an earlier pass has already dropped everything superseded) and no open reader has still to read
 * it (`oldestReader`): a reader that saw the older record must see that it is gone. The last record of a partition always stays, since it
 * says where the next offset is. A record without a key stays for ever.
 */
import type { BusRecord } from '../processor/bus';

export interface CompactionLimits {
  readonly cleanedTo: number;
  /** The lowest offset that an open reader of the partition reads next; Infinity when there is no reader. */
  readonly oldestReader: number;
  /** Next offset of the partition. */
  readonly end: number;
}

/** Newest offset by key, of a part of the partition at least. Keys as `keyText` gives them. */
export type NewestOffsets = ReadonlyMap<string, number>;

/** A key's bytes as a text, one character a byte: exact, so that two keys are never mistaken for each other. */
export const keyText = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');

export const isKept = (record: BusRecord, newest: NewestOffsets, { cleanedTo, oldestReader, end }: CompactionLimits): boolean => {
  if (record.key === null || record.offset === end - 1) return true;
  const newestOffset = newest.get(keyText(record.key));
  if (newestOffset !== undefined && newestOffset > record.offset) return false;
  return record.value !== null || record.offset >= cleanedTo || record.offset >= oldestReader;
};
