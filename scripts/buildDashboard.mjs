// Bundles the dashboard (src/apps/dashboard) into a folder: one script, one stylesheet and the worker that verifies chains, named after what is in
// them so that a browser may keep them for good, and the page that names them.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The schemas by full name, without their docs: by them the worker reads what it verifies. */
const avroSchemas = (folder) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.avsc'))
      .sort()
      .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8'), (key, value) => (key === 'doc' ? undefined : value)))
      .map((schema) => [`${schema.namespace}.${schema.name}`, schema]),
  );

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
    write: false,
    logLevel: 'warning',
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
  };
  const built = async (entry, more = {}) => {
    const { outputFiles } = await build({ ...options, ...more, entryPoints: [join(from, entry)] });
    return outputFiles.map(({ path, contents }) => {
      // By the contents alone: a hash of esbuild's depends on where the sources are, and the same commit would have other names elsewhere.
      const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase();
      const name = basename(path).replace(/\.\w+$/, (extension) => `-${hash}${extension}`);
      writeFileSync(join(to, name), contents);
      return name;
    });
  };
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const schemas = avroSchemas(join(from, '..', '..', '..', 'avro'));
  const [worker] = await built('chain/chainWorker.ts', { define: { AVRO_SCHEMAS: JSON.stringify(schemas) } });
  const files = await built('main.tsx', { format: 'esm', define: { CHAIN_WORKER: JSON.stringify(worker) } });
  const named = (extension) => files.find((file) => file.endsWith(extension));
  const html = readFileSync(page, 'utf8').replace('{{app.css}}', named('.css')).replace('{{app.js}}', named('.js'));
  writeFileSync(join(to, 'index.html'), html);
};
