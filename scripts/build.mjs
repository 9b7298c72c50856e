// Compiles src/, bench/ and infra/native/ (for bench/; an image is built without it) into dist/ with the compiler that the tests use too, and copies
// the data that the program reads (avro, policies, scenarios), so that a relative path means the same in both trees. Types are checked by
// `npm run types`, not here: a first start from a fresh clone spends about a second on it. The dashboard is bundled for browsers meanwhile.
// `--out DIR`: into another folder (the fault campaign breaks a copy of its own).
import { transformFileSync } from '@swc/core';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDashboard } from './buildDashboard.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = process.argv[2] === '--out' && process.argv[3] !== undefined ? resolve(process.argv[3]) : join(root, 'dist');
/** Runs in browsers: bundled, not compiled file by file. */
const dashboard = join('src', 'apps', 'dashboard');
const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  // The annotation is for Node: without it, an ES module could not import by name.
  module: { type: 'commonjs', exportInteropAnnotation: true },
  sourceMaps: true,
  swcrc: false,
};

rmSync(out, { recursive: true, force: true });
const bundled = buildDashboard(join(root, dashboard), join(out, dashboard, 'assets'));
for (const tree of ['src', 'bench', 'infra/native'].filter((tree) => existsSync(join(root, tree)))) {
  for (const entry of readdirSync(join(root, tree), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.spec.ts')) continue;
    const source = join(entry.parentPath ?? entry.path, entry.name);
    if (source.startsWith(join(root, dashboard, sep))) continue;
    const target = join(out, source.slice(root.length)).replace(/\.ts$/, '.js');
    // As seen from dist/: a whole path would make another file of the same commit elsewhere.
    const sourceFileName = relative(dirname(join(root, 'dist', source.slice(root.length))), source)
      .split(sep)
      .join('/');
    const { code, map } = transformFileSync(source, { ...options, filename: source, sourceFileName });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, `${code}\n//# sourceMappingURL=${entry.name.replace(/\.ts$/, '.js.map')}\n`);
    writeFileSync(`${target}.map`, map);
    if (code.startsWith('#!')) chmodSync(target, 0o755);
  }
}
for (const data of ['avro', 'policies', 'scenarios', 'infra/native/pom.xml']) {
  if (existsSync(join(root, data))) cpSync(join(root, data), join(out, data), { recursive: true });
}
await bundled;
