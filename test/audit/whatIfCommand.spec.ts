/** `replay --policy` on a data directory that `run` has written. */
import { readFileSync, writeFileSync } from 'node:fs';
import { command } from '../support/commands';
import type { CommandOutcome } from '../support/commands';
import { readLines, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';
import { writeTradingDay } from '../support/tradingDay';

const folder = temporaryFolder();
afterAll(folder.remove);

const policyFile = (name: string, change: (text: string) => string): string => {
  writeFileSync(folder.path(name), change(readFileSync(folder.path('policy.yaml'), 'utf8')));
  return folder.path(name);
};

const replay = (policy: string, ...more: readonly string[]): Promise<CommandOutcome> =>
  command('replay', '--policy', policy, '--data-dir', folder.path('data'), ...more);

let day: readonly string[] = [];

beforeAll(async () => {
  day = writeTradingDay((name) => folder.path(name));
  const ran = await command('run', ...day, '--data-dir', folder.path('data'), '--run-id', 'day');
  expect(ran.code).toBe(0);
}, 60_000);

it('finds no change with the policy of the record', async () => {
  const { code, stdout } = await replay(folder.path('policy.yaml'));
  expect(stdout).toContain(`0 of 150 decisions of 1 run are other ones with ${folder.path('policy.yaml')}.`);
  expect(code).toBe(0);
});

it('says of another policy what a run under it decides: in a table, as JSON, and each change in a file', async () => {
  const other = policyFile('other.yaml', (text) =>
    text.replace('max_position_pct: 0.10', 'max_position_pct: 0.05').replace('global: 12', 'global: 40'),
  );
  const changes = folder.path('new', 'changes.jsonl');
  const { code, stdout } = await replay(other, '--json', '--changes', changes);
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as {
    readonly changed: number;
    readonly turns: Json;
    readonly verdicts: { readonly other: Json };
    readonly runs: readonly { readonly other: { readonly positions: Json; readonly equity: number } }[];
  };

  const otherwise = day.map((text) => (text.endsWith('policy.yaml') ? other : text));
  const ran = await command('run', ...otherwise, '--run-id', 'day');
  const summary = JSON.parse(ran.stdout) as Json;
  expect(report.verdicts.other).toEqual(summary.decisions);
  expect(report.runs.map(({ other: { positions, equity } }) => [positions, equity])).toEqual([
    [summary.final_positions, summary.final_equity],
  ]);

  const written = readLines(changes);
  expect(written).toHaveLength(report.changed);
  expect(report.changed).toBe(73);
  expect(Object.values(report.turns).reduce((sum: number, count) => sum + Number(count), 0)).toBe(73);
  expect(written[0]).toEqual({
    run_id: 'day',
    intent_id: 'day-002',
    at: '2026-02-24T14:30:07.958Z',
    strategy_id: 'mean_reversion_v1',
    symbol: 'MSFT',
    side: 'buy',
    qty: 24.19,
    reference_price: 400.25,
    notional: 9682.0475,
    recorded: { decision: 'ALLOW', qty: 24.19, rules: [], seq: 4 },
    other: { decision: 'MODIFY', qty: 12.49219237, rules: ['EXP-001'] },
    assumed: { type: 'filled', qty: 12.49219237, price: 400.25 },
  });
});

it('shows the first changes and what is assumed to people', async () => {
  const other = policyFile('other.yaml', (text) => text.replace('max_position_pct: 0.10', 'max_position_pct: 0.05'));
  const { code, stdout } = await replay(other);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^day {2}day-002 {2}mean_reversion_v1 {2}buy 24\.19 MSFT +9682\.05 +ALLOW 24\.19 +MODIFY 12\.49219237 \(EXP-001\), filled at 400\.25$/m,
  );
  expect(stdout).toMatch(/^and \d+ more; --changes FILE writes all of them$/m);
  expect(stdout).toMatch(/^ALLOW to MODIFY +\d+$/m);
  expect(stdout).toMatch(/^EXP-001 +\d+ +[\d.]+ +[\d.]+$/m);
  expect(stdout).toMatch(/is filled at once, whole, at the price it was judged at, as by the paper broker; filled: [1-9]\d*\.$/m);
  expect(stdout).toMatch(/^ {4}AAPL: \d+, at 200, [\d.]+ in all$/m);
});

it.each([
  [['replay', '--policy', 'missing.yaml'], 'missing.yaml: no such file'],
  [['replay', '--policy', folder.path('bad.yaml')], 'bad.yaml:1:1: limits: required field is missing'],
  [
    ['replay', '--policy', folder.path('policy.yaml'), '--run', 'other-day'],
    '--run other-day: no run of this id was started on this log',
  ],
  [['replay', '--policy', folder.path('policy.yaml'), '--changes', folder.path('policy.yaml')], 'is read by this command'],
  [['replay', '--changes', folder.path('changes.jsonl')], 'give --policy'],
])('refuses in one line: %j', async (args, message) => {
  writeFileSync(folder.path('bad.yaml'), 'version: "0.1"\n');
  const { code, stdout, stderr } = await command(...args, '--data-dir', folder.path('data'));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
