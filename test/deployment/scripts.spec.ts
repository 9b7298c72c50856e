/** The scripts of the image at a real server: tokens are made once, health is what the program says it is, and the producer trades. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { faultsOf } from '../support/commandLine';
import { ROOT, temporaryFolder } from '../support/program';
import type { Outcome } from '../support/program';
import { DEMO_FILES, endServers, get, jsonOf, serving } from '../support/serve';
import { until } from '../support/services';

const folder = temporaryFolder();
afterEach(endServers);
afterAll(() => folder.remove());

type Ended = Pick<Outcome, 'code' | 'stdout' | 'stderr'>;

const script = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd: ROOT, env: { ...process.env, ...env }, timeout: 20_000 };
    const child = execFile(process.execPath, [join(ROOT, 'infra', name), ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

const healthOf = (words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> =>
  script('image/healthcheck.mjs', words, env);

const freePort = (): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(String(port)));
    });
  });

describe('tokens.mjs', () => {
  it('makes tokens once, for the eyes of one user, and shows none', async () => {
    const secrets = folder.path('tokens');
    mkdirSync(secrets);
    const first = await script('image/tokens.mjs', [secrets]);
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(readdirSync(secrets).toSorted()).toEqual(['desk-token', 'producer-token', 'tokens.yaml']);
    for (const name of readdirSync(secrets)) expect(statSync(join(secrets, name)).mode & 0o777).toBe(0o600);
    const token = readFileSync(join(secrets, 'desk-token'), 'utf8');
    expect(token).toMatch(/^[0-9a-f]{64}\n$/);
    const list = readFileSync(join(secrets, 'tokens.yaml'), 'utf8');
    expect(first.stdout + list).not.toContain(token.trim());

    expect((await script('image/tokens.mjs', [secrets])).stdout).toContain('is there already');
    expect(readFileSync(join(secrets, 'tokens.yaml'), 'utf8')).toBe(list);
  });

  it('says in one line what keeps it from that', async () => {
    const { code, stderr } = await script('image/tokens.mjs', [folder.path('nowhere')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tokens\.mjs: ENOENT[^\n]*\n$/);
  });
});

it('producer.sh ends each run before it starts the next one', async () => {
  const calls = folder.path('calls');
  const programs = folder.path('programs');
  mkdirSync(programs);
  writeFileSync(calls, '');
  writeFileSync(join(programs, 'policygate'), `#!/bin/sh\necho "$@" >> '${calls}'\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH ?? ''}`, DEMO_PAUSE_SECONDS: '0.2' };
  const child = spawn('sh', [join(ROOT, 'infra', 'producer.sh')], { env });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const called = (): readonly string[] => readFileSync(calls, 'utf8').split('\n').slice(0, -1);
  await until('a second run', () => called().length >= 4, 20_000);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  const lines = called().slice(0, 4);
  expect(await Promise.all(lines.map((line) => faultsOf(line.split(' '))))).toEqual([[], [], [], []]);
  expect(lines.map((line) => line.split(' ', 2).join(' '))).toEqual(['runs start', 'publish intents', 'runs end', 'runs start']);
  expect(new Set(lines.slice(0, 3).map((line) => /--run (demo-\S+)/.exec(line)?.[1])).size).toBe(1);
});

it('healthcheck.mjs asks nothing where nothing is served', async () => {
  for (const words of [
    ['policygate', 'topics', 'create'],
    ['policygate', 'processor'],
    ['sh', '/app/infra/producer.sh'],
  ])
    expect(await healthOf(words)).toMatchObject({ code: 0, stdout: 'this command serves nothing that could be asked\n' });
});

it('healthcheck.mjs and producer.mjs at a server with tokens', async () => {
  const secrets = folder.path('served');
  mkdirSync(secrets);
  await script('image/tokens.mjs', [secrets]);
  const monitoring = await freePort();
  const env = { POLICYGATE_MONITORING_PORT: monitoring };
  const served = await serving([...DEMO_FILES, '--data-dir', folder.path('data'), '--tokens', join(secrets, 'tokens.yaml')], env);
  const { port } = new URL(served.url);

  // As flags, as variables, in the file; and what a service serves beside it.
  const file = folder.path('settings.yaml');
  writeFileSync(file, `http:\n  port: ${port}\nmonitoring:\n  port: ${monitoring}\n`);
  const asked: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
    [['node', '/usr/local/bin/policygate', 'serve', '--port', port], {}],
    [['policygate-serve', `--port=${port}`], {}],
    [['/sbin/docker-init', '--', 'policygate', 'serve'], { POLICYGATE_HTTP_PORT: port, POLICYGATE_HTTP_HOST: '0.0.0.0' }],
    [['policygate', 'serve', '--config', file], {}],
    [['policygate', 'processor', '--bus', 'kafka'], env],
    [['policygate', 'gateway', '--broker', 'sim'], { POLICYGATE_CONFIG: file }],
  ];
  for (const [words, variables] of asked) {
    const { code, stdout } = await healthOf(words, variables);
    expect([words, code, stdout]).toEqual([words, 0, expect.stringMatching(/\/readyz?: 200 \{"ready":true/)]);
  }

  const producer = join(ROOT, 'infra', 'quickstart', 'producer.mjs');
  const intents = join(ROOT, 'scenarios', 'normal_day', 'intents.jsonl');
  const trading = { GATE_URL: served.url, INTERVAL_SECONDS: '0.02', GATE_TOKEN_FILE: join(secrets, 'producer-token') };
  const child = spawn(process.execPath, [producer, intents], { env: { ...process.env, ...trading } });
  let lines = '';
  child.stdout.on('data', (chunk: Buffer) => (lines += chunk.toString('utf8')));
  const ended = new Promise((resolve) => child.on('close', resolve));
  // Ten intents are a round: the second sells what the first bought.
  await until('two rounds', () => /^nd-010-\S+-1 {2}sell/m.test(lines), 20_000);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(lines).toMatch(/^nd-001-\S+-0 {2}buy 20 AAPL {2}ALLOW\n/);
  const desk = { authorization: `Bearer ${readFileSync(join(secrets, 'desk-token'), 'utf8').trim()}` };
  const health = jsonOf(await get(`${served.url}/health`, desk));
  expect(health).toMatchObject({ status: 'ok', run_id: served.run });

  writeFileSync(join(secrets, 'wrong'), 'f'.repeat(64));
  const refused = await script('quickstart/producer.mjs', [intents], { ...trading, GATE_TOKEN_FILE: join(secrets, 'wrong') });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^producer\.mjs: \S+: Authorization: this is not one of the tokens[^\n]*\n$/);

  served.child.kill('SIGTERM');
  expect((await served.outcome).code).toBe(0);
  const gone = await healthOf(['policygate', 'serve', '--port', port]);
  expect([gone.code, gone.stdout]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
}, 60_000);
