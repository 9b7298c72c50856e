/**
 * What a LevelDB MANIFEST says: the tables that make up the store, and the first write-ahead log that is not in them yet.
 * Source: LevelDB, db/version_edit.cc (tags and their fields).
 */
import { DamagedFile } from './logFile';

export interface Manifest {
  /** Bytes of each live table, by its number. */
  readonly tables: ReadonlyMap<number, number>;
  /** Logs from this number on hold what is not in tables; zero: none was begun. */
  readonly logNumber: number;
  /** Sequence number of the last write when the MANIFEST was last written. */
  readonly lastSequence: number;
}

export const readManifest = (name: string, edits: readonly Buffer[]): Manifest => {
  const tables = new Map<number, number>();
  const seen = { logNumber: -1, lastSequence: -1 };
  for (const edit of edits) applyEdit(name, edit, tables, seen);
  if (seen.logNumber < 0 || seen.lastSequence < 0) throw new DamagedFile(`${name} does not name a log`);
  return { tables, ...seen };
};

const applyEdit = (
  name: string,
  edit: Buffer,
  tables: Map<number, number>,
  seen: { logNumber: number; lastSequence: number },
): void => {
  const fields = new Fields(edit);
  while (!fields.atEnd) {
    const tag = fields.number();
    switch (tag) {
      case 1: // comparator
        fields.skipText();
        break;
      case 2:
        seen.logNumber = fields.number();
        break;
      case 3: // next file number
      case 9: // number of the previous log
        fields.number();
        break;
      case 4:
        seen.lastSequence = fields.number();
        break;
      case 5: // compaction pointer: level, key
        fields.number();
        fields.skipText();
        break;
      case 6: // deleted table: level, number
        fields.number();
        tables.delete(fields.number());
        break;
      case 7: {
        // new table: level, number, bytes, smallest and largest key
        fields.number();
        const number = fields.number();
        tables.set(number, fields.number());
        fields.skipText();
        fields.skipText();
        break;
      }
      default:
        throw new DamagedFile(`${name} has an unknown field ${tag}`);
    }
  }
};

class Fields {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** A varint; numbers here stay below 2^53. */
  number(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  skipText(): void {
    const length = this.number();
    this.at += length;
  }
}
