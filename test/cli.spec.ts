/** The command line as its users meet it: help, exit codes, and one clear line for each mistake. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { parseLines, policygate, readLines, ROOT, temporaryFolder } from './support/program';
import type { Json, Outcome } from './support/program';

// Each test starts programs, beside whatever else the machine is doing.
jest.setTimeout(30_000);

const folder = temporaryFolder();
afterAll(folder.remove);

const scenario = (name: string): string => join('scenarios', 'normal_day', name);
const POLICY = scenario('policy.yaml');
const INTENTS = scenario('intents.jsonl');
const PORTFOLIO = scenario('portfolio.json');
const MARKET = scenario('market.json');

/** `run` on the normal day; what comes in `more` replaces or adds. */
const run = (more: Readonly<Record<string, string>> = {}, ...flags: string[]): Promise<Outcome> => {
  const options = { '--policy': POLICY, '--intents': INTENTS, '--portfolio': PORTFOLIO, '--market': MARKET, ...more };
  return policygate(['run', ...Object.entries(options).flat(), ...flags]);
};

const written = (name: string, text: string): string => {
  writeFileSync(folder.path(name), text);
  return folder.path(name);
};

const intentLines = (): string[] => readFileSync(join(ROOT, INTENTS), 'utf8').trimEnd().split('\n');

/** Exit code 2, nothing on stdout, one line on stderr, no stack. */
const expectOneLine = ({ code, stdout, stderr }: Outcome, ...said: string[]): void => {
  expect(stderr).toMatch(/^Error: [^\n]+\n$/);
  for (const words of said) expect(stderr).toContain(words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
};

describe('help', () => {
  const commands = [[], ['demo'], ['eval'], ['run'], ['validate'], ['policy'], ['policy', 'show']];
  it.each(commands.map((command) => [command.join(' '), command] as const))(
    '`policygate %s --help` has examples',
    async (_name, command) => {
      const { code, stdout, stderr } = await policygate([...command, '--help']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: policygate/);
      expect(stdout).toContain('Examples:\n');
    },
  );

  it('the names of the first program work too', async () => {
    for (const [name, usage] of [
      ['policygateEval', 'eval'],
      ['policygateRun', 'run'],
    ] as const) {
      const program = join(ROOT, 'dist', 'src', 'apps', 'cli', `${name}.js`);
      const stdout = await new Promise<string>((resolve) => {
        const child = spawn(process.execPath, [program, '--help'], { stdio: ['ignore', 'pipe', 'ignore'] });
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        child.on('close', () => resolve(text));
      });
      expect(stdout).toContain(`policygate ${usage} [options]`);
    }
  });
});

describe('a slip of the pen', () => {
  it.each([
    [['evl'], 'evl', 'eval'],
    [['policy', 'shwo'], 'shwo', 'show'],
    [['eval', '--intnt', 'x'], '--intnt', '--intent'],
    [['run', '--polcy', 'x'], '--polcy', '--policy'],
    [
      ['run', '--policy', 'x', '--intents', 'x', '--portfolio', 'x', '--market', 'x', '--audit-lgo', 'x'],
      '--audit-lgo',
      '--audit-log',
    ],
    [['validate', '--knd', 'policy', 'x'], '--knd', '--kind'],
  ])('%j: names it, and the nearest there is', async (args, wrong, nearest) => {
    expectOneLine(await policygate(args), wrong, nearest);
  });

  it.each([
    [['run'], '--policy'],
    [['run', '--policy'], '--policy'],
    [['eval'], '--policy'],
    [['validate', POLICY], '--kind'],
    [['validate', '--kind', 'policy'], 'file'],
    [['validate', '--kind', 'polcy', POLICY], 'policy'],
    [['policy', 'show'], 'file'],
    [['run', 'extra', '--policy', 'x', '--intents', 'x', '--portfolio', 'x', '--market', 'x'], 'too many arguments'],
  ])('%j: says what is missing or wrong', async (args, said) => {
    expectOneLine(await policygate(args), said);
  });
});

describe('files that cannot be used', () => {
  const options = ['--policy', '--intents', '--portfolio', '--market', '--execution'];
  it.each(options)('%s: a missing file, a folder, an empty file', async (option) => {
    const missing = folder.path('missing');
    expectOneLine(await run({ [option]: missing }), missing, 'no such file');
    expectOneLine(await run({ [option]: folder.path() }), folder.path(), 'folder');
    if (option !== '--intents') expectOneLine(await run({ [option]: written('empty', '') }), folder.path('empty'));
  });

  it('JSON that is broken, with its line and column', async () => {
    const file = written('broken.json', '{\n  "equity": 100000,\n  "start_of_day_equity" 1\n}\n');
    expectOneLine(await run({ '--portfolio': file }), `${file}:3:`);
  });

  it('JSON with a field that does not exist, and what may have been meant', async () => {
    const file = written('unknown.json', '{"equity": 1, "start_of_day_equity": 1, "peak_equty": 1}');
    expectOneLine(await run({ '--portfolio': file }), file, 'peak_equty', 'peak_equity');
  });

  it('YAML that is broken, with its line', async () => {
    const file = written('broken.yaml', 'version: "0.1"\nlimits: [\n');
    expectOneLine(await run({ '--policy': file }), `${file}:3:`);
  });

  it('a policy with a limit out of range, with its line and path', async () => {
    const text = readFileSync(join(ROOT, POLICY), 'utf8').replace('max_position_pct: 0.10', 'max_position_pct: 10');
    const line = text.split('\n').findIndex((row) => row.includes('max_position_pct: 10')) + 1;
    expectOneLine(
      await run({ '--policy': written('range.yaml', text) }),
      `range.yaml:${line}:`,
      'limits.exposure.max_position_pct',
    );
  });

  it('a log file that is a folder', async () => {
    expectOneLine(await run({ '--audit-log': folder.path() }), folder.path(), 'folder');
    expectOneLine(await run({ '--out-summary': folder.path() }), folder.path(), 'folder');
  });

  it('a data directory that is a file', async () => {
    expectOneLine(await run({ '--data-dir': written('file', 'x') }), folder.path('file'));
  });
});

describe('a broken line in a stream', () => {
  const broken = (): string =>
    written(
      'broken.jsonl',
      intentLines()
        .map((line, index) => (index === 2 ? line.slice(0, 60) : line))
        .join('\n'),
    );

  it('stops the run before anything is decided, and is named by its number', async () => {
    const [file, audit, exec] = [broken(), folder.path('undecided-audit.jsonl'), folder.path('undecided-exec.jsonl')];
    const data = folder.path('undecided');
    expectOneLine(
      await run({ '--intents': file, '--audit-log': audit, '--exec-log': exec, '--data-dir': data }),
      `${file}:3:`,
      '--skip-invalid',
    );
    for (const log of [audit, exec]) expect(existsSync(log) ? readFileSync(log, 'utf8') : '').toBe('');
  });

  it('is named and passed over with --skip-invalid', async () => {
    const [file, audit] = [broken(), folder.path('skipped.jsonl')];
    const { code, stdout, stderr } = await run({ '--intents': file, '--audit-log': audit }, '--skip-invalid');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Warning: skipped [^\n]*broken\.jsonl:3:[^\n]*\n$/);
    expect(parseLines(stdout)[0]).toMatchObject({ total_intents: 9 });
    expect(readLines(audit).map((line) => (line.intent as Json).intent_id)).not.toContain('nd-003');
  });

  it('and a stream without a line is a run without an intent', async () => {
    const { code, stdout, stderr } = await run({ '--intents': written('empty.jsonl', '\n\n') });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parseLines(stdout)[0]).toMatchObject({
      total_intents: 0,
      decisions: { ALLOW: 0, MODIFY: 0, DENY: 0 },
      kill_switch_active: false,
    });
  });
});

describe('eval', () => {
  const evaluate = (qty: number, ...more: string[]): Promise<Outcome> => {
    const intent = { ...(JSON.parse(intentLines()[0]!) as Json), qty };
    const file = written(`intent-${qty}.json`, JSON.stringify(intent));
    return policygate(['eval', '--policy', POLICY, '--intent', file, '--portfolio', PORTFOLIO, '--market', MARKET, ...more]);
  };

  it('exits 0 for ALLOW and MODIFY, 1 for DENY, 2 when it cannot judge', async () => {
    const [allowed, modified] = [await evaluate(20), await evaluate(60)];
    expect([allowed.code, JSON.parse(allowed.stdout)]).toMatchObject([0, { decision: 'ALLOW' }]);
    expect([modified.code, JSON.parse(modified.stdout)]).toMatchObject([0, { decision: 'MODIFY', modified_intent: { qty: 50 } }]);
    const denied = await evaluate(20, '--execution', written('killed.json', '{"kill_switch_active": true}'));
    expect([denied.code, denied.stderr, JSON.parse(denied.stdout)]).toMatchObject([1, '', { decision: 'DENY' }]);
    expectOneLine(await evaluate(-1), 'qty');
  });

  it('puts the decision on record before it tells it', async () => {
    const audit = folder.path('eval.jsonl');
    const { stdout } = await evaluate(20, '--audit-log', audit);
    await evaluate(60, '--audit-log', audit);
    const lines = readLines(audit);
    expect(lines).toHaveLength(2);
    expect(lines[0]?.decision).toEqual(JSON.parse(stdout));
    expect(lines[0]).not.toHaveProperty('run_id');
    expectOneLine(await evaluate(20, '--audit-log', folder.path()), folder.path());
  });

  it('--batch answers each line alone: a bad one spoils no other', async () => {
    const portfolio: unknown = JSON.parse(readFileSync(join(ROOT, PORTFOLIO), 'utf8'));
    const market: unknown = JSON.parse(readFileSync(join(ROOT, MARKET), 'utf8'));
    const policy_yaml = readFileSync(join(ROOT, POLICY), 'utf8');
    const good = { policy_yaml, portfolio, market, intent: JSON.parse(intentLines()[0]!) as unknown };
    const lines = [
      JSON.stringify({ id: 'a', ...good }),
      '{"id": "b", ',
      JSON.stringify({ id: 'c', ...good, portfolio: { ...(portfolio as Json), equity: -1 } }),
      '',
      JSON.stringify({ id: 'd', ...good, policy_yaml: 'version: "9"' }),
      JSON.stringify({ id: 'e', ...good }),
    ];
    const { code, stdout, stderr } = await policygate(['eval', '--batch', written('batch.ndjson', lines.join('\n'))]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(parseLines(stdout)).toMatchObject([
      { id: 'a', decision: { decision: 'ALLOW' } },
      { id: null, error: expect.stringContaining('line 2') },
      { id: 'c', error: expect.stringContaining('portfolio.equity') },
      { id: 'd', error: expect.stringContaining('version') },
      { id: 'e', decision: { decision: 'ALLOW' } },
    ]);
  });
});

describe('validate', () => {
  it('tells of each file, and exits 2 if one is refused', async () => {
    const bad = written('bad.yaml', 'version: "0.1"\n');
    const { code, stdout, stderr } = await policygate(['validate', '--kind', 'policy', POLICY, bad, folder.path('missing.yaml')]);
    expect(code).toBe(2);
    expect(stdout).toBe(`${POLICY}: valid policy\n`);
    expect(stderr).toMatch(/^(Error: [^\n]+\n){2}$/);
    expect(stderr).toContain(`${bad}:`);
    expect(stderr).toContain('missing.yaml: no such file');
  });

  it('says that `decision: allow` changes no verdict, and so does every load', async () => {
    const text = readFileSync(join(ROOT, POLICY), 'utf8').replace(/decision: .deny./, 'decision: allow');
    const file = written('allow.yaml', text);
    for (const outcome of [await policygate(['validate', '--kind', 'policy', file]), await run({ '--policy': file })]) {
      expect(outcome.code).toBe(0);
      expect(outcome.stderr).toMatch(/^Warning: [^\n]*decision[^\n]*\n$/);
    }
  });
});

describe('the log files of run', () => {
  it('are appended to, run after run; --overwrite starts them afresh', async () => {
    const logs = {
      '--audit-log': folder.path('new', 'folder', 'audit.jsonl'),
      '--exec-log': folder.path('new', 'folder', 'exec.jsonl'),
    };
    const read = (): { audit: string; exec: string } => ({
      audit: readFileSync(logs['--audit-log'], 'utf8'),
      exec: readFileSync(logs['--exec-log'], 'utf8'),
    });
    await run(logs);
    const first = read();
    await run(logs);
    const second = read();
    expect(second.audit.startsWith(first.audit) && second.exec.startsWith(first.exec)).toBe(true);
    expect(readLines(logs['--audit-log'])).toHaveLength(20);
    expect(new Set(readLines(logs['--audit-log']).map((line) => line.run_id)).size).toBe(2);
    expect(readLines(logs['--exec-log'])).toHaveLength(32);
    await run(logs, '--overwrite');
    expect(readLines(logs['--audit-log'])).toHaveLength(10);
    expect(readLines(logs['--exec-log'])).toHaveLength(16);
  });

  it('and the summary is written to --out-summary as it is printed', async () => {
    const { stdout } = await run({ '--out-summary': folder.path('deep', 'summary.json') }, '--pretty');
    expect(readFileSync(folder.path('deep', 'summary.json'), 'utf8')).toBe(stdout);
    expect(stdout.split('\n').length).toBeGreaterThan(10);
  });
});

describe('run refuses', () => {
  it.each([
    ['alpaca', ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY']],
    ['tradier', ['TRADIER_TOKEN', 'TRADIER_ACCOUNT_ID', 'TRADIER_ENV']],
  ])('--broker %s without its credentials, each by its name', async (broker, variables) => {
    const unset = Object.fromEntries(variables.flatMap((name) => [name, `${name}_FILE`]).map((name) => [name, '']));
    const files = ['--policy', POLICY, '--intents', INTENTS, '--portfolio', PORTFOLIO, '--market', MARKET];
    expectOneLine(await policygate(['run', ...files, '--broker', broker], unset), broker, ...variables);
  });
  it('a broker that nobody has heard of', async () => {
    expectOneLine(await run({ '--broker': 'alpca' }), 'alpca', 'alpaca');
  });
  it('a run id that cannot be one', async () => {
    expectOneLine(await run({ '--run-id': '' }), '--run-id');
  });

  it('a data directory that another process works on', async () => {
    const directory = folder.path('locked');
    mkdirSync(directory);
    const bus = await openEmbeddedBus({ directory });
    try {
      expectOneLine(await run({ '--data-dir': directory }), 'BUS_LOCKED', directory);
    } finally {
      await bus.close();
    }
    expect(await run({ '--data-dir': directory })).toMatchObject({ code: 0, stderr: '' });
  });
});

it('two starts at once on one data directory: one does the job, the other is told that it is locked', async () => {
  const data = { '--data-dir': folder.path('shared') };
  const outcomes = await Promise.all([run(data), run(data), run(data)]);
  expect(outcomes.some(({ code }) => code === 0)).toBe(true);
  for (const outcome of outcomes) if (outcome.code !== 0) expectOneLine(outcome, 'BUS_LOCKED');
  const [summary] = outcomes.filter(({ code }) => code === 0).map(({ stdout }) => stdout);
  expect(await run(data)).toMatchObject({ code: 0, stdout: summary });
});

it('whoever reads the output may stop reading', async () => {
  const line = JSON.stringify({
    policy_yaml: readFileSync(join(ROOT, POLICY), 'utf8'),
    portfolio: JSON.parse(readFileSync(join(ROOT, PORTFOLIO), 'utf8')) as unknown,
    market: JSON.parse(readFileSync(join(ROOT, MARKET), 'utf8')) as unknown,
    intent: JSON.parse(intentLines()[0]!) as unknown,
  });
  // Some 700 KB of answers: far more than a pipe holds.
  const file = written('many.ndjson', `${line}\n`.repeat(1_000));
  const { code, stderr } = await policygate(['eval', '--batch', file], {}, (child) => {
    child.stdout?.once('data', () => child.stdout?.destroy());
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
