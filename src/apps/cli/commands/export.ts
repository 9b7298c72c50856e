import { Option } from 'commander';
import type { Command } from 'commander';
import { EXPORT_FORMATS } from '../../../audit/export/manifest';
import type { ExportFormat, Manifest } from '../../../audit/export/manifest';
import { alternatives } from '../../../contracts/contractError';
import { canonicalJson } from '../../../contracts/json/write';
import { didYouMean } from '../../../contracts/nearest';
import { parseRfc3339 } from '../../../contracts/timestamp';
import { TOPICS } from '../../../contracts/topics';
import type { Topic } from '../../../contracts/topics';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { openExportDirectory } from '../../exporting/exportDirectory';
import type { ExportRequest } from '../../exporting/exportDirectory';
import { exportLog } from '../../exporting/exportLog';
import { logAtStart } from '../../exporting/logAtStart';
import { Failure } from '../../failure';
import { onExistingBus } from '../../records/onBus';
import { runOption } from '../../publishing/controlCommand';
import { Progress } from '../io';
import type { Io } from '../io';

interface ExportFlags extends BusFlags {
  readonly out?: string;
  readonly format: ExportFormat;
  readonly topics?: string;
  readonly run?: string;
  readonly day?: string;
  readonly json?: boolean;
}

/** `policygate export`: a log as files. */
export const exportCommand = (parent: Command, io: Io): void => {
  withBusOptions(parent.command('export'))
    .description('Write a log into files: one for each topic, run and day, with a manifest of checksums.')
    .option('--out <dir>', 'directory for the files; one of an earlier export is gone on with')
    .addOption(
      new Option('--format <format>', 'Avro object containers, or lines of JSON').choices(EXPORT_FORMATS).default('avro'),
    )
    .option('--topics <names>', 'only these topics, with commas between them')
    .option('--run <id>', 'only records of this run (control events for every run, too)')
    .option('--day <date>', 'only records of this day (UTC)')
    .option('--json', 'a summary for machines')
    .addHelpText(
      'after',
      `
Everything up to the end as it is at the start is exported. The same command again adds what came since; one that was interrupted goes on where it was.
An export of everything can be replayed: policygate import makes a data directory of it.
Examples:
  policygate export --out ./export --data-dir ./data
  policygate export --out ./export --bus kafka
  policygate export --out ./r-1 --run r-1 --topics audit-records,decisions --format jsonl --data-dir ./data`,
    )
    .action((flags: ExportFlags) => exportTo(flags, io));
};

const exportTo = async (flags: ExportFlags, io: Io): Promise<void> => {
  const { out } = flags;
  if (out === undefined) throw new Failure('--out is missing; expected a directory for the files');
  const request = requestOf(flags);
  await onExistingBus(
    flags,
    (warning) => io.err(`Warning: ${warning}\n`),
    async (session) => {
      const progress = new Progress(io, 'offsets exported');
      let { manifest, added } = { manifest: undefined as Manifest | undefined, added: 0 };
      const log = await logAtStart(session);
      try {
        // One that was interrupted ends where it was to end; then comes what has been added to the log since.
        for (let again = true; again;) {
          const opened = await openExportDirectory(out, request, log);
          const onStep = ({ done, total }: { readonly done: number; readonly total: number }): void => progress.show(done, total);
          const exported = await exportLog({ session, directory: out, manifest: opened.manifest, onStep });
          manifest = exported.manifest;
          added += exported.added;
          again = opened.interrupted;
        }
      } finally {
        progress.end();
      }
      if (manifest !== undefined) io.out(flags.json === true ? summaryJson(manifest, added) : summary(out, manifest, added));
    },
  );
};

const requestOf = ({ format, topics, run, day }: ExportFlags): ExportRequest => {
  if (day !== undefined && (!/^\d{4}-\d{2}-\d{2}$/.test(day) || parseRfc3339(`${day}T00:00:00Z`) === undefined))
    throw new Failure(`--day ${day}: expected a date such as 2026-02-24`);
  return {
    file_format: format,
    filter: {
      topics: topics === undefined ? null : topicsOf(topics),
      run_id: run === undefined ? null : runOption(run),
      day: day ?? null,
    },
  };
};

/** In the order of all topics, each once. */
const topicsOf = (text: string): Topic[] => {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names)
    if (!TOPICS.some((topic) => topic === name))
      throw new Failure(`--topics: no topic \`${name}\`${didYouMean(name, TOPICS)}; expected ${alternatives(TOPICS)}`);
  return TOPICS.filter((topic) => names.includes(topic));
};

const totals = ({ files }: Manifest): { readonly records: number; readonly bytes: number } => ({
  records: files.reduce((sum, { records }) => sum + records, 0),
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});

const summary = (out: string, manifest: Manifest, added: number): string => {
  const { records, bytes } = totals(manifest);
  return `${added} records exported into ${out}; it holds ${records} in ${manifest.files.length} files, ${bytes} bytes.\n`;
};

const summaryJson = (manifest: Manifest, added: number): string => {
  const { records, bytes } = totals(manifest);
  const { complete, file_format, shards } = manifest;
  return `${canonicalJson({ added, bytes, complete, file_format, files: manifest.files.length, records, shards })}\n`;
};
