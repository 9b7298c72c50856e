/** `policygate stats` on what the real commands write. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../support/commands';
import type { DemoLogs } from '../support/demoRun';
import { runDemo, timedLogs } from '../support/demoRun';
import { ROOT, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';

jest.setTimeout(30_000);

const folder = temporaryFolder();
afterAll(folder.remove);

let logs: DemoLogs;
let audit: string;
beforeAll(async () => {
  logs = await runDemo(folder.path);
  ({ audit } = timedLogs(logs, folder.path));
});

it('counts decisions, and how long they took', async () => {
  expect(await command('stats', '--audit', audit)).toEqual({
    code: 0,
    stderr: '',
    stdout: `decisions  ALLOW  MODIFY  DENY
---------  -----  ------  ----
7          3      2       2

rule      violations
--------  ----------
EXP-001   3
KILL-001  1

strategy           decisions  ALLOW  MODIFY  DENY
-----------------  ---------  -----  ------  ----
momentum_v1        5          3      1       1
mean_reversion_v1  2          0      1       1

symbol  decisions  ALLOW  MODIFY  DENY
------  ---------  -----  ------  ----
AAPL    3          2      0       1
NVDA    2          0      1       1
MSFT    1          1      0       0
TSLA    1          0      1       0

duplicates  conflicts  rejected inputs  kill switch tripped  reset
----------  ---------  ---------------  -------------------  -----
0           0          0                1                    0

evaluations  mean ms  p50    p95    p99    max
-----------  -------  -----  -----  -----  -----
7            0.400    0.400  0.700  0.700  0.700

evaluations by duration, ms
<= 0.1  1  #################
<= 0.2  1  #################
<= 0.5  3  ##################################################
<=   1  2  #################################
`,
  });
});

it('tells machines the same, and draws it', async () => {
  const svg = folder.path('pictures', 'stats.svg');
  const { code, stdout } = await command('stats', '--audit', audit, '--json', '--svg', svg);
  expect({ code, figures: JSON.parse(stdout) as Json }).toEqual({
    code: 0,
    figures: {
      runs: 1,
      decisions: {
        total: 7,
        by_verdict: { ALLOW: 3, MODIFY: 2, DENY: 2 },
        by_rule: { 'EXP-001': 3, 'KILL-001': 1 },
        by_strategy: { momentum_v1: { ALLOW: 3, MODIFY: 1, DENY: 1 }, mean_reversion_v1: { ALLOW: 0, MODIFY: 1, DENY: 1 } },
        by_symbol: {
          AAPL: { ALLOW: 2, MODIFY: 0, DENY: 1 },
          NVDA: { ALLOW: 0, MODIFY: 1, DENY: 1 },
          MSFT: { ALLOW: 1, MODIFY: 0, DENY: 0 },
          TSLA: { ALLOW: 0, MODIFY: 1, DENY: 0 },
        },
      },
      eval_ms: {
        ...{ count: 7, mean: 0.4, p50: 0.4, p95: 0.7, p99: 0.7, max: 0.7 },
        histogram: [
          { up_to: 0.1, count: 1 },
          { up_to: 0.2, count: 1 },
          { up_to: 0.5, count: 3 },
          { up_to: 1, count: 2 },
        ],
      },
      ...{ duplicates: 0, conflicts: 0, rejected_inputs: 0, kill_switch: { tripped: 1, reset: 0 } },
    },
  });
  expect(readFileSync(svg, 'utf8')).toContain(
    '<desc id="description">7 decisions: 3 ALLOW, 2 MODIFY, 2 DENY. Violations by rule: EXP-001 3, KILL-001 1. ' +
      '7 evaluations: mean 0.4 ms, p50 0.4, p95 0.7, p99 0.7, max 0.7.</desc>',
  );
});

it('tells the same of a data directory as of the log that its run wrote', async () => {
  const fromFile = await command('stats', '--audit', logs.audit, '--json');
  expect(fromFile.code).toBe(0);
  expect(await command('stats', '--data-dir', logs.dataDir, '--json')).toEqual(fromFile);
});

it('counts single evaluations, which are of no run', async () => {
  const file = (name: string): string => join(ROOT, 'scenarios', 'demo', name);
  const [intent = ''] = readFileSync(file('intents.jsonl'), 'utf8').split('\n');
  writeFileSync(folder.path('intent.json'), intent);
  const log = folder.path('eval.jsonl');
  for (let time = 0; time < 2; time++)
    await command(
      ...['eval', '--policy', file('policy.yaml'), '--intent', folder.path('intent.json'), '--portfolio', file('portfolio.json')],
      ...['--market', file('market.json'), '--audit-log', log],
    );
  const { stdout } = await command('stats', '--audit', log, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ runs: 0, decisions: { total: 2, by_verdict: { ALLOW: 2 } }, eval_ms: { count: 2 } });
});

it('has nothing of another run', async () => {
  expect(await command('stats', '--audit', audit, '--run', 'r-2')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'run r-2: no decision of it is on the log\n',
  });
});

it('names the line that it cannot read', async () => {
  const torn = folder.path('torn.jsonl');
  writeFileSync(torn, readFileSync(audit, 'utf8').slice(0, -200));
  const { code, stdout, stderr } = await command('stats', '--audit', torn);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^Error: .*torn\.jsonl:7:\d+: .*expected an audit log, as `run --audit-log` writes it\n$/);
});
