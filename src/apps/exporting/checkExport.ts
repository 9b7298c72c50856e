/** Whether an export is what its manifest says: every file there, whole and unaltered, and none beside them. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../../audit/export/manifest';
import type { ExportedFile, Manifest } from '../../audit/export/manifest';
import type { BusRecord } from '../../processor/bus';
import { Failure } from '../failure';
import { filesIn } from './exportDirectory';
import { hashOfFile } from './exportedFiles';
import { readManifestFile } from './manifestFile';
import { openExportedFile } from './readExport';
import type { LineSchemas } from './readExport';

export const readExportManifest = (directory: string): Promise<Manifest> => readManifestFile(join(directory, MANIFEST_FILE));

/** One line for each file that is not as it should be. `onBytes` is told how far it is. */
export const checkFiles = async (
  directory: string,
  { files }: Manifest,
  onBytes: (done: number, total: number) => void = () => undefined,
): Promise<readonly string[]> => {
  const listed = new Set(files.map(({ path }) => path));
  const faults = (await filesIn(directory))
    .filter((path) => !listed.has(path))
    .map((path) => `${join(directory, path)}: it is not in the manifest`);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const file of files) {
    const fault = await faultOf(directory, file);
    if (fault !== undefined) faults.push(fault);
    done += file.bytes;
    onBytes(done, total);
  }
  return faults;
};

const faultOf = async (directory: string, { path, bytes, sha256 }: ExportedFile): Promise<string | undefined> => {
  const full = join(directory, path);
  try {
    const { size } = await stat(full);
    if (size !== bytes) return `${full}: ${size} bytes, but the manifest says ${bytes}`;
    const found = (await hashOfFile(full, bytes)).digest('hex');
    return found === sha256 ? undefined : `${full}: its SHA-256 is ${found}, but the manifest says ${sha256}`;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? `${full}: it is missing`
      : `${full}: it cannot be read (${String(error)})`;
  }
};

/** The records of a file, which must be those that the manifest counts. Throws a Failure. */
export async function* recordsOfFile(directory: string, file: ExportedFile, schemas: LineSchemas): AsyncGenerator<BusRecord> {
  const path = join(directory, file.path);
  const opened = await openExportedFile(path, schemas);
  const counts = new Map<number, { records: number; first: number; last: number }>();
  if (opened.topic !== file.topic) throw new Failure(`${path}: records of ${opened.topic}, but the manifest says ${file.topic}`);
  for await (const { where, record } of opened.records()) {
    const { partition, offset } = record;
    const count = counts.get(partition);
    if (count === undefined) counts.set(partition, { records: 1, first: offset, last: offset });
    else {
      if (offset <= count.last) throw new Failure(`${where}: offset ${offset} behind ${count.last}: expected them to grow`);
      count.records += 1;
      count.last = offset;
    }
    yield record;
  }
  const same = file.partitions.every(({ partition, records, first_offset, last_offset }) => {
    const count = counts.get(partition);
    return count?.records === records && count.first === first_offset && count.last === last_offset;
  });
  if (!same || counts.size !== file.partitions.length)
    throw new Failure(`${path}: its records are not those that the manifest counts`);
}
