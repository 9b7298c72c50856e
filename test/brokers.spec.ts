/**
 * The built program with a broker behind it, over HTTP: files through `run`, a run that is cut off, final errors, the service. What each adapter does
 * with each answer is in test/contract/broker; crashes at every step in test/gatewayCrash.spec.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { decimal } from '../src/contracts/decimal';
import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, startAlpaca } from './support/brokers/alpacaServer';
import type { RunningBroker } from './support/brokers/brokerServer';
import { FAULTS } from './support/brokers/faults';
import { startTradier, TRADIER_ACCOUNT_ID, TRADIER_TOKEN } from './support/brokers/tradierServer';
import { policygate, readLines, ROOT, temporaryFolder } from './support/program';
import type { Json } from './support/program';

jest.setTimeout(60_000);
const folder = temporaryFolder();
afterAll(() => folder.remove());

const PRICES = { AAPL: decimal('200'), MSFT: decimal('400'), NVDA: decimal('125'), TSLA: decimal('250') };
const DIALECTS = {
  alpaca: {
    start: startAlpaca,
    env: (baseUrl: string) => ({
      APCA_API_KEY_ID: ALPACA_KEY_ID,
      APCA_API_SECRET_KEY: ALPACA_SECRET_KEY,
      APCA_API_BASE_URL: baseUrl,
    }),
  },
  tradier: {
    start: startTradier,
    env: (baseUrl: string) => ({
      TRADIER_TOKEN,
      TRADIER_ACCOUNT_ID,
      TRADIER_ENV: 'sandbox',
      TRADIER_BASE_URL: `${baseUrl}/v1`,
    }),
  },
} as const;
type Dialect = keyof typeof DIALECTS;
const NAMES: readonly Dialect[] = ['alpaca', 'tradier'];
const SECRETS = [ALPACA_KEY_ID, ALPACA_SECRET_KEY, TRADIER_TOKEN];

const brokers: RunningBroker[] = [];
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.stop();
});
const started = async (dialect: Dialect, options: Parameters<typeof startAlpaca>[0] = {}): Promise<RunningBroker> => {
  const broker = await DIALECTS[dialect].start({ prices: PRICES, ...options });
  brokers.push(broker);
  return broker;
};

const scenario = (name: string): string => join('scenarios', 'demo', name);
const DEMO = [
  '--policy',
  scenario('policy.yaml'),
  '--portfolio',
  scenario('portfolio.json'),
  '--market',
  scenario('market.json'),
];

let directories = 0;
const trade = (dialect: Dialect, broker: RunningBroker, ...flags: readonly string[]) => {
  const data = flags.includes('--data-dir') ? [] : ['--data-dir', folder.path(`data-${(directories += 1)}`)];
  return policygate(
    ['run', ...DEMO, '--intents', scenario('intents.jsonl'), '--broker', dialect, '--settle-seconds', '2', ...data, ...flags],
    DIALECTS[dialect].env(broker.baseUrl),
  );
};

const faultsOf = (name: string, documents: readonly unknown[]): readonly string[] => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'docs', 'contracts', `${name}.schema.json`), 'utf8')) as Json;
  const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  return documents.flatMap((document) => (validate(document) ? [] : [JSON.stringify(validate.errors)]));
};

describe.each(NAMES)('%s', (dialect) => {
  it('trades the seven intents of the demo as the paper broker does, and writes what the schemas say', async () => {
    const broker = await started(dialect);
    const [auditLog, execLog] = [folder.path(dialect, 'audit.jsonl'), folder.path(dialect, 'executions.jsonl')];
    const logs = ['--audit-log', auditLog, '--exec-log', execLog];
    const { code, stdout, stderr } = await trade(dialect, broker, ...logs);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const paper = await policygate(['run', ...DEMO, '--intents', scenario('intents.jsonl')]);
    const told = ({ decisions, orders_submitted, orders_filled, final_positions, rule_histogram }: Json): Json => ({
      decisions,
      orders_submitted,
      orders_filled,
      final_positions,
      rule_histogram,
    });
    const summary = JSON.parse(stdout) as Json;
    expect(told(summary)).toEqual(told(JSON.parse(paper.stdout) as Json));
    const executions = readLines(execLog);
    expect(executions.map(({ event }) => event)).toEqual(Array(5).fill(['ORDER_SUBMITTED', 'ORDER_FILLED']).flat());
    expect(faultsOf('execution_event', executions)).toEqual([]);
    expect(faultsOf('audit_event', readLines(auditLog))).toEqual([]);
    expect(faultsOf('run_summary', [summary])).toEqual([]);
    expect(broker.market.orders).toHaveLength(5);
    // Each order carries a name that is readable, legal everywhere and its own.
    const names = broker.market.orders.map(({ clientOrderId }) => clientOrderId);
    for (const name of names) expect(name).toMatch(/^demo-0[1-6]-[0-9a-z]{15}$/);
    expect(new Set(names).size).toBe(5);
  });

  it('an order that rests is cancelled at the end, and what it filled is counted', async () => {
    const resting = [{ symbol: 'MSFT', steps: [{ when: 'answered', event: { type: 'fill', qty: decimal('4') } }] }] as const;
    const broker = await started(dialect, { orders: resting });
    const execLog = folder.path(dialect, 'resting.jsonl');
    const { code, stdout } = await trade(dialect, broker, '--exec-log', execLog);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Json).final_positions).toMatchObject({ MSFT: 4 });
    const own = readLines(execLog).filter(({ intent_id }) => intent_id === 'demo-02');
    expect(own.map(({ event, cum_qty, leaves_qty }) => ({ event, cum_qty, leaves_qty }))).toEqual([
      { event: 'ORDER_SUBMITTED' },
      { event: 'ORDER_FILLED', cum_qty: 4, leaves_qty: 11 },
      { event: 'ORDER_CANCELLED', cum_qty: 4, leaves_qty: 0 },
    ]);
  });

  it('a final error ends the run with one line, the order on record as rejected; --on-broker-error continue goes on', async () => {
    const status = dialect === 'alpaca' ? 403 : 400;
    const refusal = { carriedOut: 'never', answer: { type: 'status', status } } as const;
    const refusing = [{ operation: 'submit', times: 1, fault: refusal }] as const;
    const execLog = folder.path(dialect, 'failed.jsonl');
    const stopped = await trade(dialect, await started(dialect, { faults: refusing }), '--exec-log', execLog);
    expect(stopped.code).toBe(2);
    expect(stopped.stdout).toBe('');
    expect(stopped.stderr).toMatch(new RegExp(`^Error: ${dialect} refuses orders: [^\n]+\n$`));
    const [only, ...others] = readLines(execLog);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ event: 'ORDER_REJECTED', order_id: '', symbol: 'AAPL', intent_id: 'demo-01' });
    const going = await trade(dialect, await started(dialect, { faults: refusing }), '--on-broker-error', 'continue');
    expect(going.code).toBe(0);
    expect(JSON.parse(going.stdout)).toMatchObject({ orders_submitted: 4, orders_filled: 4 });
    for (const { stdout, stderr } of [stopped, going])
      for (const secret of SECRETS) expect(stdout + stderr).not.toContain(secret);
  });

  it('killed while an order is on its way, the same command goes on: nothing twice, nothing lost', async () => {
    const broker = await started(dialect, { faults: [{ operation: 'submit', after: 1, times: 1, fault: FAULTS.madeThenReset }] });
    const data = ['--data-dir', folder.path(dialect, 'data')];
    const killed = await policygate(
      ['run', ...DEMO, '--intents', scenario('intents.jsonl'), '--broker', dialect, '--settle-seconds', '2', ...data],
      { ...DIALECTS[dialect].env(broker.baseUrl), POLICYGATE_FAULT_POINT: 'gateway-after-submit@3' },
    );
    expect(killed.signal).toBe('SIGKILL');
    let again = await trade(dialect, broker, ...data);
    if (dialect === 'tradier') {
      // Whether its third order was sent nobody can tell, and a second submission would be a second order: an operator has to look.
      expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 2, stdout: '' });
      expect(again.stderr).toMatch(/demo-03 \(unknown\); the run goes on: /);
      const [runId = ''] = /[0-9a-f-]{36}/.exec(again.stderr) ?? [];
      const signed = ['--actor', 'alice', '--reason', 'not in the account'];
      const which = ['--run', runId, '--intent', 'demo-03', '--as', 'rejected'];
      const resolved = await policygate(['orders', 'resolve', ...which, ...signed, ...data, '--no-wait']);
      expect({ code: resolved.code, stderr: resolved.stderr }).toEqual({ code: 0, stderr: '' });
      again = await trade(dialect, broker, ...data);
    }
    expect({ code: again.code, stderr: again.stderr.replace(/^Warning: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
    const names = broker.market.orders.map(({ clientOrderId }) => clientOrderId);
    expect(new Set(names).size).toBe(names.length);
    expect((JSON.parse(again.stdout) as Json).final_positions).toEqual(
      Object.fromEntries([...broker.market.positions].map(([symbol, qty]) => [symbol, Number(qty / 10n ** 18n)]).sort()),
    );
  });
});
