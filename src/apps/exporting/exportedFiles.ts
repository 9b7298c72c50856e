/**
 * The files of an export while they are written. Records are gathered into blocks, a block at a time goes to its file, and no file stays open: thousands
 * of runs cost neither memory nor file handles.
 *
 * When blocks are closed depends on the records alone, never on time or memory, so that the same log gives the same bytes. What the manifest says is on
 * disk before the manifest is.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filePath, folderKey } from '../../audit/export/filePath';
import type { FileOf } from '../../audit/export/filePath';
import type { ExportedFile, ExportFormat } from '../../audit/export/manifest';
import type { BusRecord } from '../../processor/bus';
import { Failure } from '../failure';
import { unreadable } from '../files';
import type { FileEncoding, RecordEncoding } from './fileEncoding';
import { syncFolder } from './manifestFile';

/** A block is closed when its records have so many bytes, before they are deflated. */
const BLOCK_BYTES = 64 * 1024;
/** All blocks are closed when so much is gathered. */
const MOST_GATHERED_BYTES = 32 * 1024 * 1024;
const SYNCED_AT_ONCE = 8;

interface Gathering {
  readonly file: ExportedFile;
  readonly encoding: RecordEncoding;
  /** Of the bytes that are written; null: the file was written by an earlier run and is yet to be looked at. */
  hash: Hash | null;
  records: Uint8Array[];
  bytes: number;
  /** Offsets by partition of what is gathered. */
  readonly offsets: { partition: number; first: number; last: number; count: number }[];
}

export class ExportedFiles {
  private readonly files: ExportedFile[] = [];
  /** The last part of each. */
  private readonly entries = new Map<string, ExportedFile>();
  /** Whose folders are, by `folderKey`: those of the run that came first, in this export or an earlier one. */
  private readonly folders = new Map<string, string | null>();
  private readonly gatherings = new Map<string, Gathering>();
  private readonly open = new Set<Gathering>();
  private readonly unsynced = new Set<string>();
  private readonly newFolders = new Set<string>();
  private gathered = 0;
  /** Bytes on disk. */
  written = 0;

  constructor(
    private readonly directory: string,
    private readonly format: ExportFormat,
    private readonly encoding: FileEncoding,
    files: readonly ExportedFile[],
  ) {
    for (const file of files) {
      const own = structuredClone(file);
      this.files.push(own);
      if (file.part >= (this.entries.get(nameOf(file))?.part ?? 0)) this.entries.set(nameOf(file), own);
      this.keepFolder(file);
      this.written += file.bytes;
    }
  }

  /** Takes a record; true when there is so much that `closeBlocks` has to be called before the next one. */
  async add(of: FileOf, record: BusRecord): Promise<boolean> {
    const gathering = this.gatheringOf(of, record);
    const bytes = gathering.encoding.encode(record);
    gathering.records.push(bytes);
    gathering.bytes += bytes.length;
    this.gathered += bytes.length;
    this.open.add(gathering);
    addOffset(gathering, record);
    if (gathering.bytes >= BLOCK_BYTES) await this.closeBlock(gathering);
    return this.gathered >= MOST_GATHERED_BYTES;
  }

  /** Writes all that is gathered. */
  async closeBlocks(): Promise<void> {
    for (const gathering of this.open) await this.closeBlock(gathering);
  }

  /** Forgets what is only needed while more of a topic may come. Blocks must be closed. */
  endTopic(): void {
    for (const { file, hash } of this.gatherings.values()) if (hash !== null) file.sha256 = hash.digest('hex');
    this.gatherings.clear();
  }

  /** Makes all that is written durable; the files as the manifest is to tell of them, in order of their paths. */
  async durable(): Promise<readonly ExportedFile[]> {
    const paths = [...this.unsynced];
    this.unsynced.clear();
    for (let at = 0; at < paths.length; at += SYNCED_AT_ONCE)
      await Promise.all(paths.slice(at, at + SYNCED_AT_ONCE).map((path) => syncFile(path)));
    for (const folder of this.newFolders) await syncFolder(folder);
    this.newFolders.clear();
    for (const { file, hash } of this.gatherings.values()) if (hash !== null) file.sha256 = hash.copy().digest('hex');
    return this.files.filter(({ records }) => records > 0).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  private gatheringOf(of: FileOf, record: BusRecord): Gathering {
    const name = nameOf(of);
    const known = this.gatherings.get(name);
    if (known !== undefined) return known;
    const gathering = this.furtherOf(this.entries.get(name)) ?? this.newOf(of, record);
    this.gatherings.set(name, gathering);
    return gathering;
  }

  /** For what is added to a file; undefined: there is none, or its header lacks a schema that there is by now. */
  private furtherOf(file: ExportedFile | undefined): Gathering | undefined {
    if (file === undefined) return undefined;
    const encoding = this.encoding.of(file.topic, file.schema_id);
    return encoding.schemaIds.join() === file.schema_ids.join() ? gatheringFor(file, encoding, null) : undefined;
  }

  private newOf(of: FileOf, record: BusRecord): Gathering {
    const { topic, run_id, day } = of;
    const encoding = this.encoding.of(topic, record.value);
    const part = (this.entries.get(nameOf(of))?.part ?? 0) + 1;
    const path = filePath(of, part, this.format, (folder) => (this.folders.get(folder) ?? run_id) !== run_id);
    const { schemaId: schema_id, schemaIds } = encoding;
    const about = { path, topic, run_id, day, part, schema_id, schema_ids: [...schemaIds] };
    const file = { ...about, records: 0, bytes: 0, sha256: '', partitions: [] };
    this.files.push(file);
    this.entries.set(nameOf(of), file);
    this.keepFolder(file);
    return gatheringFor(file, encoding, createHash('sha256'));
  }

  private keepFolder({ path, run_id }: ExportedFile): void {
    const folder = folderKey(path);
    if (!this.folders.has(folder)) this.folders.set(folder, run_id);
  }

  private async closeBlock(gathering: Gathering): Promise<void> {
    const { file, encoding, records, offsets } = gathering;
    const path = join(this.directory, file.path);
    const hash = (gathering.hash ??= await hashOfStart(path, file));
    const block = encoding.block(records);
    const bytes = file.bytes === 0 ? Buffer.concat([encoding.header, block]) : block;
    try {
      if (file.bytes === 0) await this.makeFolder(dirname(path));
      await writeAt(path, bytes, file.bytes);
    } catch (error) {
      throw unwritable(path, error);
    }
    hash.update(bytes);
    file.bytes += bytes.length;
    file.records += records.length;
    addToFile(file, offsets);
    this.written += bytes.length;
    this.gathered -= gathering.bytes;
    this.unsynced.add(path);
    this.open.delete(gathering);
    gathering.records = [];
    gathering.bytes = 0;
    offsets.length = 0;
  }

  private async makeFolder(folder: string): Promise<void> {
    if ((await mkdir(folder, { recursive: true })) === undefined) {
      this.newFolders.add(folder);
      return;
    }
    for (const one of [folder, dirname(folder), this.directory]) this.newFolders.add(one);
  }
}

const gatheringFor = (file: ExportedFile, encoding: RecordEncoding, hash: Hash | null): Gathering => ({
  file,
  encoding,
  hash,
  records: [],
  bytes: 0,
  offsets: [],
});

const nameOf = ({ topic, run_id, day }: FileOf): string => `${topic} ${day ?? ''} ${run_id === null ? '' : `:${run_id}`}`;

const addOffset = ({ offsets }: Gathering, { partition, offset }: BusRecord): void => {
  const known = offsets.find((one) => one.partition === partition);
  if (known === undefined) offsets.push({ partition, first: offset, last: offset, count: 1 });
  else {
    known.last = offset;
    known.count += 1;
  }
};

const addToFile = ({ partitions }: ExportedFile, offsets: Gathering['offsets']): void => {
  for (const { partition, first, last, count } of offsets) {
    const known = partitions.find((one) => one.partition === partition);
    if (known === undefined) partitions.push({ partition, records: count, first_offset: first, last_offset: last });
    else {
      known.records += count;
      known.last_offset = last;
    }
  }
};

/** The digest of what an earlier run wrote, which must be what it said. */
const hashOfStart = async (path: string, { bytes, sha256 }: ExportedFile): Promise<Hash> => {
  const hash = await hashOfFile(path, bytes);
  if (hash.copy().digest('hex') === sha256) return hash;
  throw new Failure(
    `${path}: its first ${bytes} bytes are not what the manifest says; restore it, or export into another directory`,
  );
};

/** Of the first `bytes`. */
export const hashOfFile = async (path: string, bytes: number): Promise<Hash> => {
  const hash = createHash('sha256');
  if (bytes === 0) return hash;
  try {
    for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>)
      hash.update(chunk);
  } catch (error) {
    throw unreadable(path, error);
  }
  return hash;
};

const writeAt = async (path: string, bytes: Uint8Array, position: number): Promise<void> => {
  const file = await open(path, position === 0 ? 'w' : 'r+');
  try {
    let done = 0;
    while (done < bytes.length) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  } finally {
    await file.close();
  }
};

const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

export const unwritable = (path: string, error: unknown): unknown => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const why =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'the disk is full; free some space and give the same command again'
      : `cannot be written (${code}); check the directory and its permissions`;
  return new Failure(`${path}: ${why}`);
};
