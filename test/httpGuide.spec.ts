/** docs/http.md by example: its commands are run against a server that is started as the page says, and between them they ask every route that there is. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/program';

const page = readFileSync(join(ROOT, 'docs', 'http.md'), 'utf8');
const [whole = '', start = ''] = /<!-- http-start -->\n```sh\n([^]*?)```\n<!-- \/http-start -->/.exec(page) ?? [];
const examples = [...page.slice(page.indexOf(whole) + whole.length).matchAll(/```sh\n([^]*?)```/g)].map(([, text = '']) => text);

const folder = temporaryFolder();
const ALIAS = `shopt -s expand_aliases\nalias policygate="node ${ROOT}/dist/src/apps/cli/policygate.js"`;
let server: ChildProcess | undefined;
let url = '';

/** The page's text with its folder and its port made ours, and a line's end after each answer, which is JSON without one. */
const here = (text: string): string =>
  text.replaceAll('/tmp/gate', folder.path('gate')).replaceAll('8100', '0').replaceAll('curl ', "curl -w '\\n' ");

const shell = async (text: string): Promise<string> =>
  (await promisify(execFile)('bash', ['-c', `set -e\n${ALIAS}\nGATE=${url}\n${here(text)}`], { cwd: ROOT, maxBuffer: 1 << 26 }))
    .stdout;

beforeAll(async () => {
  const foreground = here(start).replace(/ &\nGATE=.*\n/, '\n');
  server = spawn('bash', ['-c', `set -e\n${ALIAS}\n${foreground}`], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  url = await new Promise<string>((resolve, reject) => {
    let heard = '';
    server?.stderr?.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8');
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(heard) ?? [];
      if (found !== undefined) resolve(found);
    });
    server?.on('exit', () => reject(new Error(`the server ended: ${heard}`)));
  });
  await shell('curl -fsS --retry 50 --retry-delay 0 --retry-all-errors $GATE/readyz');
}, 60_000);

afterAll(async () => {
  if (server?.pid !== undefined && server.exitCode === null) {
    const ended = new Promise((resolve) => server?.on('exit', resolve));
    process.kill(-server.pid, 'SIGTERM');
    await ended;
  }
  folder.remove();
}, 30_000);

/** Method and path of each request of the page. */
const asked = examples
  .flatMap((text) => text.split(/\ncurl |^curl /).slice(1))
  .map((command) => {
    const [, path = ''] = /\$GATE(\/[^\s"?]*)/.exec(command) ?? [];
    const [, method] = /-X ([A-Z]+)/.exec(command) ?? [];
    return { method: method ?? (/ (-d|--data-binary) /.test(command) ? 'POST' : 'GET'), path };
  });

describe('the page of the HTTP API', () => {
  it.each(examples.map((text) => [text.split('\n')[0] ?? '', text] as const))(
    '%s',
    async (_, text) => {
      const printed = await shell(text);
      if (!text.includes('--output')) expect(printed.trim()).not.toBe('');
      for (const line of printed.split('\n').filter((one) => one.startsWith('{')))
        expect(() => JSON.parse(line) as unknown).not.toThrow();
    },
    60_000,
  );

  it('asks every route', async () => {
    const { paths } = JSON.parse(await shell('curl -fsS $GATE/openapi.json')) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
      })),
    );
    expect(operations.length).toBeGreaterThan(20);
    const missing = operations.filter(
      ({ method, pattern }) => !asked.some((one) => one.method === method && pattern.test(one.path)),
    );
    expect(missing).toEqual([]);
  });
});
