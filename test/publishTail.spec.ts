/** What people put on the log, and what they see on it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { openSession } from '../src/apps/session';
import { command, foldDirectory } from './support/commands';
import { parseLines, ROOT, temporaryFolder } from './support/program';

const folder = temporaryFolder();
afterAll(folder.remove);

/** What a line holds depends on the topic. */
type Shown = ReturnType<typeof JSON.parse>;

let directories = 0;
const newDirectory = (): string => folder.path(`data-${++directories}`);
const demo = (name: string): string => join(ROOT, 'scenarios', 'demo', name);
const written = (name: string, ...lines: readonly string[]): string => {
  writeFileSync(folder.path(name), `${lines.join('\n')}\n`);
  return folder.path(name);
};
const intentLines = (): string[] => readFileSync(demo('intents.jsonl'), 'utf8').trimEnd().split('\n');
const startRun = (dir: string, run = 'r-1') =>
  command(
    ...['runs', 'start', '--run', run, '--policy', demo('policy.yaml'), '--portfolio', demo('portfolio.json')],
    ...['--market', demo('market.json'), '--account', 'paper', '--data-dir', dir],
  );
const tail = async (dir: string, topic: string, ...flags: readonly string[]) => {
  const { code, stdout, stderr } = await command('tail', topic, '--data-dir', dir, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return parseLines(stdout) as Shown[];
};

describe('a run, published and folded', () => {
  const dir = newDirectory();
  beforeAll(async () => {
    expect((await startRun(dir)).code).toBe(0);
    const { code, stdout } = await command('publish', 'intents', demo('intents.jsonl'), '--run', 'r-1', '--data-dir', dir);
    expect({ code, summary: JSON.parse(stdout) }).toEqual({
      code: 0,
      summary: { topic: 'order-intents', published: 7, skipped: 0, partitions: { 0: 7 } },
    });
    await foldDirectory(dir);
  });

  it('is decided, and tail shows each decision', async () => {
    const decisions = await tail(dir, 'decisions');
    expect(decisions.map(({ value }) => [value.intent_id, value.decision])).toEqual([
      ['demo-01', 'ALLOW'],
      ['demo-02', 'ALLOW'],
      ['demo-03', 'MODIFY'],
      ['demo-04', 'ALLOW'],
      ['demo-05', 'DENY'],
      ['demo-06', 'MODIFY'],
      ['demo-07', 'DENY'],
    ]);
    expect(decisions[0]).toMatchObject({
      topic: 'decisions',
      partition: 0,
      offset: 0,
      timestamp: '2026-02-24T09:30:01Z',
      key: { run_id: 'r-1', intent_id: 'demo-01' },
      headers: { eval_ms: expect.any(String) },
    });
  });

  it.each([
    ['decisions', ['--decision', 'MODIFY'], ['demo-03', 'demo-06']],
    ['decisions', ['--intent', 'demo-02'], ['demo-02']],
    ['decisions', ['--run', 'r-2'], []],
    ['decisions', ['--limit', '2'], ['demo-01', 'demo-02']],
    ['decisions', ['--partition', '0', '--from', '5'], ['demo-06', 'demo-07']],
    ['decisions', ['--from', '2026-02-24T09:32:15Z'], ['demo-06', 'demo-07']],
    ['decisions', ['--from', 'end'], []],
    ['order-intents', ['--intent', 'demo-04', '--run', 'r-1'], ['demo-04']],
  ])('tail %s %j', async (topic, flags, expected) => {
    expect((await tail(dir, topic, ...flags)).map(({ value }) => value.intent_id)).toEqual(expected);
  });

  it('tail --rule shows what broke it, on every topic that knows', async () => {
    const denied = (await tail(dir, 'decisions')).filter(({ value }) =>
      value.violations.some((violation: { rule_id: string }) => violation.rule_id === 'EXP-001'),
    );
    expect(denied.length).toBeGreaterThan(0);
    const named = (records: Shown[], id: (record: Shown) => string) => records.map(id);
    const expected = denied.map(({ value }) => value.intent_id);
    expect(named(await tail(dir, 'decisions', '--rule', 'EXP-001'), ({ value }) => value.intent_id)).toEqual(expected);
    expect(named(await tail(dir, 'audit-records', '--rule', 'EXP-001'), ({ value }) => value.intent.intent_id)).toEqual(expected);
  });

  it('has an audit record for each, its chain whole', async () => {
    const audits = await tail(dir, 'audit-records');
    expect(audits.map(({ value }) => value.kind).slice(0, 2)).toEqual(['CONTROL', 'DECISION']);
    expect(audits.map(({ value }) => value.seq)).toEqual(audits.map((_, seq) => seq));
    for (const [at, { value }] of audits.entries())
      expect(value.prev_hash).toBe(at === 0 ? '0'.repeat(64) : audits[at - 1]!.value.hash);
    expect(audits[1]!.value.decision.order.qty).toBe(audits[1]!.value.intent.qty);
  });

  it('tail policy-state shows entities by their keys', async () => {
    const kinds = new Set((await tail(dir, 'policy-state')).map(({ key, value }) => `${key.kind}=${value.kind}`));
    for (const pair of kinds) expect(pair.split('=')[0]).toBe(pair.split('=')[1]);
    expect(kinds.has('run=run') && kinds.has('intent=intent')).toBe(true);
  });

  it('an intent that is published twice is decided once', async () => {
    await command('publish', 'intents', demo('intents.jsonl'), '--run', 'r-1', '--data-dir', dir);
    await foldDirectory(dir);
    expect(await tail(dir, 'decisions')).toHaveLength(7);
    expect((await tail(dir, 'audit-records')).filter(({ value }) => value.kind === 'DUPLICATE')).toHaveLength(7);
  });
});

describe('what tail prints, publish reads', () => {
  it('prices and control events of one directory make another with the same decisions', async () => {
    const [first, second] = [newDirectory(), newDirectory()];
    await startRun(first);
    await command(
      'publish',
      'prices',
      written('prices.jsonl', '{"symbol":"AAPL","price":"200.5"}', '{"symbol":"TSLA","price":null}'),
      '--data-dir',
      first,
    );
    await command('publish', 'intents', demo('intents.jsonl'), '--run', 'r-1', '--data-dir', first);
    for (const [topic, form, flags] of [
      ['market-prices', 'prices', []],
      ['control-events', 'control', []],
      ['order-intents', 'intents', ['--run', 'r-1']],
    ] as const) {
      const { stdout } = await command('tail', topic, '--data-dir', first);
      // The text as it stands: parsing would lose digits.
      const values = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(line.indexOf('"value":') + '"value":'.length, -1));
      const { code, stdout: summary } = await command(
        'publish',
        form,
        written('copy.jsonl', ...values),
        ...flags,
        '--data-dir',
        second,
      );
      expect({ code, published: (JSON.parse(summary) as { published: number }).published }).toEqual({
        code: 0,
        published: values.length,
      });
    }
    const values = async (dir: string, topic: string) => (await tail(dir, topic)).map(({ key, value }) => ({ key, value }));
    for (const topic of ['market-prices', 'control-events', 'order-intents'])
      expect(await values(second, topic)).toEqual(await values(first, topic));
  });
});

describe('publish', () => {
  it('a bad line publishes nothing, and is named', async () => {
    const dir = newDirectory();
    const file = written('bad.jsonl', intentLines()[0]!, '', '{"intent_id": 5}', intentLines()[1]!);
    const { code, stdout, stderr } = await command('publish', 'intents', file, '--run', 'r-1', '--data-dir', dir);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Error: [^\n]*bad\.jsonl:3:\d+: [^\n]*nothing was published[^\n]*\n$/);
    expect(await tail(dir, 'order-intents')).toEqual([]);
  });

  it('--skip-invalid warns and goes on', async () => {
    const dir = newDirectory();
    const file = written('bad.jsonl', intentLines()[0]!, '{', intentLines()[1]!);
    const { code, stdout, stderr } = await command(
      'publish',
      'intents',
      file,
      '--run',
      'r-1',
      '--skip-invalid',
      '--data-dir',
      dir,
    );
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, published: 2, skipped: 1 });
    expect(stderr).toMatch(/^Warning: skipped [^\n]*bad\.jsonl:2:\d+: [^\n]*\n$/);
  });

  it('prices and events for every run go to every shard, others home', async () => {
    const dir = newDirectory();
    await (await openEmbeddedBus({ directory: dir, shards: 3 })).close();
    const prices = await command('publish', 'prices', demo('market.json'), '--data-dir', dir);
    expect(JSON.parse(prices.stdout)).toEqual({
      topic: 'market-prices',
      published: 4,
      skipped: 0,
      partitions: { 0: 4, 1: 4, 2: 4 },
    });
    const line = (run: string) => JSON.stringify({ run_id: run, type: 'KillSwitchTripped', actor: 'alice', reason: 'test' });
    const control = await command('publish', 'control', written('control.jsonl', line('*'), line('r-1')), '--data-dir', dir);
    const { partitions } = JSON.parse(control.stdout) as { partitions: Record<string, number> };
    expect(Object.values(partitions).sort()).toEqual([1, 1, 2]);
    expect((await tail(dir, 'control-events', '--run', 'r-1')).map(({ key }) => key).sort()).toEqual(['*', '*', '*', 'r-1']);
    await command('publish', 'intents', demo('intents.jsonl'), '--run', 'r-1', '--data-dir', dir);
    const [home] = Object.entries(partitions).find(([, count]) => count === 2)!;
    expect(new Set((await tail(dir, 'order-intents')).map(({ partition }) => partition))).toEqual(new Set([Number(home)]));
  });

  it.each([
    ['{"run_id":"r-1","type":"KillSwitchTriped","actor":"a","reason":"b"}', 'did you mean `KillSwitchTripped`'],
    ['{"run_id":"r-1","type":"KillSwitchReset","actor":"a","reason":" "}', 'reason: expected who did it and why'],
    ['{"run_id":"r-1","type":"RunEnded","actor":"a"}', 'reason: required field is missing'],
    ['{"run_id":"r-1","type":"RunEnded","actor":"a","reason":"b","policy_text":""}', 'policy_text: unknown field'],
    [
      '{"run_id":"*","type":"PortfolioUpdated","actor":"a","reason":"b","equity":1,"start_of_day_equity":1,"peak_equity":1}',
      'run_id: expected the id of one run',
    ],
    ['{"type":"RunEnded","actor":"a","reason":"b"}', 'run_id: required field is missing'],
    ['[]', 'expected an object'],
  ])('control: %s', async (line, said) => {
    const { code, stderr } = await command('publish', 'control', written('control.jsonl', line), '--data-dir', newDirectory());
    expect(stderr).toContain(said);
    expect(stderr).toContain('control.jsonl:1:');
    expect(code).toBe(2);
  });

  it.each([
    ['{"symbol":"AAPL"}', 'price: required field is missing'],
    ['{"symbol":"AAPL","price":"1e3"}', 'price: expected a number'],
    ['{"prices":{"AAPL":1}}', 'timestamp: required field is missing'],
  ])('prices: %s', async (line, said) => {
    const { code, stderr } = await command('publish', 'prices', written('prices.jsonl', line), '--data-dir', newDirectory());
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) });
  });

  it.each([
    [['publish', 'intents', 'x'], '--run is missing'],
    [['publish', 'intents', 'x', '--run', '*'], '--run'],
    [['publish', 'intents', 'no-such-file', '--run', 'r'], 'no-such-file: no such file'],
    [['publish', 'prices', 'x', '--rate', '0'], '--rate 0: expected a number above zero'],
    [['tail', 'decision'], 'did you mean `decisions`'],
    [['tail', 'decisions', '--from', '3'], 'give --partition'],
    [['tail', 'decisions', '--from', 'yesterday'], '--from yesterday: expected beginning'],
    [['tail', 'decisions', '--partition', '1'], 'every topic has 1'],
    [['tail', 'decisions', '--rule', 'EXP-01'], 'did you mean `EXP-001`'],
    [['tail', 'market-prices', '--run', 'r-1'], 'it takes no filter'],
    [['tail', 'decisions', '--follow', '--until-end'], '--until-end'],
  ])('%j: one line', async (args, said) => {
    const dir = newDirectory();
    await (await openSession(dir)).bus.close();
    const { code, stdout, stderr } = await command(...args, '--data-dir', dir);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(said);
  });
});

describe('tail of what nobody can read', () => {
  it('shows the fault and the bytes, and goes on', async () => {
    const dir = newDirectory();
    const bus = await openEmbeddedBus({ directory: dir });
    const writer = await bus.writer('stranger');
    const at = { topic: 'order-intents' as const, partition: 0, timestamp: 0 };
    await writer.commit([
      { ...at, key: Buffer.from('r-1'), value: Buffer.from('{}') },
      { ...at, key: Buffer.from([0xff]), value: null },
      { ...at, topic: 'decisions', key: Buffer.from([1]), value: null },
    ]);
    await bus.close();
    await command('publish', 'intents', demo('intents.jsonl'), '--run', 'r-1', '--data-dir', dir);
    const [text, key, ...rest] = await tail(dir, 'order-intents');
    expect(text).toMatchObject({
      key: 'r-1',
      fault: expect.stringContaining('NO_MAGIC_BYTE'),
      value_base64: Buffer.from('{}').toString('base64'),
    });
    expect(key).toMatchObject({ key_base64: '/w==', fault: expect.stringContaining('UTF-8'), value_base64: null });
    expect(rest).toHaveLength(7);
    const both = { key_base64: 'AQ==', value_base64: null, fault: expect.stringMatching(/^NO_MAGIC_BYTE.*; EMPTY/) };
    expect((await tail(dir, 'decisions'))[0]).toMatchObject(both);
    expect(await tail(dir, 'order-intents', '--run', 'r-1')).toHaveLength(8);

    await foldDirectory(dir);
    const letters = await tail(dir, 'dead-letters');
    expect(letters[0]).toMatchObject({
      key: 'r-1',
      headers: { topic: 'order-intents', reason: expect.stringContaining('NO_MAGIC_BYTE') },
      value_base64: 'e30=',
    });
  });
});

/** The program as a process of its own, without a build. */
const PROGRAM = join(ROOT, 'src', 'apps', 'cli', 'policygate.ts');

const programText = (
  line: string,
  input?: string,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    const policygate = `${process.execPath} -r esbuild-register ${PROGRAM}`;
    const script = `set -o pipefail; policygate() { ${policygate} "$@"; }; ${line}`;
    const child = spawn('bash', ['-c', script], { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });

describe('in a shell', () => {
  it('publishes what is piped in, and is read by `head` without complaint', async () => {
    const dir = newDirectory();
    const many = Array.from({ length: 3_000 }, (_, at) => `{"symbol":"S${at}","price":${at}}`).join('\n');
    const published = await programText(`policygate publish prices - --data-dir ${dir}`, many);
    expect(published).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"published":3000') });
    const { code, stdout, stderr } = await programText(`policygate tail market-prices --data-dir ${dir} | head -n 2`);
    expect({ code, stderr, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, stderr: '', lines: 2 });
  }, 30_000);

  it('Ctrl-C ends `tail --follow` with 0, and the directory is free again', async () => {
    const dir = newDirectory();
    await command('publish', 'prices', demo('market.json'), '--data-dir', dir);
    const args = ['-r', 'esbuild-register', PROGRAM, 'tail', 'market-prices', '--follow', '--data-dir', dir];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let shown = '';
      for (child.stdout.setEncoding('utf8'); shown.split('\n').length <= 4;) {
        const [text] = (await once(child.stdout, 'data')) as [string];
        shown += text;
      }
      expect(parseLines(shown)).toHaveLength(4);
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
    expect(await tail(dir, 'market-prices')).toHaveLength(4);
  }, 30_000);
});

describe('docs/commands.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'commands.md'), 'utf8');
  const dir = newDirectory();
  const commands = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block]) =>
    (block ?? '').replaceAll('\\\n', ' ').trim().split('\n'),
  );

  it('has examples', () => expect(commands.length).toBeGreaterThan(15));

  it('whose commands all work, one after the other', async () => {
    for (const line of commands) {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
      expect(words[0]).toBe('policygate');
      // What the page calls ./data, ./export and so on stands beside one another in the temporary folder.
      const args = words.slice(1).map((word) => (word === './data' ? dir : word.replace(/^\.\//, `${dir}-`)));
      const { code, stderr } =
        args[0] === 'processor' ? (await foldDirectory(dir), { code: 0, stderr: '' }) : await command(...args);
      expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: expect.not.stringContaining('Error') });
    }
    await foldDirectory(dir);
    expect((await tail(dir, 'audit-records')).filter(({ value }) => value.kind === 'REJECTED_INPUT')).toEqual([]);
    expect((await command('runs', 'list', '--data-dir', dir)).stdout).toContain('ENDED');
  });

  it.each([
    ['control', 9],
    ['prices', 3],
  ])('whose %s lines are valid', async (form, count) => {
    const kind = form === 'prices' ? 'price' : form;
    const lines = [...page.matchAll(new RegExp(`^\`\`\`json ${kind}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) =>
      (text ?? '').replaceAll('\n', ' '),
    );
    expect(lines).toHaveLength(count);
    const { code, stderr } = await command('publish', form, written('page.jsonl', ...lines), '--data-dir', newDirectory());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

it('reads a pipe that stands for a file once, as it comes', async () => {
  const pipe = folder.path('prices.pipe');
  execFileSync('mkfifo', [pipe]);
  const feeder = spawn('sh', [
    '-c',
    `printf '%s\\n' "$1" "$1" > "$2"`,
    'sh',
    '{"timestamp":"2026-02-24T09:30:00Z","prices":{"AAPL":1}}',
    pipe,
  ]);
  const { code, stdout } = await command('publish', 'prices', pipe, '--data-dir', newDirectory());
  feeder.kill();
  expect({ code, summary: JSON.parse(stdout) as unknown }).toMatchObject({ code: 0, summary: { published: 2 } });
});
