import { IntakeRig } from '../../../test/support/intake';
import type { RigOptions } from '../../../test/support/intake';
import { intentOf } from '../../../test/support/situations';
import { decimal } from '../../contracts/decimal';
import { orderIntentText } from '../../contracts/documents/writeDocument';
import type { OrderIntent } from '../../contracts/messages';
import { MARKET_PRICES, ORDER_INTENTS } from '../../contracts/topics';
import { Problem, problemText } from '../http/problem';
import type { ApiRequest, Caller } from '../http/route';
import type { Live } from '../live/live';
import { intakeRoutes } from './intakeRoutes';

let rig: IntakeRig;
const open = async (options: RigOptions = {}): Promise<void> => void (rig = await IntakeRig.open(options));
afterEach(() => rig.close());

interface Asked {
  readonly body: string | Buffer;
  readonly query?: Readonly<Record<string, string>>;
  readonly prefer?: string;
  readonly strategies?: readonly string[];
  readonly standard?: string | undefined;
  readonly prices?: boolean;
  readonly signal?: AbortSignal;
  readonly live?: Live;
}
interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the server does with a route: its answer, or the problem as one. */
const post = async (path: '/intent' | '/intents', asked: Asked): Promise<Told> => {
  const { body, query = {}, prefer, strategies, prices = false, signal = new AbortController().signal, live = rig.live } = asked;
  const standard = 'standard' in asked ? asked.standard : 'r-1';
  const options = { intake: rig.intake, live, defaultRun: () => standard, allowSenderPrices: prices };
  const route = intakeRoutes(options).find((each) => each.path === path);
  if (route === undefined) throw new Error(path);
  const caller: Caller = {
    name: 'a test',
    roles: new Set(['submit']),
    strategies: strategies === undefined ? undefined : new Set(strategies),
  };
  const header = (name: string): string | undefined => (name === 'prefer' ? prefer : undefined);
  const request: ApiRequest = { params: {}, query, header, body: Buffer.from(body), caller, signal };
  try {
    const answer = await route.handle(request);
    let text = '';
    if (typeof answer.body === 'string') text = answer.body;
    else for await (const piece of answer.body as AsyncIterable<string>) text += piece;
    return { status: answer.status, headers: answer.headers ?? {}, body: text };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { status: error.status, headers: error.parts.headers ?? {}, body: problemText(error) };
  }
};
const json = ({ body }: Told): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>;
const lines = ({ body }: Told): Record<string, unknown>[] =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const envelope = (intent: OrderIntent, more = ''): string => `{"intent":${orderIntentText(intent)}${more}}`;
const send = (intent: OrderIntent, asked: Omit<Asked, 'body'> = {}): Promise<Told> =>
  post('/intent', { ...asked, body: envelope(intent) });

const TRACE: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);

describe('POST /intent', () => {
  it('answers with the decision, where it is, and whether it was made before', async () => {
    await open();
    const first = await send(intentOf());
    expect([first.status, first.headers]).toEqual([
      200,
      { 'policygate-run': 'r-1', 'policygate-seq': '1', location: '/decisions/r-1/i-1', 'policygate-trace': TRACE },
    ]);
    expect(json(first)).toEqual({
      decision: 'ALLOW',
      intent_id: 'i-1',
      eval_ms: 0.01,
      modified_intent: null,
      violations: [],
      evidence: expect.any(Array) as unknown[],
      kill_switch_triggered: false,
    });
    const again = await send(intentOf());
    expect([again.body, again.headers]).toEqual([
      first.body,
      { ...first.headers, 'policygate-replayed': 'true', 'policygate-trace': TRACE },
    ]);
  });

  it('refuses another body under a decided id, and names the decision', async () => {
    await open();
    await send(intentOf());
    const conflict = await send(intentOf({ qty: decimal('11') }));
    expect([conflict.status, conflict.headers['policygate-seq'], conflict.headers.location]).toEqual([
      409,
      '1',
      '/decisions/r-1/i-1',
    ]);
    expect(json(conflict)).toMatchObject({ code: 'intent_conflict', field: 'intent.intent_id', decided_seq: 1 });
  });

  it('says pending, and where the decision will be', async () => {
    await open();
    rig.pause();
    const pending = await send(intentOf({ intent_id: 'a/b ü' }), { prefer: 'respond-async, wait=0' });
    expect([pending.status, pending.headers, json(pending)]).toEqual([
      202,
      {
        'policygate-run': 'r-1',
        location: '/decisions/r-1/a%2Fb%20%C3%BC',
        'preference-applied': 'wait=0',
        'policygate-trace': TRACE,
      },
      { status: 'pending', run_id: 'r-1', intent_id: 'a/b ü' },
    ]);
    const short = await send(intentOf({ intent_id: 'i-2' }), { query: { wait: '0.01' } });
    expect([short.status, short.headers['preference-applied']]).toEqual([202, undefined]);
  });

  it.each<[string, Asked, Record<string, unknown>]>([
    ['no JSON', { body: '{' }, { status: 400, code: 'invalid_json' }],
    ['no intent', { body: '{}' }, { status: 400, code: 'invalid_json', field: 'intent' }],
    [
      'a wrong quantity',
      { body: envelope(intentOf()).replace('"qty":10', '"qty":-1') },
      { status: 400, code: 'invalid_json', field: 'intent.qty', expected: 'a number above zero' },
    ],
    ['an unknown field', { body: envelope(intentOf(), ',"runid":"r-1"') }, { status: 400, code: 'invalid_json', field: 'runid' }],
    ['a key twice', { body: envelope(intentOf(), ',"run_id":"r-1","run_id":"r-1"') }, { status: 400, code: 'invalid_json' }],
    ['the name of every run', { body: envelope(intentOf(), ',"run_id":"*"') }, { status: 400, field: 'run_id' }],
    ['no run', { body: envelope(intentOf()), standard: undefined }, { status: 400, code: 'run_missing' }],
    ['a run that nobody started', { body: envelope(intentOf(), ',"run_id":"r-2"') }, { status: 404, code: 'run_not_found' }],
    ['a strategy of others', { body: envelope(intentOf()), strategies: ['beta'] }, { status: 403, field: 'intent.strategy_id' }],
    ['its own prices', { body: envelope(intentOf(), ',"market_snapshot":{}') }, { status: 400, code: 'sender_prices_refused' }],
    ['a wait that is none', { body: envelope(intentOf()), query: { wait: '31' } }, { status: 400, code: 'invalid_parameter' }],
  ])('refuses %s and writes nothing', async (_, asked, problem) => {
    await open();
    expect(json(await post('/intent', asked))).toMatchObject(problem);
    expect(await rig.shard.all(ORDER_INTENTS)).toEqual([]);
  });

  it('does not take a run for unknown while the log is still read', async () => {
    await open();
    expect(json(await send(intentOf(), { live: rig.unread() }))).toMatchObject({ code: 'not_ready', field: 'run_id' });
  });

  it('publishes the prices of the sender before the intent where that is allowed', async () => {
    await open();
    const market = ',"market_snapshot":{"timestamp":"2026-02-24T09:30:00Z","prices":{"MSFT":300}}';
    const answer = await post('/intent', { body: envelope(intentOf({ symbol: 'MSFT' }), market), prices: true });
    expect(json(answer)).toMatchObject({ decision: 'ALLOW' });
    expect(await rig.shard.all(MARKET_PRICES)).toHaveLength(2);
  });
});

it.each(['.', '..'])('refuses the intent id %j, which no path can name', async (id) => {
  await open();
  const intent = intentOf({ intent_id: id });
  const refused = { code: 'invalid_json', field: 'intent.intent_id' };
  expect(json(await send(intent))).toMatchObject(refused);
  expect(lines(await post('/intents', { body: orderIntentText(intent) }))).toMatchObject([{ ...refused, line: 1 }]);
  expect(json(await send(intentOf({ intent_id: '...' })))).toMatchObject({ decision: 'ALLOW', intent_id: '...' });
});

describe('POST /intents', () => {
  it('answers each line in its place', async () => {
    await open();
    const small = (id: string, qty = '1'): OrderIntent => intentOf({ intent_id: id, qty: decimal(qty) });
    const body = [
      orderIntentText(small('i-1')),
      '',
      '{"intent_id":1}',
      orderIntentText(small('i-1')),
      orderIntentText(small('i-1', '2')),
      orderIntentText(intentOf({ intent_id: 'i-2', strategy_id: 'beta' })),
      orderIntentText(small('i-3')),
    ].join('\n');
    const answer = await post('/intents', { body, strategies: ['alpha'] });
    expect([answer.status, answer.headers]).toEqual([200, { 'policygate-run': 'r-1' }]);
    expect(lines(answer)).toMatchObject([
      { decision: 'ALLOW', intent_id: 'i-1', seq: 1, replayed: false },
      { code: 'invalid_json', line: 3 },
      { decision: 'ALLOW', intent_id: 'i-1', seq: 1, replayed: true },
      { code: 'intent_conflict', line: 5, decided_seq: 1 },
      { code: 'forbidden', line: 6 },
      { decision: 'ALLOW', intent_id: 'i-3', replayed: false },
    ]);
  });

  it('takes thousands, and answers them in order', async () => {
    await open();
    const ids = Array.from({ length: 2_000 }, (_, n) => `i-${n}`);
    const body = ids.map((id) => orderIntentText(intentOf({ intent_id: id, qty: decimal('1') }))).join('\n');
    expect(lines(await post('/intents', { body })).map(({ intent_id }) => intent_id)).toEqual(ids);
  });

  it('says pending for a line that is not decided in time', async () => {
    await open();
    rig.pause();
    const answer = await post('/intents', { body: orderIntentText(intentOf()), query: { wait: '0' } });
    expect(lines(answer)).toEqual([{ status: 'pending', run_id: 'r-1', intent_id: 'i-1', line: 1 }]);
  });

  it('refuses more lines than it takes, and writes none', async () => {
    await open();
    expect(json(await post('/intents', { body: 'x\n'.repeat(10_001) }))).toMatchObject({ status: 413 });
    expect(json(await post('/intents', { body: '', query: { run: 'r-2' } }))).toMatchObject({ code: 'run_not_found' });
    expect(await rig.shard.all(ORDER_INTENTS)).toEqual([]);
  });

  it('sends no more for a client that has gone', async () => {
    await open();
    const client = new AbortController();
    rig.pause();
    const body = Array.from({ length: 2_000 }, (_, n) => orderIntentText(intentOf({ intent_id: `i-${n}` }))).join('\n');
    const answer = post('/intents', { body, signal: client.signal });
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.abort();
    await answer;
    expect(await rig.shard.all(ORDER_INTENTS)).toHaveLength(500);
  });
});
