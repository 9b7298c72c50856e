/** A new user's two folders: a fresh clone of this tree, and an empty folder with the package that the clone makes. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/program';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with what it said where it does not end with 0. */
export const run = (
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> =>
  promisify(execFile)(command, args, { cwd, env: { ...process.env, ...env }, timeout: 60_000, maxBuffer: 1 << 24 });

/**
 * What `git clone` would give of this tree as it is: every file that is not ignored, and none that is. The dependencies are those that are installed here: that the lock file installs is
 * what every run of the tests begins with.
 */
export const freshClone = async (folder: string): Promise<void> => {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], ROOT);
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
};

/** `npm pack` in the clone; answers with the path of the package. */
export const packed = async (clone: string): Promise<string> => {
  await run('npm', ['pack', '--silent'], clone);
  const [file, ...others] = readdirSync(clone).filter((name) => name.endsWith('.tgz'));
  if (file === undefined || others.length > 0) throw new Error('npm pack: expected one package');
  return join(clone, file);
};

/** Installs the package, and what it depends on, into a folder of its own; from npm's cache where that has it. */
export const install = async (tarball: string, folder: string): Promise<void> => {
  // npm looks for a project upwards: this one is the project.
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await run(
    'npm',
    ['install', tarball, ...['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev']],
    folder,
  );
};
