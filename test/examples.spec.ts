/** The examples, as a strategy author runs them: against `policygate serve`, and against what goes wrong between the two. The one in TypeScript is in package.spec.ts, the ones on Kafka in test/kafka. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryFolder } from './support/program';
import { rudeProxy } from './support/rudeProxy';
import type { RudeProxy } from './support/rudeProxy';
import { DEMO_FILES, endServers, jsonOf, post, serving } from './support/serve';
import type { Served } from './support/serve';

const EXAMPLES = join(ROOT, 'examples');
const hasPython =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'], { timeout: 10_000 }).status === 0;

const describePython = (name: string, suite: () => void): void => {
  if (hasPython) return describe(name, suite);
  if (['true', '1'].includes(process.env.CI ?? ''))
    throw new Error('CI needs the example in Python: install Python 3.10 or newer');
  process.stderr.write(`examples: SKIPPED the one in Python over HTTP: install Python 3.10 or newer\n`);
  describe.skip(name, suite);
};

describePython('the strategy in Python over HTTP', () => {
  jest.setTimeout(60_000);
  const folder = temporaryFolder();
  const targets = folder.path('targets.json');
  let served: Served;
  let proxy: RudeProxy;

  beforeAll(async () => {
    served = await serving([...DEMO_FILES, '--run', 'day-1', '--data-dir', folder.path('data')]);
    proxy = await rudeProxy(served.url);
  });
  afterAll(async () => {
    await proxy.close();
    served.child.kill('SIGTERM');
    await served.outcome;
    endServers();
    folder.remove();
  });

  interface Run {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }

  const strategy = (
    wanted: Readonly<Record<string, string>>,
    day: string,
    environment: Readonly<Record<string, string>> = {},
  ) => {
    writeFileSync(targets, JSON.stringify(wanted));
    return new Promise<Run>((resolve, reject) => {
      const child = spawn('python3', [join(EXAMPLES, 'strategy-python-http', 'strategy.py'), targets, day], {
        env: { ...process.env, GATE_URL: proxy.url, RUN: 'day-1', ...environment },
        timeout: 30_000,
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
  };
  const ORDERS = { AAPL: '20', NVDA: '120' };

  it('prints what its page shows, and the same when it is run again', async () => {
    const page = readFileSync(join(EXAMPLES, 'strategy-python-http', 'README.md'), 'utf8');
    const [, shown] = /\n\n```\n([^]*?)```/.exec(page) ?? [];
    expect(await strategy(ORDERS, '2026-02-24')).toEqual({ code: 0, stdout: shown, stderr: '' });
    expect(await strategy(ORDERS, '2026-02-24')).toEqual({ code: 0, stdout: shown, stderr: '' });
    const [bought] = proxy.bodies;
    expect(proxy.bodies.filter((body) => body === bought)).toHaveLength(2);
  });

  it('leaves the first order as it is where its own intent_id was decided with another body', async () => {
    const { code, stdout } = await strategy({ AAPL: '21' }, '2026-02-24');
    expect([code, stdout]).toEqual([0, "AAPL: another order was decided under today's intent_id; the first one stands\n"]);
  });

  it('sends the same bytes until they are answered: after Retry-After, after a broken connection, after an answer that was lost', async () => {
    const problem = JSON.stringify({ code: 'queue_full', detail: 'too many wait' });
    const seen = proxy.bodies.length;
    proxy.rudeness.push({ status: 429, headers: { 'retry-after': '1' }, body: problem }, 'refuse', 'lose the answer');
    const started = performance.now();
    const { code, stdout, stderr } = await strategy({ MSFT: '2' }, '2026-02-25');
    expect([code, stdout]).toEqual([0, 'MSFT: ALLOW, 2 of 2\n']);
    expect(performance.now() - started).toBeGreaterThan(1_000);
    expect(stderr).toMatch(/again in 1 s \(queue_full: too many wait\)/);
    expect(proxy.bodies.slice(seen)).toHaveLength(4);
    expect(new Set(proxy.bodies.slice(seen)).size).toBe(1);
  });

  it('looks for the decision where the gate does not wait for it', async () => {
    const { code, stdout } = await strategy({ MSFT: '1' }, '2026-02-26', { WAIT: '0' });
    expect([code, stdout]).toEqual([0, 'MSFT: ALLOW, 1 of 1\n']);
  });

  it('ends with 2 where no repeat would better it, and where nobody answers', async () => {
    const unknown = await strategy(ORDERS, '2026-02-24', { RUN: 'no-such-run' });
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/^run_not_found: .*\n$/)]);
    expect(unknown.stderr).not.toContain('again');
    proxy.rudeness.push({ status: 403, headers: { 'content-type': 'text/html' }, body: '<html>' });
    const forbidden = await strategy(ORDERS, '2026-02-24');
    expect([forbidden.code, forbidden.stderr]).toEqual([2, 'status 403: no answer of a gate\n']);
    const nobody = await strategy(ORDERS, '2026-02-24', { GATE_URL: 'http://127.0.0.1:1', PATIENCE: '0.5' });
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringMatching(/give the same command again/)]);
  });

  it('stops at the first order that the kill switch denies', async () => {
    const trip = { action: 'trip', actor: 'desk', reason: 'the feed is broken' };
    const tripped = await post(`${served.url}/runs/day-1/kill-switch`, trip);
    expect([tripped.status, jsonOf(tripped)]).toEqual([200, expect.objectContaining({ type: 'KillSwitchTripped' })]);
    const { code, stdout } = await strategy(ORDERS, '2026-02-27');
    expect([code, stdout]).toEqual([1, 'AAPL: DENY, 0 of 20 (Kill switch is active — all orders denied.)\n']);
  });
});

it('the pages of the examples, and that of the library, link to what is there', () => {
  for (const page of [
    'README.md',
    '../docs/library.md',
    ...['typescript', 'python-http', 'python-kafka'].map((name) => `strategy-${name}/README.md`),
  ]) {
    const text = readFileSync(join(EXAMPLES, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => join(EXAMPLES, page, '..', link));
    expect([page, links.length > 0, links.filter((link) => !existsSync(link))]).toEqual([page, true, []]);
  }
});
