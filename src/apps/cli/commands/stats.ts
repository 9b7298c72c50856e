import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { AuditStats } from '../../../audit/stats/auditStats';
import { statsJson } from '../../../audit/stats/statsJson';
import { statsSvg } from '../../../audit/stats/statsSvg';
import { canonicalJson } from '../../../contracts/json/write';
import { statsText } from '../../auditing/statsTexts';
import type { SourceFlags } from '../../auditing/stepSource';
import { refuseInput } from '../../auditing/ownFile';
import { withSteps } from '../../auditing/stepSource';
import { withBusOptions } from '../../connection';
import { unreadable } from '../../files';
import type { Io } from '../io';

interface StatsFlags extends SourceFlags {
  readonly run?: string;
  readonly json?: boolean;
  readonly svg?: string;
}

/** `policygate stats`: what the gate decided, and how long it took. */
export const statsCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('stats'))
    .description('Count decisions by verdict, rule, strategy and symbol, and how long evaluations took.')
    .option('--audit <file>', 'audit log (JSONL of run or eval), or the folder of an export')
    .option('--run <id>', 'only this run')
    .option('--json', 'for machines: one line of JSON')
    .option('--svg <file>', 'write a picture to this file, too')
    .addHelpText(
      'after',
      `
Without --audit, the topic audit-records of a bus is read. Percentiles are exact, by nearest rank.

Exit codes: 0 counted, 1 nothing of --run, 2 could not run.

Examples:
  policygate stats --audit audit.jsonl
  policygate stats --audit audit.jsonl --svg stats.svg
  policygate stats --run r-1 --json --data-dir ./data
  policygate stats --bus kafka`,
    )
    .action(async (flags: StatsFlags) => exit(await stats(flags, io)));
};

const stats = async (flags: StatsFlags, io: Io): Promise<number> => {
  const { run, svg } = flags;
  if (svg !== undefined) await refuseInput('--svg', svg, [flags.audit, flags.dataDir, flags.config]);
  const counted = new AuditStats();
  await withSteps(flags, io, false, async (steps) => {
    for await (const step of steps) if (run === undefined || step.runId === run) counted.add(step);
  });
  if (run !== undefined && counted.decisions === 0) {
    io.err(`run ${run}: no decision of it is on the log\n`);
    return 1;
  }
  if (svg !== undefined) await writePicture(svg, statsSvg(counted));
  io.out(flags.json === true ? `${canonicalJson(statsJson(counted))}\n` : `${statsText(counted)}\n`);
  return 0;
};

const writePicture = async (file: string, picture: string): Promise<void> => {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, picture, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
};
