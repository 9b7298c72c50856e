/** The built program in a folder of the campaign's own, so that copies of it can be broken. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, run } from '../../infra/native/command';

const ROOT = join(__dirname, '..', '..');
const BUILD_MS = 60_000;

/** A text of the compiled program, and what a mistake would have there. */
export interface Patch {
  /** Under `src/`, without `.js`. */
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
}

/** Builds into `folder`, which must not exist yet. Answers with the folder. */
export const buildProgram = async (folder: string): Promise<string> => {
  mkdirSync(folder, { recursive: true });
  const { ok, text } = await run(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--out', join(folder, 'dist')], BUILD_MS);
  if (!ok) throw new Error(`the program could not be built: ${lastWords(text)}`);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
};

/** A copy with these mistakes. Throws an Error where one no longer applies: then the campaign must be taught the new text, or it proves nothing. */
export const breakProgram = (intact: string, folder: string, patches: readonly Patch[]): string => {
  cpSync(intact, folder, { recursive: true, verbatimSymlinks: true });
  for (const { file, from, to } of patches) {
    const path = join(folder, 'dist', 'src', `${file}.js`);
    if (!existsSync(path)) throw new Error(`planted bug: there is no src/${file}.ts any more`);
    const text = readFileSync(path, 'utf8');
    const broken = text.replace(from, to);
    if (broken === text) throw new Error(`planted bug: src/${file}.ts no longer holds ${String(from)}`);
    writeFileSync(path, broken);
  }
  return folder;
};

export const programOf = (folder: string): string => join(folder, 'dist', 'src', 'apps', 'cli', 'policygate.js');
