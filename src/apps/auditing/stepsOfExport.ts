/** The steps that an export tells, or one file of it. Of a folder, the runs by turns, each from its first day to its last. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { inOrderOfTime } from '../../audit/correlate/inOrderOfTime';
import type { ExportedFile } from '../../audit/export/manifest';
import { MANIFEST_FILE } from '../../audit/export/manifest';
import type { AuditStep } from '../../audit/steps/auditStep';
import { AUDIT_RECORDS, EXECUTION_EVENTS } from '../../contracts/topics';
import type { Progress } from '../cli/io';
import { readManifestFile } from '../exporting/manifestFile';
import { codecOf, openExportedFile } from '../exporting/readExport';
import { Failure } from '../failure';
import { unreadable } from '../files';
import type { Undecoded } from './stepsOfBus';
import { auditSteps, executionSteps, undecodedWarning } from './stepsOfBus';

type StepTopic = typeof AUDIT_RECORDS | typeof EXECUTION_EVENTS;

export async function* stepsOfExport(
  folder: string,
  executions: boolean,
  progress: Progress,
  warn: (warning: string) => void,
): AsyncGenerator<AuditStep> {
  const { files, complete, filter } = await readManifestFile(join(folder, MANIFEST_FILE));
  if (!complete) warn(`${folder}: the export is not complete; give its command again`);
  const topics = executions ? [AUDIT_RECORDS, EXECUTION_EVENTS] : [AUDIT_RECORDS];
  for (const topic of topics)
    if (filter.topics !== null && !filter.topics.some((name) => name === topic))
      throw new Failure(`${folder}: it was exported without ${topic}, which is needed here`);
  const wanted = files.filter(({ topic }) => topics.some((name) => name === topic));
  const total = wanted.reduce((sum, { records }) => sum + records, 0);
  let done = 0;
  const read = (): void => progress.show(++done, total);
  const undecoded: Undecoded = { count: 0, first: '' };
  for (const run of new Set(wanted.map(({ run_id }) => run_id))) {
    const of = (topic: StepTopic) => stepsOfDays(folder, daysOf(wanted, topic, run), topic, read, undecoded);
    yield* executions ? inOrderOfTime(of(AUDIT_RECORDS), of(EXECUTION_EVENTS)) : of(AUDIT_RECORDS);
  }
  if (undecoded.count > 0) warn(undecodedWarning(undecoded));
}

/** The steps of one file of an export. */
export async function* stepsOfExportedFile(path: string, topic: StepTopic, read: () => void): AsyncGenerator<AuditStep> {
  const undecoded: Undecoded = { count: 0, first: '' };
  yield* exportedSteps(path, topic, read, undecoded);
  if (undecoded.count > 0) throw new Failure(`${path}: ${undecodedWarning(undecoded)}`);
}

const CONTAINER = Buffer.from('Obj\u0001', 'latin1');
/** How every line of an export begins. */
const LINE = Buffer.from('{"topic":', 'latin1');

/** Whether a file is one of an export; the logs of `run` and `eval` begin in other ways. Rejects with a Failure. */
export const isExported = async (path: string): Promise<boolean> => {
  try {
    const file = await open(path, 'r');
    try {
      const start = Buffer.alloc(LINE.length);
      await file.read(start, 0, start.length, 0);
      return start.equals(LINE) || start.subarray(0, CONTAINER.length).equals(CONTAINER);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
};

const daysOf = (files: readonly ExportedFile[], topic: StepTopic, run: string | null): readonly string[] =>
  files
    .filter((file) => file.topic === topic && file.run_id === run)
    .sort((a, b) => (a.day === b.day ? a.part - b.part : (a.day ?? '') < (b.day ?? '') ? -1 : 1))
    .map(({ path }) => path);

async function* stepsOfDays(
  folder: string,
  paths: readonly string[],
  topic: StepTopic,
  read: () => void,
  undecoded: Undecoded,
): AsyncGenerator<AuditStep> {
  for (const path of paths) yield* exportedSteps(join(folder, path), topic, read, undecoded);
}

async function* exportedSteps(path: string, topic: StepTopic, read: () => void, undecoded: Undecoded): AsyncGenerator<AuditStep> {
  const file = await openExportedFile(path);
  if (file.topic !== topic) throw new Failure(`${path}: holds ${file.topic}; expected ${topic}`);
  const codec = await codecOf(file.schemas);
  const records = recordsOf(file.records());
  yield* topic === AUDIT_RECORDS ? auditSteps(codec, records, read) : executionSteps(codec, records, read, undecoded);
}

async function* recordsOf<T>(placed: AsyncIterable<{ readonly record: T }>): AsyncGenerator<T> {
  for await (const { record } of placed) yield record;
}
