/** Compares the rows that the page holds with those that the hashed bytes say. */
import type { Row } from '../api/documents';
import { exactText } from '../format/exact';
import type { StoredRow } from '../journal/chunk';
import { JournalStore } from '../journal/journalStore';
import type { Difference } from './difference';

export interface RowsCompared {
  /** Of the rows, so many are held. */
  readonly compared: number;
  readonly difference: (Difference & { readonly seq: number }) | undefined;
}

const AMOUNTS: ReadonlySet<string> = new Set<keyof StoredRow>(['qty', 'limitPrice', 'orderQty', 'price']);

/** Up to the first difference. `recorded`: decoded from the bytes, by seq. */
export const compareRows = (held: JournalStore, recorded: readonly Row[]): RowsCompared => {
  // Put away as the page puts away what the server sends: then every field that is shown is compared, and nothing else.
  const decoded = new JournalStore();
  decoded.add(recorded);
  let compared = 0;
  for (const { seq } of recorded) {
    const [ours, theirs] = [held.row(seq), decoded.row(seq)];
    if (ours === undefined || theirs === undefined) continue;
    for (const name of Object.keys(theirs) as (keyof StoredRow)[]) {
      const [shown, said] = [textOf(name, ours[name]), textOf(name, theirs[name])];
      if (shown !== said) return { compared, difference: { seq, field: name, recorded: said, shown } };
    }
    compared += 1;
  }
  return { compared, difference: undefined };
};

const textOf = (name: string, value: StoredRow[keyof StoredRow]): string =>
  AMOUNTS.has(name) ? exactText(value as StoredRow['qty']) : String(value);
