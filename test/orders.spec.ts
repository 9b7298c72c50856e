/** What an operator sees and says of orders, on a directory whose gateway sends to a simulated Alpaca. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBroker } from '../src/apps/brokers/openBroker';
import { brokerSettings } from '../src/apps/config/brokerSettings';
import { openSession, wallClock } from '../src/apps/session';
import { decimal } from '../src/contracts/decimal';
import { clientOrderId } from '../src/gateway/clientOrderId';
import { Gateway } from '../src/gateway/gateway';
import { ALPACA_KEY_ID, ALPACA_SECRET_KEY, startAlpaca } from './support/brokers/alpacaServer';
import { startTradier, TRADIER_ACCOUNT_ID, TRADIER_TOKEN } from './support/brokers/tradierServer';
import type { RunningBroker } from './support/brokers/brokerServer';
import { command, foldDirectory } from './support/commands';
import { parseLines, ROOT, temporaryFolder } from './support/program';
import type { Json } from './support/program';
import { TestLog } from './support/services';

const folder = temporaryFolder();
const dir = folder.path('data');
const demo = (name: string): string => join(ROOT, 'scenarios', 'demo', name);
const signed = ['--actor', 'alice', '--reason', 'a test'] as const;
const onDirectory = (...args: readonly string[]) => command(...args, '--data-dir', dir);
const environment = process.env;

let alpaca: RunningBroker;
const login = (): void => {
  process.env = {
    ...environment,
    APCA_API_KEY_ID: ALPACA_KEY_ID,
    APCA_API_SECRET_KEY: ALPACA_SECRET_KEY,
    APCA_API_BASE_URL: alpaca.baseUrl,
  };
};

beforeAll(async () => {
  alpaca = await startAlpaca({ otherwise: 'rest' });
  await onDirectory(
    ...['runs', 'start', '--run', 'r-1', '--policy', demo('policy.yaml'), '--portfolio', demo('portfolio.json')],
    ...['--market', demo('market.json'), '--account', 'paper'],
  );
});
beforeEach(login);
afterAll(async () => {
  process.env = environment;
  await alpaca.stop();
  folder.remove();
});

const LIMITS: Readonly<Record<string, string>> = { 'i-1': 'AAPL', 'i-2': 'MSFT', 'i-3': 'NVDA' };
/** A limit order far from the market: it rests. */
const admit = async (intent: string): Promise<void> => {
  const line = {
    ...{ intent_id: intent, timestamp: '2026-02-24T09:30:01Z', strategy_id: 's', account_id: 'paper', side: 'buy' },
    ...{ instrument: { symbol: LIMITS[intent] ?? 'NONE', asset_class: 'equity' }, order_type: 'limit', qty: 10, limit_price: 50 },
  };
  writeFileSync(folder.path('one.jsonl'), `${JSON.stringify(line)}\n`);
  expect((await onDirectory('publish', 'intents', folder.path('one.jsonl'), '--run', 'r-1')).code).toBe(0);
  await foldDirectory(dir);
};

/** Lets a gateway work on the directory until nothing is pending; `stopAt`: its process ends there. */
const gateway = async (stopAt?: string): Promise<void> => {
  const session = await openSession(dir);
  const settings = await brokerSettings('alpaca', {}, process.env);
  const broker = await openBroker(settings);
  try {
    const taken = await Gateway.takeOver({
      ...session,
      partition: 0,
      broker,
      now: wallClock,
      monotonic: () => performance.now(),
      wallMs: () => Date.now(),
      settings: { onBrokerError: 'stop', cancelOpenOrders: false, pollEveryMs: 50, reconcileEveryMs: 3_600_000 },
      log: new TestLog(),
      faultPoint: (point) => {
        if (point === stopAt) throw new Error('stopped here');
      },
    });
    try {
      let quiet = 0;
      for (let step = 0; step < 200 && quiet < 5; step++)
        quiet = (await taken.step({ maxRecords: 100, maxWaitMs: 20 })).pending ? 0 : quiet + 1;
    } catch (error) {
      if (stopAt === undefined) throw error;
    } finally {
      taken.abandon();
      await taken.close();
    }
  } finally {
    await broker.close();
    await session.bus.close();
  }
};
const listed = async (...args: readonly string[]): Promise<readonly Json[]> => {
  const { code, stdout } = await onDirectory('orders', 'list', '--json', ...args);
  expect(code).toBe(0);
  return parseLines(stdout);
};

it('an order that is admitted and not sent yet has no life but its decision', async () => {
  await admit('i-1');
  expect((await onDirectory('orders', 'list')).stdout).toMatch(/^run +intent .*\n[- ]+\n$/);
  const { code, stdout } = await onDirectory('orders', 'show', '--run', 'r-1', '--intent', 'i-1');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^r-1\/i-1: no order has been sent\n/);
  expect(stdout).toMatch(/\n2026-02-24T09:30:01Z +decisions\/0@0 +ALLOW +10 +200 /);
  expect(stdout).toMatch(/\nNext: a gateway sends it when it comes to it.*\.\n$/);
});

it('an open order is shown with what happened to it, and agrees with the broker', async () => {
  await gateway();
  const [order, ...others] = await listed();
  expect(others).toEqual([]);
  expect(order).toMatchObject({
    ...{ run_id: 'r-1', intent_id: 'i-1', status: 'OPEN', side: 'buy', qty: 10, cum_qty: 0, average_price: null },
    client_order_id: clientOrderId('r-1', 'i-1'),
    order_id: alpaca.market.orders[0]?.id,
    venue: 'alpaca:PA3SIMULATED',
  });
  const text = (await onDirectory('orders', 'show', '--run', 'r-1', '--intent', 'i-1')).stdout;
  expect(text.match(/ORDER_\w+|ALLOW/g)).toEqual(['ALLOW', 'ORDER_SUBMITTING', 'ORDER_SUBMITTED']);
  expect(text).toContain(`client order id  ${clientOrderId('r-1', 'i-1')}\n`);
  expect(text).toContain('Next: the gateway looks at it every few seconds until it has ended.');
  const json = JSON.parse((await onDirectory('orders', 'show', '--run', 'r-1', '--intent', 'i-1', '--json')).stdout) as Json;
  expect(json).toMatchObject({ shard: 0, order, decision: { offset: 0, value: { decision: 'ALLOW' } }, resolutions: [] });
  expect((json.events as Json[]).map(({ offset }) => offset)).toEqual([0, 1]);

  const { code, stdout } = await onDirectory('reconcile', '--broker', 'alpaca');
  expect(stdout).toMatch(/^alpaca:PA3SIMULATED: equity 1000000, cash 1000000; 1 open order on the log, 1 active run\n/);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('The log and the broker agree.') });
});

it('what differs at the broker is told, and ends with 1', async () => {
  alpaca.market.fill(clientOrderId('r-1', 'i-1'), decimal('4'), decimal('50'));
  const foreign = alpaca.market.foreignOrder({
    symbol: 'TSLA',
    side: 'sell',
    type: 'limit',
    qty: decimal('1'),
    limitPrice: decimal('999'),
  });
  const { code, stdout } = await onDirectory('reconcile', '--broker', 'alpaca');
  expect(code).toBe(1);
  expect(stdout).toMatch(/\nFILLED +buy 10 AAPL +r-1 +i-1 +0 filled +4 filled /);
  expect(stdout).toMatch(/\nFOREIGN +sell 1 TSLA +- +- +not known /);
  expect(stdout).toMatch(/\nsymbol +the runs hold +the broker holds\n[- ]+\nAAPL +0 +4\n$/);
  const json = JSON.parse((await onDirectory('reconcile', '--broker', 'alpaca', '--run', 'r-1', '--json')).stdout) as Json;
  expect(json).toMatchObject({ agrees: false, equity: expect.anything(), runs: ['r-1'], open_orders: 1 });
  expect(json.positions).toEqual([{ symbol: 'AAPL', run_qty: 0, broker_qty: 4 }]);
  // Nothing was touched.
  expect(alpaca.requests.every(({ method }) => method === 'GET' || method === 'POST')).toBe(true);
  expect(alpaca.count('submit')).toBe(1);

  alpaca.market.cancelled(foreign.id);
  await gateway();
  await foldDirectory(dir);
  expect((await listed())[0]).toMatchObject({ status: 'OPEN', cum_qty: 4, average_price: 50 });
  expect((await onDirectory('reconcile', '--broker', 'alpaca')).code).toBe(0);
});

it('an open order is the broker’s to tell of: it cannot be resolved', async () => {
  const { code, stdout, stderr } = await onDirectory(
    'orders',
    'resolve',
    '--run',
    'r-1',
    '--intent',
    'i-1',
    '--as',
    'expired',
    ...signed,
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^r-1\/i-1 \(buy 10 AAPL\) is OPEN: the gateway sees it at the broker; [^\n]*\n$/);
});

it('one whose gateway ended before it heard of it is resolved, and the next gateway takes the word for it', async () => {
  await admit('i-2');
  await gateway('gateway-after-submitting-commit');
  expect((await listed()).map(({ intent_id, status }) => [intent_id, status])).toEqual([
    ['i-1', 'OPEN'],
    ['i-2', 'SUBMITTING'],
  ]);
  expect(await listed('--unknown')).toEqual([]);
  const word = ['--run', 'r-1', '--intent', 'i-2', '--as', 'rejected', ...signed] as const;
  const { code, stdout } = await onDirectory('orders', 'resolve', ...word);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^OrderResolved is on the log: control-events\/0, offset \d+\n$/),
  });
  const before = (await onDirectory('orders', 'show', '--run', 'r-1', '--intent', 'i-2')).stdout;
  expect(before).toMatch(/resolved as REJECTED .* alice: a test\n/);
  expect(before).toContain('Next: a gateway that reads control-events takes it for REJECTED, as alice said.');

  await gateway();
  await foldDirectory(dir);
  const [ended] = (await listed('--all')).filter(({ intent_id }) => intent_id === 'i-2');
  expect(ended).toMatchObject({ status: 'REJECTED', reason: 'resolved by alice: a test', order_id: '' });
  expect((await onDirectory('orders', 'resolve', ...word)).stderr).toContain('is REJECTED: only an order of unknown outcome');
  expect(alpaca.count('submit')).toBe(1);
  // The journal has the word, and what followed from it.
  const audits = parseLines((await onDirectory('tail', 'audit-records', '--run', 'r-1')).stdout).map(
    ({ value }) => value as Json,
  );
  expect(audits.filter(({ kind }) => kind === 'REJECTED_INPUT')).toEqual([]);
  expect(audits.some(({ control }) => (control as Json | undefined)?.actor === 'alice')).toBe(true);
});

it('one of unknown outcome that was filled moves the position as was said', async () => {
  await admit('i-3');
  await gateway('gateway-after-submitting-commit');
  const filled = [
    'orders',
    'resolve',
    '--run',
    'r-1',
    '--intent',
    'i-3',
    '--as',
    'filled',
    '--price',
    '49.5',
    ...signed,
  ] as const;
  expect((await onDirectory(...filled)).code).toBe(0);
  await gateway();
  await foldDirectory(dir);
  expect((await listed('--all')).find(({ intent_id }) => intent_id === 'i-3')).toMatchObject({
    status: 'FILLED',
    cum_qty: 10,
    average_price: 49.5,
  });
  // The broker knows nothing of it, which is what reconcile is for.
  const { code, stdout } = await onDirectory('reconcile', '--broker', 'alpaca', '--json');
  expect({ code, positions: (JSON.parse(stdout) as Json).positions }).toEqual({
    code: 1,
    positions: [{ symbol: 'NVDA', run_qty: 10, broker_qty: 0 }],
  });
});

it.each([
  [['orders', 'list', '--open', '--all'], 'expected one of --open, --unknown and --all'],
  [['orders', 'show', '--run', 'r-1'], '--intent is missing'],
  [['orders', 'resolve', '--intent', 'i-1', '--as', 'filled', ...signed], '--run is missing'],
  [
    ['orders', 'resolve', '--run', 'r-1', '--intent', 'i-1', '--as', 'lost', ...signed],
    '--as lost: expected how the order ended',
  ],
  [['orders', 'resolve', '--run', 'r-1', '--intent', 'i-1', '--as', 'rejected', '--actor', 'a'], '--reason is missing'],
  [['reconcile'], '--broker is missing; expected `alpaca` or `tradier`'],
  [['reconcile', '--broker', 'sim'], '--broker sim: expected `alpaca` or `tradier`'],
  [['reconcile', '--broker', 'tradier'], 'TRADIER_TOKEN, TRADIER_ACCOUNT_ID and TRADIER_ENV are missing'],
])('%j: one line, and 2', async (args, said) => {
  const { code, stdout, stderr } = await onDirectory(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^Error: [^\n]+\n$/);
  expect(stderr).toContain(said);
});

it('what is not on the log is no order', async () => {
  const { code, stderr } = await onDirectory('orders', 'show', '--run', 'r-1', '--intent', 'i-9');
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'r-1/i-9: neither a decision nor an order is on the log\n' });
});

it('Tradier is asked in the same way', async () => {
  const tradier = await startTradier({ positions: { NVDA: decimal('3') } });
  process.env = {
    ...process.env,
    TRADIER_TOKEN,
    TRADIER_ACCOUNT_ID,
    TRADIER_ENV: 'sandbox',
    TRADIER_BASE_URL: `${tradier.baseUrl}/v1`,
  };
  try {
    const { code, stdout, stderr } = await onDirectory('reconcile', '--broker', 'tradier', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      broker: `tradier:sandbox/${TRADIER_ACCOUNT_ID}`,
      // The open order of this log is at Alpaca.
      orders: [{ kind: 'ELSEWHERE', intent_id: 'i-1', broker: 'sent to alpaca:PA3SIMULATED' }],
      positions: [
        { symbol: 'AAPL', run_qty: 4, broker_qty: 0 },
        { symbol: 'NVDA', run_qty: 10, broker_qty: 3 },
      ],
    });
    expect(tradier.count('submit')).toBe(0);
  } finally {
    await tradier.stop();
  }
});

it('wrong credentials end with 2 and one line, without the secret in it', async () => {
  process.env.APCA_API_SECRET_KEY = 'wrong-secret-0123456789';
  const { code, stdout, stderr } = await onDirectory('reconcile', '--broker', 'alpaca');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^Error: broker alpaca: the account could not be found out, so nothing is sent: [^\n]+\n$/);
  expect(stderr).not.toContain('wrong-secret');
  process.env = environment;
  expect((await onDirectory('reconcile', '--broker', 'alpaca')).stderr).toMatch(
    /^Error: APCA_API_KEY_ID and APCA_API_SECRET_KEY are missing/,
  );
});

it.each(['list', 'show', 'resolve'])('orders %s --help has examples', async (name) =>
  expect((await command('orders', name, '--help')).stdout).toMatch(new RegExp(`\nExamples:\n  policygate orders ${name} `)),
);
