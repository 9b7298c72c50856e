/** Audit logs in files: the JSONL of `run` and `eval`, files of an export, whole exports. What is damaged is a fault of the log, and told as one. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../../audit/export/manifest';
import { AuditLineReader, LONGEST_AUDIT_LINE } from '../../audit/jsonl/auditLineReader';
import type { LineFinding } from '../../audit/jsonl/auditLineReader';
import { counted } from '../../audit/verify/counted';
import { FirstProgramLines } from '../../audit/verify/firstProgram';
import { readRecord } from '../../audit/verify/readRecord';
import type { ChainEnd, Verification } from '../../audit/verify/verification';
import { Codec } from '../../contracts/avro/codec';
import { freshSchemas } from '../../contracts/avro/localRegistry';
import { describeError } from '../../contracts/contractError';
import { readDocumentValue } from '../../contracts/documents/readDocument';
import type { AuditRecord } from '../../contracts/messages';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { ActivePolicy } from '../../domain/state';
import { Progress } from '../cli/io';
import type { Io } from '../cli/io';
import { readManifestFile } from '../exporting/manifestFile';
import { codecOf, openExportedFile } from '../exporting/readExport';
import type { PlacedRecord } from '../exporting/readExport';
import { Failure } from '../failure';
import { linesOf, unreadable } from '../files';
import { exportedRecords } from './exportedRecords';
import type { CodedRecord } from './exportedRecords';
import { isExported } from './stepsOfExport';
import { formFault } from './verifyLineForm';

export type AuditFileKind = 'export' | 'exported file' | 'lines';

/** What a path that the user named is. Rejects with a Failure. */
export const kindOfAudit = async (path: string): Promise<AuditFileKind> => {
  try {
    if ((await stat(path)).isDirectory()) {
      if (await isDataDirectory(path))
        throw new Failure(`--audit ${path}: a data directory; expected files or an export: give it with --data-dir`);
      return 'export';
    }
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error);
  }
  return (await isExported(path)) ? 'exported file' : 'lines';
};

/** LevelDB has a file CURRENT in each of its directories; an export has a manifest. */
const isDataDirectory = async (folder: string): Promise<boolean> => {
  const names = await readdir(folder);
  return names.includes('CURRENT') && !names.includes(MANIFEST_FILE);
};

interface AuditFilesOptions {
  readonly policies: readonly ActivePolicy[];
  readonly after: ReadonlyMap<string, ChainEnd>;
  readonly run: string | undefined;
  /** Whether the log is to be held against checkpoints. */
  readonly withCheckpoint: boolean;
}

export class AuditFiles {
  private readonly firstProgram: FirstProgramLines;
  private readonly lines: AuditLineReader;
  private readonly warned: string[] = [];
  private unproven = 0;
  private hasChained = false;
  private firstUnchained = '';
  /** By shard: the run of its first record. */
  private readonly runOfShard = new Map<number, string>();
  private twoRuns: string | undefined;
  private readonly run: string | undefined;

  constructor(
    private readonly verification: Verification,
    private readonly io: Io,
    private readonly options: AuditFilesOptions,
  ) {
    this.run = options.run;
    this.firstProgram = new FirstProgramLines(options.policies);
    this.lines = new AuditLineReader(new Codec(freshSchemas()), options.after);
  }

  /** Lines without a chain. */
  get unchained(): number {
    return this.firstProgram.count;
  }

  async verify(path: string, kind: AuditFileKind): Promise<void> {
    if (kind === 'export') await this.verifyExport(path);
    else if (kind === 'exported file') await this.verifyExportedFile(path);
    else await this.verifyLines(path);
  }

  /** Two runs of the lines that are of one shard, if there are such: then a checkpoint of it also covers what came between, which no line has. */
  get runsOfOneShard(): string | undefined {
    return this.twoRuns;
  }

  /** All files are read. Anybody can write a line without a chain: among lines with one, or under a signature, it proves nothing and is a fault. */
  end(): void {
    if (this.unchained === 0) return;
    const found = `${counted(this.unchained, 'line')} without one; this is the first`;
    if (this.hasChained)
      this.fault(this.firstUnchained, null, { kind: 'FORM', expected: 'a chain, as the records beside it have one', found });
    if (this.options.withCheckpoint)
      this.fault(this.firstUnchained, null, {
        kind: 'CHECKPOINT',
        expected: 'a chain: lines without one cannot be covered by a checkpoint',
        found,
      });
  }

  /** What cannot be proven of these files. */
  warnings(): readonly string[] {
    const unproven =
      this.unproven === 0
        ? []
        : [
            `${counted(this.unproven, 'line')} from before 0.5.0 without line_sha256: of portfolio_state, market_snapshot and execution_state only ` +
              'what the facts say is proven, and nothing of eval_ms and recorded_at',
          ];
    return [...this.warned, ...unproven, ...this.firstProgram.warnings()];
  }

  private async verifyExport(folder: string): Promise<void> {
    const manifest = await readManifestFile(join(folder, MANIFEST_FILE));
    const { files, complete, filter } = manifest;
    if (filter.topics !== null && !filter.topics.includes(AUDIT_RECORDS))
      throw new Failure(`${folder}: it was exported without ${AUDIT_RECORDS}, which is needed here`);
    if (!complete) this.warned.push(`${folder}: the export is not complete: its end is missing; give its command again`);
    if (this.options.withCheckpoint && (filter.run_id !== null || filter.day !== null))
      throw new Failure(
        `${folder}: exported with a filter; a checkpoint covers a whole shard: give an export of every run and day, or leave out --checkpoint`,
      );
    if (filter.run_id !== null || filter.day !== null)
      this.warned.push(`${folder}: it was exported with a filter: what it leaves out is not looked at`);
    const total = files.reduce((sum, { topic, records }) => sum + (topic === AUDIT_RECORDS ? records : 0), 0);
    await this.toItsEnd(folder, total, () => exportedRecords(folder, manifest));
  }

  private async verifyExportedFile(path: string): Promise<void> {
    const file = await openExportedFile(path);
    const { topic, schemas } = file;
    if (topic !== AUDIT_RECORDS) throw new Failure(`${path}: holds ${topic}; expected ${AUDIT_RECORDS}`);
    const codec = await codecOf(schemas);
    await this.toItsEnd(path, undefined, () => coded(codec, file.records()));
  }

  /** Damage in the middle of a file ends what can be read of it; it is what was looked for, and no failure to run. */
  private async toItsEnd(path: string, total: number | undefined, records: () => AsyncGenerator<CodedRecord>): Promise<void> {
    const progress = new Progress(this.io, `records of ${path} read`);
    let read = 0;
    try {
      for await (const { codec, record, where } of records()) {
        this.hasChained = true;
        this.verification.add(readRecord(codec, record, `${AUDIT_RECORDS}/${record.partition}@${record.offset} (${where})`));
        read += 1;
        if (read % SHOWN_EVERY === 0) progress.show(read, total ?? read);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.fault(path, null, { kind: 'UNREADABLE', expected: 'a file as the export wrote it', found: error.message });
    } finally {
      progress.end();
    }
  }

  private async verifyLines(path: string): Promise<void> {
    const progress = new Progress(this.io, `bytes of ${path} read`);
    const { size } = await stat(path);
    let read = 0;
    let ofFile = 0;
    const count = (chunk: Buffer): void => {
      ofFile += chunk.length;
    };
    try {
      for await (const line of linesOf(path, LONGEST_AUDIT_LINE, count)) {
        const where = `${path}:${line.number}`;
        read += line.raw;
        progress.show(read, size);
        // A line counts with a line feed: more than the file has are counted where its last line lacks it.
        const isTorn = read > ofFile;
        const fault = formFault(line, isTorn);
        if (fault !== undefined) this.fault(where, null, fault);
        else this.verifyLine(line.bytes, where);
        if (isTorn) this.warned.push(`${where}: the last line has no line feed: the file was not written to its end, or cut off`);
      }
    } finally {
      progress.end();
    }
  }

  private verifyLine(bytes: Buffer, where: string): void {
    const { faults, records, unchained, isUnproven } = this.lines.read(bytes, where);
    const [record] = records;
    const runId = record?.record.run_id ?? null;
    if (records.length > 0) this.hasChained = true;
    if (this.run === undefined || runId === null || runId === this.run) {
      for (const fault of faults) this.fault(where, runId, fault);
      if (isUnproven === true) this.unproven += 1;
    }
    // Of another run, too: checkpoints are over all.
    for (const found of records) {
      this.seeRun(found.record);
      this.verification.add(found);
    }
    if (unchained === undefined) return;
    if (this.run !== undefined && unchained.run_id !== this.run) return;
    if (this.unchained === 0) this.firstUnchained = where;
    const event = readDocumentValue('audit_event', unchained);
    if (!event.ok) {
      this.fault(where, null, { kind: 'FORM', expected: 'an AuditEvent', found: describeError(event.error) });
    } else {
      for (const fault of this.firstProgram.add(event.value, where)) this.fault(where, event.value.run_id ?? null, fault);
    }
  }

  private seeRun({ run_id, input: { partition } }: AuditRecord): void {
    const first = this.runOfShard.get(partition);
    if (run_id === '' || first === run_id) return;
    if (first === undefined) this.runOfShard.set(partition, run_id);
    else this.twoRuns ??= `${first} and ${run_id}, both of shard ${partition}`;
  }

  private fault(where: string, run_id: string | null, { kind, expected, found }: LineFinding): void {
    this.verification.fault({ kind, where, run_id, seq: null, expected, found });
  }
}

const SHOWN_EVERY = 1_024;

async function* coded(codec: Codec, records: AsyncIterable<PlacedRecord>): AsyncGenerator<CodedRecord> {
  for await (const placed of records) yield { ...placed, codec };
}
