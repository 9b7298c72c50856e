import type { Command } from 'commander';
import { canonicalJson } from '../../../contracts/json/write';
import type { Manifest } from '../../../audit/export/manifest';
import { checkFiles, readExportManifest, recordsOfFile } from '../../exporting/checkExport';
import { checkOutside, importExport, whyPartial } from '../../exporting/importExport';
import { lineSchemas } from '../../exporting/readExport';
import { Failure } from '../../failure';
import { Progress } from '../io';
import type { Io } from '../io';

interface ImportFlags {
  readonly from?: string;
  readonly dataDir?: string;
  readonly verifyOnly?: boolean;
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** `policygate import`: files of an export as a data directory. */
export const importCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  parent
    .command('import')
    .description('Make a data directory of an export, to replay and to verify a log away from where it was written.')
    .option('--from <dir>', 'directory of the export')
    .option('--data-dir <dir>', 'directory to make; it must not exist, or be empty')
    .option('--verify-only', 'check the files against the manifest, read every record, and import nothing')
    .option('--partial', 'import an export of some topics, one run or one day; it can be verified, but not replayed')
    .option('--json', 'a summary for machines')
    .addHelpText(
      'after',
      `
Every file is checked against its checksum first. Records keep their offsets and schema ids. An import that was interrupted is begun anew by the same
command; until it is finished, no other command opens the directory.

Exit codes: 0 done, 1 a file is not as the manifest says (nothing is imported), 2 could not run.

Examples:
  policygate import --from ./export --data-dir ./copy
  policygate import --from ./export --verify-only`,
    )
    .action(async (flags: ImportFlags) => exit(await importFrom(flags, io)));
};

const importFrom = async (flags: ImportFlags, io: Io): Promise<number> => {
  const { from, dataDir, verifyOnly = false } = flags;
  if (from === undefined) throw new Failure('--from is missing; expected the directory of an export');
  if ((dataDir === undefined) !== verifyOnly)
    throw new Failure('expected either --data-dir with the directory to make, or --verify-only');
  const manifest = await readExportManifest(from);
  if (dataDir !== undefined) await checkOutside(from, dataDir);
  const partial = whyPartial(manifest);
  if (dataDir !== undefined && partial !== undefined && flags.partial !== true)
    throw new Failure(`${from}: it is no export of a whole log: ${partial}; --partial imports it all the same`);

  const faults = await withProgress(io, 'bytes checked', (show) => checkFiles(from, manifest, show));
  for (const fault of faults) io.err(`Error: ${fault}\n`);
  if (faults.length > 0) {
    report(flags, manifest, { faults: faults.length, records: 0 }, io);
    return 1;
  }
  const records =
    dataDir === undefined
      ? await withProgress(io, 'records read', (show) => readAll(from, manifest, show))
      : await withProgress(io, 'steps', (onStep) => importExport({ from, manifest, dataDir, onStep }));
  report(flags, manifest, { faults: 0, records }, io);
  return 0;
};

const readAll = async (from: string, manifest: Manifest, show: (done: number, total: number) => void): Promise<number> => {
  const schemas = await lineSchemas(manifest);
  const total = manifest.files.reduce((sum, { records }) => sum + records, 0);
  let done = 0;
  for (const file of manifest.files) {
    const records = recordsOfFile(from, file, schemas);
    while ((await records.next()).done !== true) show(++done, total);
  }
  return done;
};

interface Outcome {
  readonly faults: number;
  readonly records: number;
}

const report = ({ from = '', dataDir, json }: ImportFlags, manifest: Manifest, { faults, records }: Outcome, io: Io): void => {
  const files = manifest.files.length;
  if (json === true) {
    const { complete, shards } = manifest;
    io.out(`${canonicalJson({ complete, faults, files, imported: dataDir !== undefined && faults === 0, records, shards })}\n`);
    return;
  }
  const done = dataDir === undefined ? `${records} records can be read` : `${records} records imported into ${dataDir}`;
  io.out(
    faults === 0 ? `${files} files are as the manifest says; ${done}.\n` : `${from}: ${faults} faults; nothing was imported.\n`,
  );
};

const withProgress = async <T>(
  io: Io,
  what: string,
  work: (show: (done: number, total: number) => void) => Promise<T>,
): Promise<T> => {
  const progress = new Progress(io, what);
  try {
    return await work((done, total) => progress.show(done, total));
  } finally {
    progress.end();
  }
};
