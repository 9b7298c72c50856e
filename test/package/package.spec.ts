/**
 * The package as a new user has it: a fresh clone runs the first command of the README and packs; the package installs in an empty folder, and everything there is done with nothing else. (The second
 * command of the README, `npm test`, is what runs this.)
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryFolder } from '../support/program';
import { DEMO_FILES, get } from '../support/serve';
import { until } from '../support/services';
import { freshClone, install, packed, run } from './installed';

jest.setTimeout(180_000);
const folder = temporaryFolder();
const clone = folder.path('clone');
const empty = folder.path('empty');
const golden = readFileSync(join(ROOT, 'test', 'golden', 'demo-output.txt'), 'utf8').replaceAll('DIR', '.policygate/demo');
let tarball = '';
let demo = '';
let server: ChildProcess | undefined;
let url = '';

beforeAll(async () => {
  await freshClone(clone);
  demo = (await run('npm', ['run', '--silent', 'demo'], clone)).stdout;
  tarball = await packed(clone);
  mkdirSync(empty);
  await install(tarball, empty);
});
afterAll(async () => {
  if (server?.exitCode === null) {
    const ended = new Promise((resolve) => server?.on('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  }
  folder.remove();
});

const inEmpty = (command: string, ...args: readonly string[]) => run(command, args, empty, { GATE_URL: url, RUN: 'day-1' });
const installed = (...names: readonly string[]): string => join(empty, 'node_modules', 'policygate-capital', ...names);

it('a fresh clone runs the demo', () => expect(demo).toBe(golden));

describe('the package', () => {
  it('holds what runs, and what is read, and nothing of the tests', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball], folder.path());
    const files = stdout.trimEnd().split('\n');
    const kinds = new Set(files.map((file) => /^package\/((?:[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file));
    expect([...kinds].sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'dist/avro', 'dist/policies', 'dist/scenarios', 'dist/src'].sort(),
    );
    const strange = /\.(map|ts|tsx|spec\.js)$|\/test[A-Z][^/]*$|\/(arbitraries|examples|golden)\./;
    expect(files.filter((file) => strange.test(file) && !file.endsWith('.d.ts'))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(['package/dist/src/index.d.ts', 'package/dist/src/apps/dashboard/assets/index.html']),
    );
    expect(statSync(tarball).size).toBeLessThan(1_000_000);
  });

  it('names nobody’s machine', async () => {
    const { stdout } = await run('bash', ['-c', `grep -rlF -e "$1" -e "$2" ${installed()} || true`, 'grep', ROOT, clone], empty);
    expect(stdout).toBe('');
  });

  it('runs by npx', async () => {
    expect((await inEmpty('npx', 'policygate', 'demo')).stdout).toBe(golden);
    const { version } = JSON.parse(readFileSync(installed('package.json'), 'utf8')) as { version: string };
    expect((await inEmpty('npx', 'policygate', '--version')).stdout.trim()).toBe(version);
  });

  it('has types for ES modules and CommonJS, strict, without those of any other package', async () => {
    for (const name of ['types.mts', 'types.cts']) copyFileSync(join(__dirname, name), join(empty, name));
    const compilerOptions = { target: 'es2022', lib: ['es2022'], module: 'nodenext', types: [], strict: true, noEmit: true };
    const strictest = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false };
    const config = { compilerOptions: { ...compilerOptions, ...strictest }, files: ['types.mts', 'types.cts'] };
    writeFileSync(join(empty, 'tsconfig.json'), JSON.stringify(config));
    // Rejects with the compiler's errors.
    await inEmpty(process.execPath, join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.').catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
  });
});

describe('with a gate of the package’s own', () => {
  beforeAll(async () => {
    const bin = installed('dist', 'src', 'apps', 'cli', 'policygate.js');
    const demoFiles = DEMO_FILES.map((file) => (file.startsWith('-') ? file : installed('dist', file)));
    await inEmpty(process.execPath, bin, 'checkpoint', 'keygen', '--name', 'risk.example.com/gate', '--out', 'checkpoint.key');
    const flags = ['--run', 'day-1', '--data-dir', 'data', '--audit-log', 'audit.jsonl', '--port', '0'];
    const signing = ['--checkpoint-key', 'checkpoint.key', '--checkpoint-interval', '1'];
    server = spawn(process.execPath, [bin, 'serve', ...demoFiles, ...flags, ...signing], {
      cwd: empty,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const address = () => /^serve on (\S+),/m.exec(said)?.[1];
    await until('the gate is ready', () => address() !== undefined || server?.exitCode !== null, 60_000);
    if (address() === undefined) throw new Error(said);
    url = address() ?? '';
  });

  const page = readFileSync(join(ROOT, 'docs', 'library.md'), 'utf8');
  const shown = (name: string): readonly [string, string] => {
    const [, code, output] =
      new RegExp(`<!-- ${name} -->\\n\`\`\`js\\n([^]*?)\`\`\`\\n\\n\`\`\`\\n([^]*?)\`\`\``).exec(page) ?? [];
    if (code === undefined || output === undefined) throw new Error(`docs/library.md shows no ${name}`);
    return [code, output];
  };
  const does = async (name: string): Promise<void> => {
    const [code, output] = shown(name);
    writeFileSync(join(empty, name), code);
    expect((await inEmpty(process.execPath, name)).stdout).toBe(output);
  };

  it('asks as docs/library.md does', () => does('submit.mjs'));
  it('judges as docs/library.md does', () => does('judge.mjs'));
  it('is required as docs/library.md does', () => does('require.cjs'));

  it('verifies as docs/library.md does', async () => {
    const evidence = `${url}/decisions/day-1/rebalance-2026-02-24-NVDA/evidence`;
    let text = '';
    await until(
      'a checkpoint covers the decision',
      async () => {
        const answer = await get(evidence);
        text = answer.text;
        return answer.status === 200;
      },
      20_000,
    );
    writeFileSync(join(empty, 'evidence.json'), text);
    await does('verify.mjs');
  });

  it('runs the strategy in TypeScript as its page says, and again without a second order', async () => {
    const strategy = folder.path('strategy');
    cpSync(join(ROOT, 'examples', 'strategy-typescript'), strategy, { recursive: true });
    // What `npm install` makes of its package.json, with the package in place already.
    mkdirSync(join(strategy, 'node_modules', '@types'), { recursive: true });
    symlinkSync(installed(), join(strategy, 'node_modules', 'policygate-capital'));
    for (const name of ['@types/node', 'undici-types'])
      symlinkSync(join(ROOT, 'node_modules', name), join(strategy, 'node_modules', name));
    await run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')], strategy).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
    writeFileSync(join(strategy, 'targets.json'), '{"AAPL": "20", "NVDA": "120"}');
    const [, said] = /\n\n```\n([^]*?)```/.exec(readFileSync(join(strategy, 'README.md'), 'utf8')) ?? [];
    const trade = async (...args: readonly string[]) =>
      (await run(process.execPath, ['dist/strategy.js', ...args], strategy, { GATE_URL: url, RUN: 'day-1' })).stdout;
    const first = await trade('targets.json', '2026-02-25');
    expect([first.split('\n').length, await trade('targets.json', '2026-02-25')]).toEqual([3, first]);
    expect(said?.split('\n').map((line) => line.slice(0, 6))).toEqual(first.split('\n').map((line) => line.slice(0, 6)));
    writeFileSync(join(strategy, 'targets.json'), '{"AAPL": "19"}');
    expect(await trade('targets.json', '2026-02-25')).toMatch(
      /^AAPL: another order was decided as target-2026-02-25-AAPL, at seq \d+\n$/,
    );
  });
});
