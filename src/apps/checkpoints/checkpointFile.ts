/**
 * Checkpoints in a file, one line of JSON each: a copy that stays when the log does not, best kept on another machine. A line is on the disk before the
 * next checkpoint is made.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import type { Stats } from 'node:fs';
import type { CheckpointCopy } from '../../audit/checkpoint/checkpointCopy';
import type { PublicKey, SigningKey } from '../../audit/checkpoint/checkpointKeys';
import { isSignedBy, originOf, verifiedHead } from '../../audit/checkpoint/checkpointNote';
import type { Signers } from '../../audit/checkpoint/signers';
import type { CheckpointFault, KnownHead } from '../../audit/checkpoint/verifyCheckpoints';
import { differingPath } from '../../audit/evidence/sameJson';
import { checkpointText } from '../../contracts/documents/recordTexts';
import { readJson } from '../../contracts/json/readJson';
import { isJsonObject, JsonNumber } from '../../contracts/json/value';
import type { JsonValue } from '../../contracts/json/value';
import type { AuditCheckpoint } from '../../contracts/messages';
import { Failure } from '../failure';
import { isBlank, linesOf, unreadable } from '../files';
import { isBeginningOfLine, tailOf } from './tornLine';

export class CheckpointFile implements CheckpointCopy {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
    private readonly known: KnownLines,
  ) {}

  /**
   * Creates the file if need be. What a crash left of a last line is cut off. What is no checkpoint, or one of the key's log that the key has not signed,
   * is refused, and the file left as it is. Other logs may have theirs in it.
   */
  static async open(file: string, key: SigningKey): Promise<CheckpointFile> {
    refuseAllButFiles(file);
    let descriptor: number;
    try {
      descriptor = openSync(file, 'a+', 0o644);
    } catch (error) {
      throw unreadable(file, error);
    }
    try {
      const { size } = fstatSync(descriptor);
      const tail = tailOf(descriptor);
      if (tail === undefined) throw noCheckpoint(`${file}: its last line`);
      const isWhole = isCheckpoint(parsed(tail));
      const known = await knownLines(file, isWhole ? size + 1 : size - tail.length, key);
      if (isWhole) writeSync(descriptor, '\n');
      else if (isBeginningOfLine(tail, known.lines > 0)) ftruncateSync(descriptor, size - tail.length);
      else if (tail.length > 0) throw noCheckpoint(`${file}: its last line`);
      return new CheckpointFile(file, descriptor, known);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Of the key's log; those that were added are on the topic, and not repeated. */
  get heads(): ReadonlyMap<number, readonly KnownHead[]> {
    return this.known.heads;
  }

  /** Adds it, unless the file has one over as many records of the same log. */
  add(checkpoint: AuditCheckpoint): void {
    const sizes = this.known.sizes.get(checkpoint.origin) ?? new Set();
    if (sizes.has(checkpoint.tree_size)) return;
    try {
      writeSync(this.descriptor, `${checkpointText(checkpoint)}\n`);
      fsyncSync(this.descriptor);
    } catch (error) {
      throw new Failure(`${this.file}: cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    }
    this.known.sizes.set(checkpoint.origin, sizes.add(checkpoint.tree_size));
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** A pipe would be waited for without end, and a device keeps nothing. */
const refuseAllButFiles = (file: string): void => {
  let found: Stats | undefined;
  try {
    found = statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(file, error);
  }
  if (found?.isFile() === false)
    throw new Failure(`${file}: is no regular file; checkpoints are kept in one: choose another file`);
};

const noCheckpoint = (where: string): Failure =>
  new Failure(`${where}: expected a checkpoint on each line, as \`checkpoint publish --out\` writes them; choose another file`);

interface KnownLines {
  readonly lines: number;
  /** Of the key's log, by shard. */
  readonly heads: ReadonlyMap<number, readonly KnownHead[]>;
  /** By origin: over how many records the file has checkpoints of the key's log. */
  readonly sizes: Map<string, Set<number>>;
}

/** `end`: where the whole lines end, in bytes. */
const knownLines = async (file: string, end: number, key: SigningKey): Promise<KnownLines> => {
  const heads = new Map<number, KnownHead[]>();
  const sizes = new Map<string, Set<number>>();
  let lines = 0;
  let read = 0;
  for await (const { number, bytes, raw } of linesOf(file)) {
    read += raw;
    if (read > end || isBlank(bytes)) continue;
    const line = parsed(bytes);
    if (!isCheckpoint(line)) throw noCheckpoint(`${file}:${number}`);
    lines += 1;
    if (![line.origin, line.note].some((text) => text.startsWith(`${key.name}/`))) continue;
    const known = headOfLine(`${file}:${number}`, bytes, key.publicKey);
    if ('what' in known)
      throw new Failure(`${known.where}: ${known.what}; nothing is signed: choose another file, or the key of this log`);
    const { head } = known;
    listIn(heads, head.shard).push(known);
    sizes.set(originOf(head), (sizes.get(originOf(head)) ?? new Set()).add(head.size));
  }
  return { lines, heads, sizes };
};

interface CheckpointLine {
  readonly origin: string;
  readonly note: string;
}

const isCheckpoint = (line: JsonValue | undefined): line is JsonValue & CheckpointLine =>
  line !== undefined &&
  isJsonObject(line) &&
  typeof line.origin === 'string' &&
  typeof line.note === 'string' &&
  line.tree_size instanceof JsonNumber;

const listIn = <K, V>(lists: Map<K, V[]>, key: K): V[] => {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
};

export interface ReadCheckpoints extends Signers {
  readonly byShard: ReadonlyMap<number, readonly KnownHead[]>;
  readonly faults: readonly CheckpointFault[];
}

/** The checkpoints of a file whose signatures hold; what is wrong with the others. */
export const readCheckpointFile = async (file: string, key: PublicKey): Promise<ReadCheckpoints> => {
  const byShard = new Map<number, KnownHead[]>();
  const faults: CheckpointFault[] = [];
  let isOfKey = false;
  let ofOther: string | undefined;
  for await (const { number, bytes } of linesOf(file)) {
    if (isBlank(bytes)) continue;
    const where = `${file}:${number}`;
    const known = headOfLine(where, bytes, key);
    if (!('what' in known)) {
      listIn(byShard, known.head.shard).push(known);
      isOfKey = true;
      continue;
    }
    faults.push(known);
    const line = parsed(bytes);
    const isOwn = isCheckpoint(line) ? isSignedBy(line.note, key) : undefined;
    isOfKey ||= isOwn === true;
    if (isOwn === false) ofOther ??= `${where}: ${known.what}`;
  }
  return { byShard, faults, isOfKey, ofOther };
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
  const differing = differingPath(parsed(Buffer.from(line, 'utf8')), json.value);
  return differing === undefined
    ? { where, head }
    : { where, what: `\`${differing}\` is not what the note says, which alone is signed` };
};

const parsed = (bytes: Buffer): JsonValue | undefined => {
  const json = readJson(bytes);
  return json.ok ? json.value : undefined;
};
