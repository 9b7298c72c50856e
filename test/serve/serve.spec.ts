/** `policygate serve` as its users meet it: begun, asked, started again, stopped, killed, locked. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { policygate, readLines, ROOT, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';
import { DEMO_FILES, demoIntents, endServers, get, jsonOf, post, serving } from '../support/serve';
import type { Served } from '../support/serve';
import { until } from '../support/services';

jest.setTimeout(60_000);

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(endServers);

const INTENTS = demoIntents();
const POLICY = join(ROOT, 'scenarios', 'demo', 'policy.yaml');
const numbered = (number: number, fields: Json = {}): Json => ({ ...INTENTS[0], intent_id: `i-${number}`, qty: 0.01, ...fields });

const stopped = async ({ child, outcome }: Served): Promise<string> => {
  child.kill('SIGTERM');
  const { code, stderr, stdout } = await outcome;
  expect([code, stderr.includes('Error')]).toEqual([0, false]);
  return stdout;
};
const killed = async ({ child, outcome }: Served): Promise<void> => {
  child.kill('SIGKILL');
  await outcome;
};

describe('a first start, and the ones after it', () => {
  const directory = folder.path('day');
  const logs = ['--audit-log', folder.path('audit.jsonl'), '--exec-log', folder.path('exec.jsonl')];
  let run = '';
  let decided: Json = {};

  it('begins a run with the files alone, decides, and ends in good order', async () => {
    const served = await serving([...DEMO_FILES, '--data-dir', directory, ...logs]);
    ({ run } = served);
    expect(run).toMatch(/^[0-9a-f-]{36}$/);
    expect((await get(`${served.url}/readyz`)).status).toBe(200);
    expect(jsonOf(await get(`${served.url}/health`))).toMatchObject({ status: 'ok', run_id: run, positions_count: 0 });
    const answers = [];
    for (const intent of INTENTS) answers.push(await post(`${served.url}/intent`, { intent }));
    expect(answers.map(({ status }) => status)).toEqual(INTENTS.map(() => 200));
    const [first] = answers;
    decided = jsonOf(first ?? { text: '' });
    expect(decided).toMatchObject({ decision: 'ALLOW', intent_id: 'demo-01' });
    expect(first?.headers).toMatchObject({ 'policygate-run': run, 'policygate-seq': '1', location: `/decisions/${run}/demo-01` });
    expect(await stopped(served)).toMatch(/^serve ended \(SIGTERM\): \d+ inputs, 7 decisions/);
  });

  it('goes on with the run, and answers a repeat with the same decision', async () => {
    const served = await serving(['--data-dir', directory, ...logs]);
    expect(served.run).toBe(run);
    const again = await post(`${served.url}/intent`, { intent: INTENTS[0] });
    expect([again.status, again.headers['policygate-replayed'], jsonOf(again)]).toEqual([200, 'true', decided]);
    const other = await post(`${served.url}/intent`, { intent: { ...INTENTS[0], qty: 21 } });
    expect([other.status, jsonOf(other)]).toEqual([409, expect.objectContaining({ code: 'intent_conflict' })]);
    await killed(served);
  });

  it('keeps logs that are whole after a kill, and those of the command that verifies them', async () => {
    const served = await serving(['--data-dir', directory, ...logs]);
    await post(`${served.url}/intent`, { intent: numbered(1) });
    await killed(served);
    appendFileSync(folder.path('audit.jsonl'), '{"torn');
    await stopped(await serving(['--data-dir', directory, ...logs]));
    const lines = readLines(folder.path('audit.jsonl'));
    expect(lines.map(({ intent }) => (intent as Json).intent_id)).toEqual([...INTENTS.map(({ intent_id }) => intent_id), 'i-1']);
    // The repeat and the conflict stand before the decision that came after them.
    const before = lines.at(-1)?.preceding_records as readonly Json[];
    expect(before.filter(({ kind }) => kind === 'DUPLICATE')).toHaveLength(2);
    expect((await policygate(['verify', '--audit', folder.path('audit.jsonl')])).code).toBe(0);
    const exec = readLines(folder.path('exec.jsonl'));
    const orders = new Set(exec.map(({ intent_id }) => intent_id));
    expect(exec).toHaveLength(2 * orders.size);
    for (const command of ['verify', 'replay']) expect((await policygate([command, '--data-dir', directory])).code).toBe(0);
  });

  it('says so where the files are of another policy, and changes nothing', async () => {
    const served = await serving([...DEMO_FILES.with(1, 'policies/base.yaml'), '--data-dir', directory]);
    expect(served.run).toBe(run);
    expect(served.stderr()).toContain('policies/base.yaml is another policy than the one in force');
    await stopped(served);
  });

  it('ends the run and begins another, where it is told to', async () => {
    const served = await serving([...DEMO_FILES, '--data-dir', directory, '--new-run', '--run', 'day-2']);
    expect(served.run).toBe('day-2');
    const { runs } = jsonOf(await get(`${served.url}/runs`)) as { runs: Json[] };
    expect(runs.map(({ run_id, status, default: own }) => [run_id, status, own])).toEqual(
      expect.arrayContaining([
        [run, 'ENDED', false],
        ['day-2', 'ACTIVE', true],
      ]),
    );
    await stopped(served);
  });
});

it('needs something to begin with, and says what', async () => {
  const { code, stdout, stderr } = await policygate([
    'serve',
    '--port',
    '0',
    '--data-dir',
    folder.path('empty'),
    '--policy',
    POLICY,
  ]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.trim().split('\n').at(-1)).toBe('Error: there is no run to go on with; give --portfolio, --market to begin one');
});

it('on SIGTERM answers what is on its way, and loses none of it', async () => {
  const directory = folder.path('drained');
  const served = await serving([...DEMO_FILES, '--data-dir', directory, '--rate-limit', '0']);
  const sent = Array.from({ length: 300 }, (_, number) =>
    post(`${served.url}/intent`, { intent: numbered(number) }).then(
      ({ status }) => status,
      () => 0,
    ),
  );
  await Promise.race(sent);
  served.child.kill('SIGTERM');
  const statuses = await Promise.all(sent);
  const { code } = await served.outcome;
  const taken = statuses.filter((status) => status === 200 || status === 202).length;
  // A connection that came too late is refused or told so; nothing else.
  expect(statuses.filter((status) => ![0, 200, 202, 503].includes(status))).toEqual([]);
  expect([code, taken > 0]).toEqual([0, true]);
  const { stdout } = await policygate(['tail', 'decisions', '--data-dir', directory]);
  expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(taken);
});

it('puts an edited policy in force, and refuses an invalid edit', async () => {
  const file = folder.path('policy.yaml');
  copyFileSync(POLICY, file);
  const served = await serving([
    ...DEMO_FILES.with(1, file),
    '--data-dir',
    folder.path('watched'),
    '--watch-policy',
    '--run',
    'w-1',
  ]);
  const history = async (): Promise<Json[]> => jsonOf(await get(`${served.url}/runs/w-1/policy-history`)).history as Json[];
  const policies = async (): Promise<Json> => jsonOf(await get(`${served.url}/policies`));
  expect(await history()).toHaveLength(1);
  expect(await policies()).toMatchObject({ watching: file, refused: null });

  writeFileSync(file, 'limits: 5\n');
  await until('refused', async () => (await policies()).refused !== null, 10_000);
  expect((await policies()).refused).toMatchObject({
    errors: expect.arrayContaining([expect.stringContaining('limits')]) as string[],
  });
  expect(await history()).toHaveLength(1);

  writeFileSync(file, `${readFileSync(POLICY, 'utf8')}# edited\n`);
  await until('activated', async () => (await history()).length === 2, 10_000);
  expect((await history())[1]).toMatchObject({ type: 'PolicyActivated', actor: 'policy file', taken: true });
  expect((await policies()).refused).toBeNull();
  await stopped(served);
});

describe('who may ask', () => {
  const OPERATOR = 'operator-0123456789abcdef';
  const READER = 'reader-0123456789abcdef00';
  const SENDER = 'sender-0123456789abcdef00';
  const FEED = 'feed-0123456789abcdef0000';
  const tokens = folder.path('tokens.yaml');
  const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

  it('is told by tokens, with their roles and strategies', async () => {
    writeFileSync(
      tokens,
      `tokens:
  - {name: reader, token: ${READER}, roles: [read]}
  - {name: momentum, token: ${SENDER}, roles: [submit], strategies: [momentum_v1]}
  - {name: prices, token: ${FEED}, roles: [feed]}
`,
      { mode: 0o600 },
    );
    const served = await serving([...DEMO_FILES, '--data-dir', folder.path('tokens'), '--tokens', tokens, '--run', 't-1'], {
      POLICYGATE_TOKEN: OPERATOR,
    });
    const { url } = served;
    const statusOf = async (asked: Promise<{ readonly status: number }>): Promise<number> => (await asked).status;
    const [, , byOther] = INTENTS;
    expect(await statusOf(get(`${url}/livez`))).toBe(200);
    expect(await statusOf(get(`${url}/health`))).toBe(401);
    expect(await statusOf(get(`${url}/runs`, as(READER)))).toBe(200);
    expect(await statusOf(get(`${url}/runs`, as(SENDER)))).toBe(403);
    expect(await statusOf(post(`${url}/intent`, { intent: INTENTS[0] }, as(READER)))).toBe(403);
    expect(await statusOf(post(`${url}/intent`, { intent: INTENTS[0] }, as(SENDER)))).toBe(200);
    expect(await statusOf(post(`${url}/intent`, { intent: byOther }, as(SENDER)))).toBe(403);
    const price = { symbol: 'AAPL', price: 150 };
    expect(await statusOf(post(`${url}/prices`, price, as(SENDER)))).toBe(403);
    expect(await statusOf(post(`${url}/prices`, price, as(READER)))).toBe(403);
    expect(await statusOf(post(`${url}/prices`, price, as(FEED)))).toBe(200);
    expect(await statusOf(get(`${url}/status`, as(FEED)))).toBe(403);
    expect(jsonOf(await get(`${url}/status`, as(READER))).feed_lag_ms).toEqual(expect.any(Number));
    const trip = { action: 'trip', actor: 'alice', reason: 'a test' };
    expect(await statusOf(post(`${url}/runs/t-1/kill-switch`, trip, as(FEED)))).toBe(403);
    expect(await statusOf(post(`${url}/runs/t-1/kill-switch`, trip, as(READER)))).toBe(403);
    expect(await statusOf(post(`${url}/runs/t-1/kill-switch`, trip, as(OPERATOR)))).toBe(200);
    const state = jsonOf(await get(`${url}/runs/t-1/kill-switch`, as(READER)));
    expect(state).toMatchObject({ active: true, last: { actor: 'alice (token environment)' } });
    const watched = await policygate(['top', '--once', '--url', url], { POLICYGATE_TOKEN: READER });
    expect([watched.code, watched.stdout]).toEqual([0, expect.stringContaining('KILL SWITCH TRIPPED')]);
    await stopped(served);
    for (const token of [OPERATOR, READER, SENDER, FEED]) expect(served.stderr()).not.toContain(token);
  });

  it('must be known before others can reach it', async () => {
    const { code, stderr } = await policygate(['serve', '--host', '0.0.0.0', ...DEMO_FILES, '--data-dir', folder.path('beyond')]);
    expect([code, stderr.trim().split('\n').at(-1)]).toEqual([2, expect.stringMatching(/^Error: --host 0\.0\.0\.0: .*--tokens/)]);
    expect(existsSync(folder.path('beyond'))).toBe(false);
  });

  it('a token on the command line works, with a word of advice', async () => {
    const served = await serving([...DEMO_FILES, '--data-dir', folder.path('flag'), '--token', OPERATOR]);
    expect((await get(`${served.url}/health`, as(OPERATOR))).status).toBe(200);
    expect((await get(`${served.url}/health`)).status).toBe(401);
    expect(served.stderr()).toContain('set POLICYGATE_TOKEN, or use --tokens FILE');
    expect(served.stderr()).not.toContain(OPERATOR);
    await stopped(served);
  });

  it('is asked over TLS', async () => {
    const [cert, key] = [folder.path('gate.pem'), folder.path('gate.key')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore',
    });
    const served = await serving([...DEMO_FILES, '--data-dir', folder.path('tls'), '--tls-cert', cert, '--tls-key', key]);
    expect(served.url).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      httpsRequest(`${served.url}/readyz`, { ca: readFileSync(cert) }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    const watched = await policygate(['top', '--once', '--json', '--url', served.url], { NODE_EXTRA_CA_CERTS: cert });
    expect([watched.code, (JSON.parse(watched.stdout) as { status: Json }).status]).toEqual([
      0,
      expect.objectContaining({ ready: true }),
    ]);
    await stopped(served);
  });
});

it.each([
  ['a file that is not there', ['--policy', '/nowhere.yaml', ...DEMO_FILES.slice(2)]],
  ['no files', []],
])('a first start with %s makes no directory and serves nothing', async (_, args) => {
  const { code, stderr } = await policygate(['serve', ...args, '--port', '0', '--data-dir', folder.path('nothing')]);
  expect([code, stderr.includes('HTTP is served'), existsSync(folder.path('nothing'))]).toEqual([2, false, false]);
  expect(stderr).toMatch(/^Error: [^\n]*\n$/);
});

it('top says in one line that nobody answers', async () => {
  const { code, stdout, stderr } = await policygate(['top', '--once', '--url', 'http://127.0.0.1:2']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^Error: http:\/\/127\.0\.0\.1:2 does not answer \(\w+\); is policygate serve running there\?[^\n]*\n$/);
});
