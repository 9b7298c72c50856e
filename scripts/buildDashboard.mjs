// Bundles the dashboard (src/apps/dashboard) into a folder: one script, one stylesheet and the worker that verifies chains, named after what is in
// them so that a browser may keep them for good, and the page that names them.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Leaves `to` as it is where there are no sources. */
export const buildDashboard = async (from, to) => {
  const page = join(from, 'page.html');
  if (!existsSync(page)) return;
  const options = {
    bundle: true,
    minify: true,
    legalComments: 'none',
    target: 'es2022',
    outdir: to,
    entryNames: '[name]-[hash]',
    metafile: true,
    logLevel: 'warning',
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
  };
  const built = async (entry, more = {}) => {
    const { metafile } = await build({ ...options, ...more, entryPoints: [join(from, entry)] });
    return Object.keys(metafile.outputs).map((file) => basename(file));
  };
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const [worker] = await built('chain/chainWorker.ts');
  const files = await built('main.tsx', { format: 'esm', define: { CHAIN_WORKER: JSON.stringify(worker) } });
  const named = (extension) => files.find((file) => file.endsWith(extension));
  const html = readFileSync(page, 'utf8').replace('{{app.css}}', named('.css')).replace('{{app.js}}', named('.js'));
  writeFileSync(join(to, 'index.html'), html);
};
