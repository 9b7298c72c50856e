/** A Python with the packages of a requirements file, in a cache folder of this user's. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../infra/native/artifacts';

const INSTALL_MS = 120_000;

export type FoundPython = { readonly python: string } | { readonly missing: string };

/** Blocks: what a test file describes must be known when it is loaded. A first time takes seconds, the next milliseconds. */
export const findPython = (requirements: string): FoundPython => {
  const version = spawnSync('python3', ['-c', 'import sys; print(sys.version)'], { encoding: 'utf8', timeout: 10_000 });
  if (version.status !== 0) return { missing: 'there is no python3: install Python 3.10 or newer, with venv' };
  const wanted = hash('sha256', `${version.stdout}${readFileSync(requirements, 'utf8')}`).slice(0, 16);
  const folder = join(cacheFolder(), `python-clients-${wanted}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return { python };
  mkdirSync(cacheFolder(), { recursive: true });
  // Made aside and then moved: no other process ever sees half of it.
  const made = mkdtempSync(`${folder}-`);
  try {
    for (const [command, ...args] of [
      ['python3', '-m', 'venv', made],
      [join(made, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '-r', requirements],
    ] as const) {
      const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_MS });
      if (status !== 0)
        return {
          missing: `\`${args.slice(0, 3).join(' ')}\` failed (${stderr.trim().split('\n').at(-1) ?? 'no answer in time'})`,
        };
    }
    try {
      renameSync(made, folder);
    } catch {
      // Somebody else was faster.
    }
    return { python };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
};
