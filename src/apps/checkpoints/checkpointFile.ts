/**
 * Checkpoints in a file, one line of JSON each: a copy that stays when the log does not, best kept on another machine. A line is on the disk before the
 * next checkpoint is made.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { PublicKey } from '../../audit/checkpoint/checkpointKeys';
import { originOf, verifiedHead } from '../../audit/checkpoint/checkpointNote';
import type { CheckpointFault, KnownHead } from '../../audit/checkpoint/verifyCheckpoints';
import { differingPath } from '../../audit/evidence/sameJson';
import { checkpointText } from '../../contracts/documents/recordTexts';
import { readJson } from '../../contracts/json/readJson';
import { isJsonObject, JsonNumber } from '../../contracts/json/value';
import type { JsonValue } from '../../contracts/json/value';
import type { AuditCheckpoint } from '../../contracts/messages';
import { Failure } from '../failure';
import { isBlank, linesOf, unreadable } from '../files';

const LINE_FEED = 10;

export class CheckpointFile {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    /** By origin: the largest tree that the file has. */
    private readonly largest: Map<string, number>,
  ) {}

  /** Creates the file if need be. A last line that was not finished is cut off; a line that is no checkpoint is refused, and the file left as it is. */
  static async open(file: string): Promise<CheckpointFile> {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'a+', 0o644);
    } catch (error) {
      throw unreadable(file, error);
    }
    try {
      const torn = tornBytes(descriptor);
      const largest = new Map<string, number>();
      let read = 0;
      const size = fstatSync(descriptor).size;
      for await (const { number, bytes, raw } of linesOf(file)) {
        read += raw;
        if (read > size - torn || isBlank(bytes)) continue;
        const json = readJson(bytes);
        const line = json.ok && isJsonObject(json.value) ? json.value : undefined;
        const { origin, tree_size } = line ?? {};
        if (typeof origin !== 'string' || !(tree_size instanceof JsonNumber))
          throw new Failure(
            `${file}:${number}: expected a checkpoint on each line, as \`checkpoint publish --out\` writes them; choose another file`,
          );
        largest.set(origin, Math.max(largest.get(origin) ?? 0, Number(tree_size.text)));
      }
      if (torn > 0) ftruncateSync(descriptor, size - torn);
      return new CheckpointFile(file, descriptor, largest);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Adds it, unless the file has one over as many records of the same log. */
  add(checkpoint: AuditCheckpoint): void {
    if (checkpoint.tree_size <= (this.largest.get(checkpoint.origin) ?? 0)) return;
    try {
      writeSync(this.descriptor, `${checkpointText(checkpoint)}\n`);
      fsyncSync(this.descriptor);
    } catch (error) {
      throw new Failure(`${this.file}: cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    }
    this.largest.set(checkpoint.origin, checkpoint.tree_size);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

const LONGEST_TAIL = 1 << 17;

/** Bytes behind the last line feed: what a crash left of a line. */
const tornBytes = (descriptor: number): number => {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, LONGEST_TAIL));
  readSync(descriptor, tail, 0, tail.length, size - tail.length);
  return tail.length - 1 - tail.lastIndexOf(LINE_FEED);
};

export interface ReadCheckpoints {
  readonly byShard: ReadonlyMap<number, readonly KnownHead[]>;
  readonly faults: readonly CheckpointFault[];
}

/** The checkpoints of a file whose signatures hold; what is wrong with the others. */
export const readCheckpointFile = async (file: string, key: PublicKey): Promise<ReadCheckpoints> => {
  const byShard = new Map<number, KnownHead[]>();
  const faults: CheckpointFault[] = [];
  for await (const { number, bytes } of linesOf(file)) {
    if (isBlank(bytes)) continue;
    const where = `${file}:${number}`;
    const known = headOfLine(where, bytes, key);
    if ('what' in known) faults.push(known);
    else byShard.set(known.head.shard, [...(byShard.get(known.head.shard) ?? []), known]);
  }
  return { byShard, faults };
};

const headOfLine = (where: string, bytes: Buffer, key: PublicKey): KnownHead | CheckpointFault => {
  const json = readJson(bytes);
  if (!json.ok) return { where, what: json.error.message };
  const note = isJsonObject(json.value) ? json.value.note : undefined;
  if (typeof note !== 'string') return { where, what: 'expected a checkpoint with its `note`' };
  const read = verifiedHead(note, key);
  if (!read.ok) return { where, what: read.error };
  const { value: head } = read;
  const line = checkpointText({
    origin: originOf(head),
    tree_size: head.size,
    root_hash: head.root,
    audit_offset: head.auditOffset,
    made_at: head.madeAt,
    frontier: [],
    note,
  });
  const differing = differingPath(parsed(line), json.value);
  return differing === undefined
    ? { where, head }
    : { where, what: `\`${differing}\` is not what the note says, which alone is signed` };
};

const parsed = (text: string): JsonValue | undefined => {
  const json = readJson(text);
  return json.ok ? json.value : undefined;
};
