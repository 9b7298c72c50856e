/**
 * The program as the simulation runs it: one bundle of the worker, the production sources in it as they are, but that the shell (src/apps) finds the
 * world's clocks and chance in place of the real ones, and that planted bugs can be turned on, one at a time, by name.
 */
import { build, transform } from 'esbuild';
import type { BuildFailure, OutputFile, Plugin } from 'esbuild';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync, renameSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { PLANTED_BUGS } from '../planted/plantedBugs';
import { isPatched, patchSource } from './patchSource';

const ROOT = join(__dirname, '..', '..', '..');
const ENTRY = join(ROOT, 'test', 'simulation', 'worker', 'worker.ts');
/** Below the checkout, so that it finds what is installed there. */
const FOLDER = join(ROOT, 'node_modules', '.cache', 'policygate-simulation');
const KEPT_MS = 86_400_000;

const SHELL = Object.fromEntries(
  ['Date', 'performance', 'Math'].map((name) => [name, `globalThis.policygateSimulation.shell.${name}`]),
);

/** Answers with the bundle's file. Throws an Error for a source that cannot be bundled, and for a planted bug that no longer applies. */
export const buildSimulation = async (): Promise<string> => {
  const { outputFiles } = await bundled();
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  const file = join(FOLDER, `worker-${hash('sha256', contents, 'hex').slice(0, 16)}.js`);
  mkdirSync(FOLDER, { recursive: true });
  dropOld();
  if (!existsSync(file)) {
    // Whoever builds the same at the same time must find it whole.
    writeFileSync(`${file}.${process.pid}`, contents);
    renameSync(`${file}.${process.pid}`, file);
  }
  return file;
};

const bundled = async (): Promise<{ readonly outputFiles: readonly OutputFile[] }> => {
  try {
    return await build({
      ...{ entryPoints: [ENTRY], bundle: true, platform: 'node', format: 'cjs', target: 'node20', packages: 'external' },
      ...{ sourcemap: 'inline', sourcesContent: false, write: false, outfile: join(FOLDER, 'worker.js'), logLevel: 'silent' },
      plugins: [simulated],
    });
  } catch (error) {
    const [first] = (error as Partial<BuildFailure>).errors ?? [];
    if (first === undefined) throw error;
    // Of a planted bug esbuild names whoever imports the file.
    const where = first.location === null || first.pluginName !== '' ? '' : `${first.location.file}:${first.location.line}: `;
    throw new Error(`the simulation could not be built: ${where}${first.text}`);
  }
};

const simulated: Plugin = {
  name: 'simulated',
  setup: (bundler) => {
    for (const file of new Set(PLANTED_BUGS.flatMap(({ patches }) => patches.map((patch) => patch.file))))
      if (!existsSync(join(ROOT, file))) throw new Error(`planted bugs: there is no ${file} any more`);
    bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const file = relative(ROOT, path).split(sep).join('/');
      const source = await readFile(path, 'utf8');
      let patched = source;
      try {
        if (isPatched(file, PLANTED_BUGS)) patched = patchSource(source, file, PLANTED_BUGS);
      } catch (error) {
        return { errors: [{ text: error instanceof Error ? error.message : String(error) }] };
      }
      const define = {
        ...(file.startsWith('src/apps/') ? SHELL : {}),
        // Files that are read beside a source are not beside the bundle.
        ...(source.includes('__dirname') ? { __dirname: JSON.stringify(dirname(path)) } : {}),
      };
      if (Object.keys(define).length === 0) return { contents: patched, loader: 'ts' };
      const { code } = await transform(patched, {
        loader: 'ts',
        sourcefile: path,
        sourcemap: 'inline',
        target: 'node20',
        define,
      });
      return { contents: code, loader: 'js', resolveDir: dirname(path) };
    });
  },
};

const dropOld = (): void => {
  for (const name of readdirSync(FOLDER)) {
    const file = join(FOLDER, name);
    if (Date.now() - statSync(file).mtimeMs > KEPT_MS) rmSync(file, { force: true });
  }
};
