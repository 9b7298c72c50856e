/**
 * Where `correlate` and `stats` read from: audit and execution JSONL, an export, or the topics of a bus. Steps come one at a time; a line or a record
 * that cannot be read is a Failure that names it.
 */
import { stat } from 'node:fs/promises';
import { inOrderOfTime } from '../../audit/correlate/inOrderOfTime';
import type { AuditStep } from '../../audit/steps/auditStep';
import { AUDIT_RECORDS, EXECUTION_EVENTS } from '../../contracts/topics';
import type { BusFlags } from '../config/settings';
import type { Io } from '../cli/io';
import { Progress } from '../cli/io';
import { Failure } from '../failure';
import { unreadable } from '../files';
import { onExistingBus } from '../records/onBus';
import { stepsOfBus } from './stepsOfBus';
import { isExported, stepsOfExport, stepsOfExportedFile } from './stepsOfExport';
import { stepsOfFile } from './stepsOfFile';

export interface SourceFlags extends BusFlags {
  readonly audit?: string;
  readonly exec?: string;
}

/** `executions`: the steps of orders, too, put in between by the wall clock. */
export const withSteps = async <T>(
  flags: SourceFlags,
  io: Io,
  executions: boolean,
  work: (steps: AsyncIterable<AuditStep>) => Promise<T>,
): Promise<T> => {
  const { audit, exec } = flags;
  const warn = (warning: string): void => io.err(`Warning: ${warning}\n`);
  if (audit === undefined) {
    if (exec !== undefined) throw new Failure('--exec goes with --audit: give the audit log of the same run, too');
    return onExistingBus(flags, warn, async (open) => {
      const progress = new Progress(io, 'records read');
      try {
        return await work(stepsOfBus(open, executions, progress, warn));
      } finally {
        progress.end();
      }
    });
  }
  const other = flags.dataDir !== undefined ? '--data-dir' : flags.bus !== undefined ? '--bus' : undefined;
  if (other !== undefined) throw new Failure(`--audit names files, and ${other} a bus: expected one of the two`);
  const progress = new Progress(io, 'bytes read');
  try {
    return await work(await stepsOfFiles(audit, exec, executions, progress, warn));
  } finally {
    progress.end();
  }
};

const stepsOfFiles = async (
  audit: string,
  exec: string | undefined,
  executions: boolean,
  progress: Progress,
  warn: (warning: string) => void,
): Promise<AsyncIterable<AuditStep>> => {
  const auditInfo = await look(audit);
  if (auditInfo.isDirectory()) {
    if (exec !== undefined)
      throw new Failure(`--exec ${exec}: the export ${audit} has the executions itself; leave out --exec, or name files in both`);
    return stepsOfExport(audit, executions, progress, warn);
  }
  if (!executions) return stepsOfOne('audit', audit, progressOf(progress, auditInfo.size));
  if (exec === undefined)
    throw new Failure(`--exec is missing: correlate needs the execution log that goes with ${audit} (run --exec-log)`);
  const total = auditInfo.size + (await look(exec)).size;
  const read = progressOf(progress, total);
  return inOrderOfTime(await stepsOfOne('audit', audit, read), await stepsOfOne('exec', exec, read));
};

const TOPIC_OF = { audit: AUDIT_RECORDS, exec: EXECUTION_EVENTS } as const;

const stepsOfOne = async (
  kind: 'audit' | 'exec',
  file: string,
  read: (bytes: number) => void,
): Promise<AsyncIterable<AuditStep>> =>
  (await isExported(file)) ? stepsOfExportedFile(file, TOPIC_OF[kind], () => undefined) : stepsOfFile(kind, file, read);

const look = async (file: string) => {
  try {
    return await stat(file);
  } catch (error) {
    throw unreadable(file, error);
  }
};

const progressOf = (progress: Progress, total: number): ((bytes: number) => void) => {
  let done = 0;
  return (bytes) => {
    done += bytes;
    progress.show(done, total);
  };
};
