/** Makes a data directory of an export: every record at the offset that it had, under the schema ids that it was written with. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Manifest } from '../../audit/export/manifest';
import { openEmbeddedImport } from '../../bus/embedded/import/openImport';
import { Failure } from '../failure';
import { unreadable } from '../files';
import { recordsOfFile } from './checkExport';
import { lineSchemas } from './readExport';

export interface ImportOptions {
  /** Of the export. Its files are checked before. */
  readonly from: string;
  readonly manifest: Manifest;
  readonly dataDir: string;
  /** Each record is read and then put into its place: two steps. */
  readonly onStep?: (done: number, total: number) => void;
}

/** Answers with how many records there are. Rejects with a Failure or a BusError; then the directory is marked as unfinished. */
export const importExport = async ({ from, manifest, dataDir, onStep = () => undefined }: ImportOptions): Promise<number> => {
  const schemas = await lineSchemas(manifest);
  const target = await openEmbeddedImport({ directory: dataDir, shards: manifest.shards, partial: partOf(manifest) });
  try {
    const records = manifest.files.reduce((sum, file) => sum + file.records, 0);
    let done = 0;
    const step = (): void => onStep(++done, 2 * records);
    for (const [id, text] of schemas.schemas) await target.putSchema(id, text);
    for (const file of manifest.files)
      for await (const record of recordsOfFile(from, file, schemas)) {
        await target.put(record);
        step();
      }
    const ends = manifest.partitions.map(({ topic, partition, exported_to }) => ({ topic, partition, offset: exported_to }));
    await target.finish(ends, step);
    return records;
  } finally {
    await target.close();
  }
};

/** An import writes nothing into the export that it is of: that would be no export any more. Rejects with a Failure. */
export const checkOutside = async (from: string, dataDir: string): Promise<void> => {
  const way = relative(await realPathOf(from), await realPathOf(dataDir));
  // On Windows the way to another drive begins with its letter.
  const outside = way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
  if (!outside) throw new Failure(`--data-dir ${dataDir}: it is in the export ${from}; give a directory outside of it`);
};

/** Without symbolic links, also of what is yet to be made. */
const realPathOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw unreadable(path, error);
    return join(await realPathOf(dirname(path)), basename(path));
  }
};

/** Why an export gives no log that can be replayed, or undefined. */
export const whyPartial = ({ complete, filter }: Manifest): string | undefined => {
  const asked = filterText(filter);
  if (asked !== '') return `it was made of ${asked} alone`;
  return complete ? undefined : 'it was interrupted; give the same `policygate export` again';
};

/** Of which part of a log an export is, or undefined: of the whole. */
const partOf = ({ complete, filter }: Manifest): string | undefined => {
  const asked = filterText(filter);
  if (asked !== '') return `${asked} alone`;
  return complete ? undefined : 'an export that was interrupted';
};

/** Empty: everything. */
const filterText = ({ topics, run_id, day }: Manifest['filter']): string =>
  [
    ...(topics === null ? [] : [`topics ${topics.join(', ')}`]),
    ...(run_id === null ? [] : [`run \`${run_id}\``]),
    ...(day === null ? [] : [`day ${day}`]),
  ].join(', ');
