/**
 * Exports a log into a directory, one file for each topic, run and day, and goes on where an earlier export into it ended, or was ended.
 *
 * First the manifest says how far the export is to go; what is there is only ever added to. At offsets that are multiples of STRIDE all blocks are
 * closed: there, and nowhere else, an export can be taken up again, and so an interrupted one ends with the bytes of one that was not.
 */
import { join } from 'node:path';
import { ExportFault } from '../../audit/export/exportFault';
import { dayOf } from '../../audit/export/filePath';
import type { FileOf } from '../../audit/export/filePath';
import { MANIFEST_FILE } from '../../audit/export/manifest';
import type { ExportedPartition, Manifest } from '../../audit/export/manifest';
import { isForEveryRun, runOfRecord } from '../../audit/export/runOfRecord';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';
import type { Session } from '../session';
import { ExportedFiles, unwritable } from './exportedFiles';
import { FileEncoding } from './fileEncoding';
import { writeManifestFile } from './manifestFile';

/** All blocks are closed at least so often, in offsets of a partition. */
const STRIDE = 65_536;
/** The manifest is written so often, or where that takes long, so many times more seldom than it takes. */
const MANIFEST_MS = 5_000;
const MANIFEST_SHARE = 10;

export interface ExportStep {
  /** Offsets passed, of all that are to be. */
  readonly done: number;
  readonly total: number;
}

export interface ExportOptions {
  readonly session: Session;
  readonly directory: string;
  /** As it is on disk, with the end offsets to go to. */
  readonly manifest: Manifest;
  readonly onStep?: (step: ExportStep) => void;
  /** For tests that end an export half way. */
  readonly manifestMs?: number;
  readonly stride?: number;
}

/** Answers with the manifest at the end, and how many records were added. Rejects with a Failure or a BusError. */
export const exportLog = async (options: ExportOptions): Promise<{ readonly manifest: Manifest; readonly added: number }> => {
  const work = new Exporting(options);
  try {
    for (const part of work.partitions) await work.export(part);
    return { manifest: await work.save(), added: work.added };
  } catch (error) {
    throw error instanceof ExportFault ? new Failure(`${error.message}; it cannot be exported`) : error;
  }
};

class Exporting {
  readonly partitions: ExportedPartition[];
  added = 0;
  private readonly files: ExportedFiles;
  private readonly stride: number;
  private readonly total: number;
  private done = 0;
  private savedAt = Date.now();
  private saveMs = 0;
  private topic: Topic | undefined;

  constructor(private readonly options: ExportOptions) {
    const { session, directory, manifest } = options;
    const schemas = new Map(Object.entries(manifest.schemas).map(([id, text]) => [Number(id), text]));
    const encoding = new FileEncoding(manifest.file_format, session.codec, schemas);
    this.files = new ExportedFiles(directory, manifest.file_format, encoding, manifest.files);
    this.partitions = manifest.partitions.map((part) => ({ ...part }));
    this.stride = options.stride ?? STRIDE;
    this.total = this.partitions.reduce((sum, { exported_to, end_offset }) => sum + end_offset - exported_to, 0);
  }

  async export(part: ExportedPartition): Promise<void> {
    const { topic, partition, end_offset } = part;
    if (this.topic !== topic) this.files.endTopic();
    this.topic = topic;
    const begun = part.exported_to;
    if (begun >= end_offset) return;
    const offset = await this.startOf(part);
    let stretch = Math.floor(begun / this.stride);
    for await (const record of recordsTo(this.options.session.bus, { topic, partition, offset }, end_offset)) {
      if (Math.floor(record.offset / this.stride) !== stretch) {
        stretch = Math.floor(record.offset / this.stride);
        await this.passed(part, record.offset);
      }
      const of = this.fileOf(record);
      if (of !== undefined) {
        this.added += 1;
        if (await this.files.add(of, record)) await this.passed(part, record.offset + 1);
      }
      this.options.onStep?.({ done: this.done + record.offset + 1 - begun, total: this.total });
    }
    await this.passed(part, end_offset);
    this.done += end_offset - begun;
  }

  /** Makes all durable, and then the manifest that says so. */
  async save(): Promise<Manifest> {
    const { directory, manifest } = this.options;
    const begun = Date.now();
    const path = join(directory, MANIFEST_FILE);
    try {
      const files = [...(await this.files.durable())];
      const partitions = this.partitions.map((part) => ({ ...part }));
      const complete = partitions.every(({ exported_to, end_offset }) => exported_to === end_offset);
      const now = { ...manifest, complete, partitions, files };
      await writeManifestFile(path, now);
      this.savedAt = Date.now();
      this.saveMs = this.savedAt - begun;
      return now;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  private async passed(part: ExportedPartition, offset: number): Promise<void> {
    await this.files.closeBlocks();
    part.exported_to = offset;
    const pause = Math.max(this.options.manifestMs ?? MANIFEST_MS, MANIFEST_SHARE * this.saveMs);
    if (Date.now() - this.savedAt >= pause) await this.save();
  }

  /** Where a day is all that is asked for, what lies before it is passed over as far as the bus knows. */
  private async startOf({ topic, partition, exported_to }: ExportedPartition): Promise<number> {
    const { day } = this.options.manifest.filter;
    if (day === null) return exported_to;
    return Math.max(exported_to, await this.options.session.bus.offsetAt(topic, partition, Date.parse(`${day}T00:00:00Z`)));
  }

  /** Undefined: the filter does not let it through. */
  private fileOf(record: BusRecord): FileOf | undefined {
    const { filter } = this.options.manifest;
    const { codec } = this.options.session;
    const day = dayOf(record.timestamp);
    if (filter.day !== null && filter.day !== day) return undefined;
    const run_id = runOfRecord(codec, record);
    if (filter.run_id !== null && filter.run_id !== run_id && !isForEveryRun(codec, record)) return undefined;
    return { topic: record.topic, run_id, day };
  }
}
