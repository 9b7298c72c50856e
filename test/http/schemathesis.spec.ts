/** The served OpenAPI document, believed by somebody else: Schemathesis makes requests of it, good and bad, and holds every answer to it. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryFolder } from '../support/program';
import { findPython } from '../support/pythonPackages';
import { DEMO_FILES, endServers, serving } from '../support/serve';

const HERE = join(ROOT, 'test', 'http');
const found = findPython(join(HERE, 'schemathesis.txt'));
if ('missing' in found) {
  if (['true', '1'].includes(process.env.CI ?? ''))
    throw new Error(`CI needs the tests of the OpenAPI document: ${found.missing}`);
  process.stderr.write(`system tests: SKIPPED those of the OpenAPI document: ${found.missing}\n`);
}
const describePython = 'python' in found ? describe : describe.skip;

jest.setTimeout(60_000);
const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(endServers);

const LIMIT_MS = 30_000;

interface Tested {
  readonly code: number | null;
  readonly output: string;
  readonly cases: number;
}

const schemathesis = (url: string, ...options: readonly string[]): Promise<Tested> =>
  new Promise((resolve, reject) => {
    // Its own script knows the folder that it was installed in, which was moved since.
    const program = 'python' in found ? found.python : '';
    const args = ['-m', 'schemathesis.cli', '--config-file', join(HERE, 'schemathesis.toml'), 'run', `${url}/openapi.json`];
    const child = spawn(program, [...args, '--no-color', '--warnings', 'off', ...options], {
      cwd: folder.path(),
      env: {
        ...process.env,
        PYTHONPATH: HERE,
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONIOENCODING: 'utf-8',
        SCHEMATHESIS_HOOKS: 'schemathesisHooks',
        NO_PROXY: '127.0.0.1',
      },
      timeout: LIMIT_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output, cases: Number(/(\d+) generated/.exec(output)?.[1] ?? 0) }));
  });

const expectPassed = ({ code, output, cases }: Tested, least: number): void => {
  if (code !== 0) throw new Error(`Schemathesis ended with ${String(code)}:\n${output.slice(-8_000)}`);
  expect(cases).toBeGreaterThan(least);
};

describePython('the served OpenAPI document', () => {
  it('is what the server does: no 5xx, every answer of a status, type and form that it names', async () => {
    const { url, stderr } = await serving([...DEMO_FILES, '--data-dir', folder.path('open')]);
    // Boundary values; for long texts with a pattern they take Schemathesis minutes to make.
    const boundaries = ['--phases', 'coverage', '--exclude-operation-id-regex', '^(change|activate)'];
    expectPassed(await schemathesis(url, ...boundaries), 500);
    expectPassed(await schemathesis(url, '--phases', 'examples,fuzzing', '-n', '30'), 500);
    expect(stderr()).not.toMatch(/"level":"error"/);
  });

  it('demands a token where it says so', async () => {
    const file = folder.path('tokens.yaml');
    writeFileSync(file, 'tokens:\n  - { name: desk, token: desk-desk-desk-desk, roles: [submit, operate] }\n', { mode: 0o600 });
    const { url, stderr } = await serving([...DEMO_FILES, '--data-dir', folder.path('locked'), '--tokens', file]);
    const answer = await fetch(`${url}/openapi.json`);
    expect(answer.status).toBe(401);
    const header = ['--header', 'Authorization: Bearer desk-desk-desk-desk'];
    expectPassed(await schemathesis(url, ...header, '--phases', 'coverage', '--include-method', 'GET'), 200);
    expect(stderr()).not.toContain('desk-desk-desk-desk');
  });
});
