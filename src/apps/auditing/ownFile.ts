/** A file that a command writes must not be one that it reads: it would be gone before it is read. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { Failure } from '../failure';

/** Rejects with a Failure where `file` is one of `inputs`, or lies in one that is a folder; by what the names lead to, and not by the names. */
export const refuseInput = async (flag: string, file: string, inputs: readonly (string | undefined)[]): Promise<void> => {
  const target = await stat(file).catch(() => undefined);
  const place = await placeOf(file);
  for (const input of inputs) {
    if (input === undefined) continue;
    const read = await stat(input).catch(() => undefined);
    if (read === undefined) continue;
    const isSame = target?.dev === read.dev && target.ino === read.ino;
    if (isSame || (read.isDirectory() && place.startsWith(`${await realpath(input)}${sep}`)))
      throw new Failure(`${flag} ${file}: is read by this command (${input}); give a file of its own`);
  }
  if (target !== undefined && !target.isFile()) throw new Failure(`${flag} ${file}: is no regular file; give a file of its own`);
};

/** Where a file is, or would be. */
const placeOf = async (file: string): Promise<string> => {
  try {
    return await realpath(file);
  } catch {
    return join(await realpath(dirname(file)).catch(() => dirname(file)), basename(file));
  }
};
