/** Reads the bytes of each record on the way along a chain, and says what they say. */
import type { Row } from '../api/documents';
import type { Document } from './avroReader';
import { firstDifference, sharedWith } from './difference';
import type { Difference } from './difference';
import type { ShownRecord } from './messages';
import { documentOf, rowOf } from './recordDocument';

export class RecordLook {
  /** Records whose bytes are of a schema that is not known here. */
  unread = 0;
  difference: Difference | undefined;
  #rows: Row[] = [];

  constructor(
    private readonly read: (bytes: Uint8Array) => Document,
    private readonly run: string,
    private readonly shown: ShownRecord | undefined,
  ) {}

  /** Why a record is none of this chain, though its hash holds; undefined: it is. */
  look(seq: number, bytes: Uint8Array, hash: string, before: string): string | undefined {
    const record = this.#decoded(bytes);
    if (record === undefined) {
      this.unread += 1;
      return undefined;
    }
    const said = { run_id: this.run, seq, prev_hash: before };
    const wrong = firstDifference(sharedWith(said, record, []), said);
    if (wrong !== undefined) return `its ${wrong.field} is ${wrong.recorded}, expected ${wrong.shown}`;
    if (this.shown === undefined) this.#rows.push(rowOf(record));
    else this.difference = differenceOf(documentOf(record, hash), this.shown);
    return undefined;
  }

  /** Those since the last time. */
  takeRows(): readonly Row[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #decoded(bytes: Uint8Array): Document | undefined {
    try {
      return this.read(bytes);
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) return undefined; // the second is of texts that are no UTF-8
      throw error;
    }
  }
}

const differenceOf = (recorded: Document, { document, partly }: ShownRecord): Difference | undefined =>
  firstDifference(partly === 'nowhere' ? recorded : sharedWith(document, recorded, partly), document);
