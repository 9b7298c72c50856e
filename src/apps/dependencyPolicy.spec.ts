/** The dependency policy of docs/security.md, held against package.json, the lockfile and what is installed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const textOf = (...names: readonly string[]): string => readFileSync(join(ROOT, ...names), 'utf8');

interface LockedPackage {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(textOf('package.json')) as Readonly<
  Record<'dependencies' | 'devDependencies', Record<string, string>>
>;
const lock = JSON.parse(textOf('package-lock.json')) as { readonly packages: Readonly<Record<string, LockedPackage>> };
const [, policy = ''] = /\n### Dependency policy\n([^]*?)\n### /.exec(textOf('docs', 'security.md')) ?? [];

const locked = Object.entries(lock.packages).filter(([path]) => path !== '');
/** What `npm ci --omit=dev` installs, by its folder. */
const production = locked.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);

/** As the package says, or, where it says nothing, as its licence file begins. */
const licenceOf = (folder: string): string => {
  const { license } = JSON.parse(textOf(folder, 'package.json')) as { readonly license?: string };
  return license ?? /^(MIT) License\n/.exec(textOf(folder, 'LICENSE'))?.[1] ?? 'none';
};

it('every direct dependency has one exact version, and every package a hash', () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(locked.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true).map(([path]) => path)).toEqual([]);
});

it('every production dependency has its row, with its licence', () => {
  const rows = [...policy.matchAll(/^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$/gm)].map(([, name = '', licence = '']) => [
    name,
    licence,
  ]);
  const wanted = Object.keys(manifest.dependencies).map((name) => [name, licenceOf(join('node_modules', name))]);
  expect(rows.sort()).toEqual(wanted.sort());
});

it('everything that production installs has a licence that is taken, and there is as much of it as the page says', () => {
  const [, allowed = ''] = /^- \*\*Licences\*\*[^:]*: ([^.]+(?:\.\d[^.]*)*)\. Another/m.exec(policy) ?? [];
  const taken = new Set(allowed.split(', '));
  expect(taken.size).toBeGreaterThan(3);
  const installed = production.filter(([path, { optional }]) => optional !== true || existsSync(join(ROOT, path)));
  const others = installed.map(([path]) => `${path}: ${licenceOf(path)}`).filter((line) => !taken.has(line.split(': ')[1] ?? ''));
  expect(others).toEqual([]);
  expect(Number(/(\d+) packages in all/.exec(policy)?.[1])).toBe(production.length);
});

it('names every production package that has an install script', () => {
  const names = production
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  const [, line = ''] = /^- \*\*No scripts\.\*\*([^]*?)\n- /m.exec(policy) ?? [];
  for (const name of names) expect(line).toContain(`\`${name}\``);
  expect(names).toHaveLength(2);
});
