/** The same sources give the same bytes: built twice, in folders of other names and depths, in other time zones and languages. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/program';

const folder = temporaryFolder();
afterAll(folder.remove);

const SOURCES = ['src', 'bench', 'infra', 'avro', 'policies', 'scenarios', 'scripts'];
const FILES = ['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];

interface Built {
  /** SHA-256 of each file of dist/. */
  readonly files: ReadonlyMap<string, string>;
  readonly packed: { readonly integrity: string; readonly shasum: string; readonly size: number };
}

const built = async (place: string, environment: Readonly<Record<string, string>>): Promise<Built> => {
  mkdirSync(place, { recursive: true });
  for (const name of [...SOURCES, ...FILES])
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(place, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  // It builds before it packs. The modes of files are in a package, and so is the umask.
  const { stdout } = await promisify(execFile)('sh', ['-c', 'umask 022 && npm pack --dry-run --json --silent'], {
    cwd: place,
    env: { ...process.env, ...environment },
    timeout: 110_000,
  });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [Built['packed']];
  return { files: hashesOf(join(place, 'dist')), packed };
};

const hashesOf = (directory: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [relative(directory, file), createHash('sha256').update(readFileSync(file)).digest('hex')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

it('builds and packs to the same bytes wherever and whenever it is done', async () => {
  const [first, second] = await Promise.all([
    built(folder.path('a'), { TZ: 'UTC', LC_ALL: 'C' }),
    built(folder.path('another', 'name', 'b'), { TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' }),
  ]);
  expect(first.files.size).toBeGreaterThan(300);
  expect([...second.files]).toEqual([...first.files]);
  expect(second.packed).toMatchObject({ integrity: first.packed.integrity, shasum: first.packed.shasum });
}, 120_000);
