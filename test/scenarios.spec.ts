/** Each scenario of scenarios/ comes to the summary that stands beside it, on each bus, and to the same chain. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLines, policygate, readLines, ROOT, temporaryFolder, without } from './support/program';
import type { Json } from './support/program';

const SCENARIOS = ['normal_day', 'throttle_burst', 'drawdown_crash'];
const RUN_ID = 'scenario-test';
const folder = temporaryFolder();
afterAll(folder.remove);

const fileOf = (scenario: string, name: string): string => join(ROOT, 'scenarios', scenario, name);

const run = async (scenario: string, ...more: string[]): Promise<Json> => {
  const execution = fileOf(scenario, 'execution.json');
  const { code, stdout, stderr } = await policygate([
    'run',
    ...['--policy', fileOf(scenario, 'policy.yaml'), '--intents', fileOf(scenario, 'intents.jsonl')],
    ...['--portfolio', fileOf(scenario, 'portfolio.json'), '--market', fileOf(scenario, 'market.json')],
    ...(existsSync(execution) ? ['--execution', execution] : []),
    ...more,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Json;
};

const expectedOf = (scenario: string): Json =>
  JSON.parse(readFileSync(fileOf(scenario, 'expected_summary.json'), 'utf8')) as Json;

/** What no file can know beforehand: the id that was drawn, and the chain over it. */
const withoutIdentity = (summary: Json): Json => without(summary, 'run_id', 'chain_hash');

describe.each(SCENARIOS)('scenario %s', (scenario) => {
  it('comes to its expected summary, in memory and on a durable bus, under an id of its own', async () => {
    const [inMemory, durable] = await Promise.all([run(scenario), run(scenario, '--data-dir', folder.path(scenario, 'unnamed'))]);
    expect(withoutIdentity(inMemory)).toEqual(expectedOf(scenario));
    expect(withoutIdentity(durable)).toEqual(expectedOf(scenario));
    expect(inMemory.run_id).not.toBe(durable.run_id);
    expect(inMemory.chain_hash).not.toBe(durable.chain_hash);
  }, 30_000);

  it('comes to the same chain each time, on each bus, for one run id', async () => {
    const summaries = await Promise.all([
      run(scenario, '--run-id', RUN_ID),
      run(scenario, '--run-id', RUN_ID),
      run(scenario, '--run-id', RUN_ID, '--data-dir', folder.path(scenario, 'named')),
    ]);
    for (const summary of summaries) expect(summary).toEqual(summaries[0]);
    expect(summaries[0]).toMatchObject({ run_id: RUN_ID, chain_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  }, 30_000);
});

/** What the README of each scenario says of its intents. */
const VERDICTS: Readonly<Record<string, readonly string[]>> = {
  normal_day: [
    ...['nd-001', 'nd-002', 'nd-003', 'nd-004', 'nd-005', 'nd-006', 'nd-007'].map((id) => `${id} ALLOW`),
    ...['nd-008 MODIFY EXP-001', 'nd-009 DENY EXP-001', 'nd-010 DENY KILL-001 EXP-001'],
  ],
  throttle_burst: [
    ...['tb-001 ALLOW', 'tb-002 ALLOW', 'tb-003 ALLOW', 'tb-004 ALLOW', 'tb-005 DENY EXEC-002', 'tb-006 ALLOW'],
    ...['tb-007 DENY EXEC-001', 'tb-008 DENY EXEC-001 EXEC-002', 'tb-009 DENY EXEC-001', 'tb-010 ALLOW', 'tb-011 ALLOW'],
    ...['tb-012 DENY EXEC-001 EXEC-002', 'tb-013 ALLOW', 'tb-014 ALLOW'],
  ],
  drawdown_crash: [
    ...['dc-001 DENY LOSS-002', 'dc-002 DENY KILL-001 LOSS-002', 'dc-003 DENY KILL-001 LOSS-002'],
    ...['dc-004 DENY KILL-001 LOSS-002 EXP-001', 'dc-005 DENY KILL-001 LOSS-002', 'dc-006 DENY KILL-001 LOSS-002'],
  ],
};

it.each(SCENARIOS)('%s: each intent gets the verdict and the rules that its README tells', async (scenario) => {
  const audit = folder.path(`${scenario}.jsonl`);
  await run(scenario, '--audit-log', audit);
  const told = readLines(audit).map((line) => {
    const decision = line.decision as { intent_id: string; decision: string; violations: { rule_id: string }[] };
    return [decision.intent_id, decision.decision, ...decision.violations.map(({ rule_id }) => rule_id)].join(' ');
  });
  expect(told).toEqual(VERDICTS[scenario]);
});

it('the policies are valid, and the overrides apply as their comments say', async () => {
  const names = ['base', 'monitor', 'symbol-overrides', 'strategy-overrides'].map((name) => `policies/${name}.yaml`);
  expect(await policygate(['validate', '--kind', 'policy', ...names])).toMatchObject({ code: 0, stderr: '' });

  const shown = async (file: string, symbol: string, strategy: string): Promise<Json> => {
    const { stdout } = await policygate(['policy', 'show', file, '--symbol', symbol, '--strategy', strategy, '--json']);
    return parseLines(stdout.replaceAll('\n', ''))[0]?.limits as Json;
  };
  expect(await shown('policies/strategy-overrides.yaml', 'TSLA', 'momentum_v1')).toMatchObject({
    exposure: { source: 'overrides.symbols.TSLA.exposure', values: { max_position_pct: 0.05 } },
    loss: { source: 'overrides.strategies.momentum_v1.loss', values: { daily_loss_limit_pct: 0.01 } },
    execution: { source: 'overrides.strategies.momentum_v1.execution', values: { max_orders_per_minute_by_strategy: 3 } },
  });
  expect(await shown('policies/symbol-overrides.yaml', 'SPY', 'momentum_v1')).toMatchObject({
    exposure: { source: 'overrides.symbols.SPY.exposure', values: { max_position_pct: 0.25, max_net_exposure_x: null } },
    loss: { source: 'limits.loss', values: { daily_loss_limit_pct: 0.02 } },
  });
});
