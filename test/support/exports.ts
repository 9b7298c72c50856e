/** Exports on disk, as the tests look at them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readExportManifest } from '../../src/apps/exporting/checkExport';
import { lineSchemas, openExportedFile } from '../../src/apps/exporting/readExport';
import { plain } from './everyRecord';

/** Every file with the digest of its bytes. */
export const filesOf = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(directory.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );

/** Every record of every file. */
export const recordsOf = async (directory: string): Promise<readonly string[]> => {
  const records: string[] = [];
  const manifest = await readExportManifest(directory);
  const schemas = await lineSchemas(manifest);
  for (const { path } of manifest.files)
    for await (const { record } of (await openExportedFile(join(directory, path), schemas)).records())
      records.push(plain(record));
  return records;
};
