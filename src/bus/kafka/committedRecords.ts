/**
 * What a read-committed reader may see of the batches of one fetch. The broker sends everything below the last stable offset, control records and the
 * records of aborted transactions included, with a list of those transactions.
 *
 * kafkajs's own filter hands out aborted records in three cases: a key of four zero bytes is taken for the marker that ends a transaction;
 * the list is walked as if it were sorted by first offset (it is sorted by end); only one transaction is opened per record. This one knows a
 * marker by its batch, sorts, and opens every transaction that has begun. Source: KIP-98, "Consumer".
 */
import type { BatchRecord, RecordBatch } from './recordBatch';

/** One aborted transaction that overlaps the fetch. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** Type of the control record that ends an aborted transaction: its key is version and type, two bytes each. */
const ABORT = 0;

/** The records of the batches that were committed, or written without a transaction, in order. */
export const committedRecords = (
  batches: readonly RecordBatch[],
  abortedTransactions: readonly AbortedTransaction[],
): readonly BatchRecord[] => {
  const begins = [...abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<bigint>();
  const committed: BatchRecord[] = [];
  let next = 0;
  for (const { lastOffset, producerId, transactional, control, records } of batches) {
    for (let begin = begins[next]; begin !== undefined && begin.firstOffset <= lastOffset; begin = begins[++next]) {
      aborted.add(begin.producerId);
    }
    if (control) {
      const [marker] = records;
      if (marker !== undefined && typeOf(marker) === ABORT) aborted.delete(producerId);
    } else if (!(transactional && aborted.has(producerId))) {
      for (const record of records) committed.push(record);
    }
  }
  return committed;
};

const typeOf = ({ key }: BatchRecord): number | undefined => (key === null || key.length < 4 ? undefined : key.readInt16BE(2));
