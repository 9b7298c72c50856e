/** `policygate correlate` on what the real commands write. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../support/commands';
import type { DemoLogs } from '../support/demoRun';
import { runDemo, timedLogs } from '../support/demoRun';
import { parseLines, temporaryFolder, without } from '../support/program';
import type { Json } from '../support/program';

jest.setTimeout(30_000);

const folder = temporaryFolder();
afterAll(folder.remove);

let logs: DemoLogs;
let timed: Pick<DemoLogs, 'audit' | 'exec'>;
beforeAll(async () => {
  logs = await runDemo(folder.path);
  timed = timedLogs(logs, folder.path);
});

let files = 0;
/** A copy of a log with some of its lines changed. */
const changed = (file: string, change: (lines: Json[]) => readonly Json[]): string => {
  const copy = folder.path(`changed-${++files}.jsonl`);
  writeFileSync(
    copy,
    change(parseLines(readFileSync(file, 'utf8')))
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  );
  return copy;
};

it('shows what became of each intent, and how long it took', async () => {
  expect(await command('correlate', '--audit', timed.audit, '--exec', timed.exec)).toEqual({
    code: 0,
    stderr: '',
    stdout: `run     intent   order         decision  rules     may send  status  filled  decided ms  sent ms  filled ms  total ms  findings
------  -------  ------------  --------  --------  --------  ------  ------  ----------  -------  ---------  --------  --------
r-demo  demo-01  buy 20 AAPL   ALLOW     -         20        FILLED  20      5           3        12         20        -
r-demo  demo-02  buy 15 MSFT   ALLOW     -         15        FILLED  15      5           3        12         20        -
r-demo  demo-03  buy 120 NVDA  MODIFY    EXP-001   80        FILLED  80      5           3        12         20        -
r-demo  demo-04  sell 10 AAPL  ALLOW     -         10        FILLED  10      5           3        12         20        -
r-demo  demo-05  buy 10 NVDA   DENY      EXP-001   0         DENIED  0       5           -        -          -         -
r-demo  demo-06  buy 60 TSLA   MODIFY    EXP-001   40        FILLED  40      5           3        12         20        -
r-demo  demo-07  buy 5 AAPL    DENY      KILL-001  0         DENIED  0       5           -        -          -         -

7 intents: 2 DENIED, 5 FILLED; 0 findings

latency, ms              count  p50  p95  p99  max
-----------------------  -----  ---  ---  ---  ---
intent to decision       7      5    5    5    5
decision to submitted    5      3    3    3    3
submitted to first fill  5      12   12   12   12
submitted to last fill   5      12   12   12   12
decision to last step    5      15   15   15   15
intent to last step      5      20   20   20   20
`,
  });
});

it('shows one intent step by step', async () => {
  const { code, stdout } = await command('correlate', '--audit', timed.audit, '--exec', timed.exec, '--intent', 'demo-03');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `run r-demo, intent demo-03: FILLED
at                        ms   step
------------------------  ---  ---------------  ------------------------------------------------------
2026-02-24T09:30:20Z           INTENT           buy 120 NVDA, by mean_reversion_v1
2026-02-24T09:30:20.005Z  +5   DECISION         MODIFY, may send 80, EXP-001, judged in 0.3 ms (seq 7)
2026-02-24T09:30:20.008Z  +3   ORDER_SUBMITTED  80, SIM-000003
2026-02-24T09:30:20.02Z   +12  ORDER_FILLED     80 at 125; 80 in all, 0 left, SIM-000003
`,
  });
});

it('writes a line of JSON for each intent', async () => {
  const out = folder.path('new', 'timeline.jsonl');
  const { code, stdout } = await command('correlate', '--audit', timed.audit, '--exec', timed.exec, '--json', '--out', out);
  expect(code).toBe(0);
  expect(readFileSync(out, 'utf8')).toBe(stdout);
  const [first, ...others] = parseLines(stdout);
  expect(others.map(({ intent_id, status }) => [intent_id, status])).toEqual([
    ['demo-02', 'FILLED'],
    ['demo-03', 'FILLED'],
    ['demo-04', 'FILLED'],
    ['demo-05', 'DENIED'],
    ['demo-06', 'FILLED'],
    ['demo-07', 'DENIED'],
  ]);
  const at = (ms: string): string => `2026-02-24T09:30:01${ms}Z`;
  expect(first).toEqual({
    ...{ run_id: 'r-demo', intent_id: 'demo-01', status: 'FILLED', decision: 'ALLOW', strategy_id: 'momentum_v1' },
    ...{ symbol: 'AAPL', filled_qty: 20, findings: [] },
    steps: [
      { step: 'INTENT', at: at(''), qty: 20 },
      {
        ...{ step: 'DECISION', at: at('.005'), clock: Date.parse(at('')), seq: 1, decision: 'ALLOW', rules: [] },
        ...{ side: 'buy', qty: 20, eval_ms: 0.1 },
      },
      { step: 'ORDER_SUBMITTED', at: at('.008'), order_id: 'SIM-000001', side: 'buy', qty: 20 },
      {
        ...{ step: 'ORDER_FILLED', at: at('.02'), order_id: 'SIM-000001', side: 'buy', qty: 20, price: 200 },
        ...{ cum_qty: 20, leaves_qty: 0 },
      },
    ],
    latency_ms: {
      ...{ intent_to_decision: 5, decision_to_submitted: 3, submitted_to_first_fill: 12, submitted_to_last_fill: 12 },
      ...{ decision_to_end: 15, total: 20 },
    },
  });
});

it('tells the same of a data directory as of the logs that its run wrote', async () => {
  const fromFiles = await command('correlate', '--audit', logs.audit, '--exec', logs.exec, '--json');
  const fromTopics = await command('correlate', '--data-dir', logs.dataDir, '--run', 'r-demo', '--json');
  expect(parseLines(fromFiles.stdout)).toHaveLength(7);
  expect(fromTopics).toEqual(fromFiles);
});

it('tells the same of an export, as a whole and file by file', async () => {
  const { stdout } = await command('correlate', '--audit', logs.audit, '--exec', logs.exec, '--json');
  for (const format of ['avro', 'jsonl']) {
    const out = folder.path(`export-${format}`);
    expect((await command('export', '--out', out, '--format', format, '--data-dir', logs.dataDir)).code).toBe(0);
    const file = (topic: string): string => join(out, topic, 'r-demo', `2026-02-24.${format}`);
    const expected = { code: 0, stdout, stderr: '' };
    expect(await command('correlate', '--audit', out, '--json')).toEqual(expected);
    expect(await command('correlate', '--audit', file('audit-records'), '--exec', file('execution-events'), '--json')).toEqual(
      expected,
    );
    expect((await command('stats', '--audit', out, '--json')).stdout).toBe(
      (await command('stats', '--audit', logs.audit, '--json')).stdout,
    );
    expect(await command('stats', '--audit', file('decisions'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('holds decisions; expected audit-records'),
    });
  }
});

describe('what does not fit is found, and the command ends with 1', () => {
  const findings = async (audit: string, exec: string) => {
    const { code, stdout } = await command('correlate', '--audit', audit, '--exec', exec, '--json');
    return [
      code,
      parseLines(stdout).flatMap(({ intent_id, findings: found }) =>
        (found as Json[]).map(({ code: name }) => `${String(intent_id)} ${String(name)}`),
      ),
    ];
  };
  const withoutIntent = (file: string, id: string): string =>
    changed(file, (lines) => lines.filter((line) => (line.intent_id ?? (line.intent as Json).intent_id) !== id));

  it('a decision without its execution', async () => {
    expect(await findings(timed.audit, withoutIntent(timed.exec, 'demo-02'))).toEqual([1, ['demo-02 ALLOWED_NOT_EXECUTED']]);
  });

  it('an execution without its decision', async () => {
    expect(await findings(withoutIntent(timed.audit, 'demo-04'), timed.exec)).toEqual([1, ['demo-04 EXECUTED_WITHOUT_DECISION']]);
  });

  it('more sent, and more filled, than decided', async () => {
    const exec = changed(timed.exec, (lines) =>
      lines.map((line) =>
        line.intent_id === 'demo-03' ? { ...line, qty: 120, ...(line.price === undefined ? {} : { cum_qty: 120 }) } : line,
      ),
    );
    expect(await findings(timed.audit, exec)).toEqual([1, ['demo-03 SENT_ABOVE_DECIDED', 'demo-03 FILLED_ABOVE_DECIDED']]);
  });

  it('a fill after the end', async () => {
    const exec = changed(timed.exec, (lines) => [...lines, { ...lines[1], ts: '2026-02-24T10:00:00Z', cum_qty: 25, qty: 5 }]);
    const { code, stdout } = await command('correlate', '--audit', timed.audit, '--exec', exec, '--intent', 'demo-01');
    expect(code).toBe(1);
    expect(stdout).toContain('finding FILL_AFTER_END: filled after the order had ended: 25 in all\n');
  });
});

it('reads logs of the first program', async () => {
  const audit = changed(timed.audit, (lines) =>
    lines.map(
      ({
        run_id,
        event_id,
        engine_version,
        policy_hash,
        intent,
        portfolio_state,
        market_snapshot,
        execution_state,
        decision,
        recorded_at,
      }) => ({
        ...{ event_id, timestamp: recorded_at, engine_version, policy_hash, intent, portfolio_state, market_snapshot },
        ...{ execution_state, decision, run_id },
      }),
    ),
  );
  const exec = changed(timed.exec, (lines) => lines.map((line) => without(line, 'cum_qty', 'leaves_qty')));
  const { code, stdout } = await command('correlate', '--audit', audit, '--exec', exec, '--json');
  expect([code, parseLines(stdout).map(({ status, latency_ms }) => [status, (latency_ms as Json).total])]).toEqual([
    0,
    ['FILLED', 'FILLED', 'FILLED', 'FILLED', 'DENIED', 'FILLED', 'DENIED'].map((status) => [
      status,
      status === 'FILLED' ? 20 : null,
    ]),
  ]);
});

describe('what cannot be done is said in one line', () => {
  const failure = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await command('correlate', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    return stderr;
  };

  it('a line that is none', async () => {
    const broken = folder.path('broken.jsonl');
    writeFileSync(broken, `${readFileSync(timed.exec, 'utf8').split('\n')[0] ?? ''}\n{"ts":"yesterday"}\n`);
    expect(await failure('--audit', timed.audit, '--exec', broken)).toBe(
      `Error: ${broken}:2:7: ts: expected an RFC 3339 time in UTC such as "2026-02-24T09:30:01Z", found the text "yesterday"; expected an execution log, as \`run --exec-log\` writes it\n`,
    );
  });

  it('the two logs in each other’s place', async () => {
    expect(await failure('--audit', timed.exec, '--exec', timed.audit)).toMatch(/timed-exec\.jsonl:1.*expected an audit log/);
  });

  it.each<[string, () => readonly string[], RegExp]>([
    ['no execution log', () => ['--audit', timed.audit], /^Error: --exec is missing: correlate needs the execution log/],
    ['no audit log', () => ['--exec', timed.exec], /^Error: --exec goes with --audit/],
    ['no such file', () => ['--audit', folder.path('none'), '--exec', timed.exec], /none: no such file\n$/],
    [
      'files and a bus',
      () => ['--audit', timed.audit, '--exec', timed.exec, '--data-dir', logs.dataDir],
      /expected one of the two\n$/,
    ],
  ])('%s', async (_, args, message) => expect(await failure(...args())).toMatch(message));

  it('an intent that is not there ends with 1', async () => {
    expect(await command('correlate', '--audit', timed.audit, '--exec', timed.exec, '--intent', 'demo-99')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'intent demo-99: neither a decision nor an execution is on the log\n',
    });
  });
});
