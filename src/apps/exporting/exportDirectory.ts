/**
 * The directory of an export before records are written to it: a new one, or one that an earlier export into it has left, of the same log and with the same
 * options, whole or interrupted. Anything else is refused, and nothing in it is changed.
 */
import { mkdir, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, newManifest } from '../../audit/export/manifest';
import type { ExportedFile, ExportedPartition, Manifest } from '../../audit/export/manifest';
import { essenceOf } from '../../contracts/avro/schemas';
import { TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import { Failure } from '../failure';
import { unreadable } from '../files';
import { ENGINE_VERSION } from '../session';
import { unwritable } from './exportedFiles';
import type { LogAtStart } from './logAtStart';
import { readManifestFile, writeManifestFile } from './manifestFile';

export type ExportRequest = Pick<Manifest, 'file_format' | 'filter'>;

/**
 * The manifest to go on from, on disk. An export that was interrupted goes on to where it was to end (`interrupted`): what came later is for the next.
 * Rejects with a Failure.
 */
export const openExportDirectory = async (
  directory: string,
  request: ExportRequest,
  log: LogAtStart,
): Promise<{ readonly manifest: Manifest; readonly interrupted: boolean }> => {
  const path = join(directory, MANIFEST_FILE);
  const names = await namesIn(directory);
  if (!names.includes(MANIFEST_FILE)) {
    const other = names.find((name) => name !== `${MANIFEST_FILE}.new`);
    if (other !== undefined)
      throw new Failure(
        `${directory}: it holds something else (${other}); expected a new or empty directory, or one of an export`,
      );
    const manifest = freshManifest(request, log);
    await save(directory, manifest);
    return { manifest, interrupted: false };
  }
  const found = await readManifestFile(path);
  checkSame(directory, found, request, log);
  await tidy(directory, found);
  if (!found.complete) return { manifest: found, interrupted: true };
  const manifest = prolonged(found, log);
  await save(directory, manifest);
  return { manifest, interrupted: false };
};

/** The manifest with the log's end as it is now as its aim. */
const prolonged = (found: Manifest, log: LogAtStart): Manifest => {
  const partitions = partitionsOf(found.filter.topics, log).map((part) => ({
    ...part,
    exported_to: found.partitions.find((one) => one.topic === part.topic && one.partition === part.partition)?.exported_to ?? 0,
  }));
  const complete = partitions.every(({ exported_to, end_offset }) => exported_to === end_offset);
  const schemas = { ...Object.fromEntries(log.schemas), ...found.schemas };
  const first_audit_records = found.first_audit_records.map((first, shard) => first ?? log.firstAuditRecords[shard] ?? null);
  return { ...found, engine_version: ENGINE_VERSION, complete, first_audit_records, schemas, partitions };
};

const freshManifest = ({ file_format, filter }: ExportRequest, log: LogAtStart): Manifest => {
  const partitions = partitionsOf(filter.topics, log);
  return newManifest({
    engine_version: ENGINE_VERSION,
    file_format,
    shards: log.shards,
    filter,
    complete: partitions.every(({ exported_to, end_offset }) => exported_to === end_offset),
    first_audit_records: [...log.firstAuditRecords],
    schemas: Object.fromEntries(log.schemas),
    partitions,
    files: [],
  });
};

const partitionsOf = (topics: readonly Topic[] | null, log: LogAtStart): ExportedPartition[] =>
  log.ends
    .filter(({ topic }) => topics?.includes(topic) ?? true)
    .map(({ topic, partition, offset }) => ({ topic, partition, exported_to: 0, end_offset: offset }));

const checkSame = (directory: string, found: Manifest, { file_format, filter }: ExportRequest, log: LogAtStart): void => {
  const refuse = (what: string): never => {
    throw new Failure(`${directory}: it holds an export ${what}; give another --out, or the same options`);
  };
  if (found.file_format !== file_format) refuse(`as ${found.file_format}, not ${file_format}`);
  if (JSON.stringify(found.filter) !== JSON.stringify(filter))
    refuse(`of ${filterText(found.filter)}, not of ${filterText(filter)}`);
  const another = (why: string): never => refuse(`of another log (${why})`);
  if (found.shards !== log.shards) another(`${found.shards} shards, not ${log.shards}`);
  for (const [shard, first] of found.first_audit_records.entries())
    if (first !== null && first !== log.firstAuditRecords[shard]) another(`the first audit record of shard ${shard} differs`);
  for (const { topic, partition, exported_to } of found.partitions) {
    const end = log.ends.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0;
    if (end < exported_to) another(`${topic}/${partition} ends at offset ${end}, before ${exported_to}`);
  }
  for (const [id, text] of log.schemas) {
    const known = found.schemas[String(id)];
    if (known !== undefined && essenceOf(known) !== essenceOf(text)) another(`schema ${id} is another`);
  }
};

/** In the words of the command's flags. */
const filterText = ({ topics, run_id, day }: Manifest['filter']): string => {
  const parts = [
    ...(topics === null ? [] : [topics.join(', ')]),
    ...(run_id === null ? [] : [`run ${run_id}`]),
    ...(day === null ? [] : [`day ${day}`]),
  ];
  return parts.length === 0 ? 'everything' : parts.join(', ');
};

/** Cuts off what an interrupted export wrote behind what its manifest says, and removes the files that it had only begun. */
const tidy = async (directory: string, { files, complete }: Manifest): Promise<void> => {
  const listed = new Set(files.map(({ path }) => path));
  for (const path of await filesIn(directory)) {
    if (listed.has(path)) continue;
    if (complete || !isExportPath(path)) throw new Failure(`${join(directory, path)}: it is no part of the export; move it away`);
    await rm(join(directory, path));
  }
  for (const file of files) await cut(directory, file, complete);
};

const cut = async (directory: string, { path, bytes }: ExportedFile, complete: boolean): Promise<void> => {
  const full = join(directory, path);
  try {
    const { size } = await stat(full);
    if (size === bytes) return;
    if (size < bytes || complete)
      throw new Failure(`${full}: ${size} bytes, but the manifest says ${bytes}; restore it, or export into another directory`);
    await truncate(full, bytes);
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(full, error);
  }
};

const PATH = /^([a-z-]+)\/[^/]+\/[^/]+\.(avro|jsonl)$/;
const isExportPath = (path: string): boolean => TOPICS.some((topic) => topic === PATH.exec(path)?.[1]);

/** Paths of all files but the manifest, with slashes, sorted. */
export const filesIn = async (directory: string): Promise<readonly string[]> => {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(join(directory, 'x').length - 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => path !== MANIFEST_FILE && path !== `${MANIFEST_FILE}.new`)
    .sort();
};

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    await mkdir(directory, { recursive: true });
    return await readdir(directory);
  } catch (error) {
    throw unwritable(directory, error);
  }
};

const save = async (directory: string, manifest: Manifest): Promise<void> => {
  const path = join(directory, MANIFEST_FILE);
  try {
    await writeManifestFile(path, manifest);
  } catch (error) {
    throw unwritable(path, error);
  }
};
