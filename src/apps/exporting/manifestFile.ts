/** The manifest of an export on disk: it is replaced whole, never changed in place. */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExportFault } from '../../audit/export/exportFault';
import { manifestText, readManifest } from '../../audit/export/manifest';
import type { Manifest } from '../../audit/export/manifest';
import { Failure } from '../failure';
import { unreadable } from '../files';

/** A million files. */
const MOST_BYTES = 400 * 1024 * 1024;

/** Rejects with a Failure that names the file, and what in it is not as expected. */
export const readManifestFile = async (path: string): Promise<Manifest> => {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new Failure(`${path}: ${size} bytes: expected at most ${MOST_BYTES}`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error);
  }
  try {
    return readManifest(text);
  } catch (error) {
    if (error instanceof ExportFault) throw new Failure(`${path}: ${error.message}`);
    throw error;
  }
};

/** When it resolves, the manifest is on disk, and before that the earlier one is. */
export const writeManifestFile = async (path: string, manifest: Manifest): Promise<void> => {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w');
  try {
    await file.writeFile(manifestText(manifest));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await syncFolder(dirname(path));
};

/** So that names in it survive a power failure. Where folders cannot be opened (Windows), there is nothing to do. */
export const syncFolder = async (path: string): Promise<void> => {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'EINVAL') throw error;
  }
};
