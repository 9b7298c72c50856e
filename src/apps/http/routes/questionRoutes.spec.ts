/** Every route that asks or steers, through the server, its answers held to the published schemas. */
import { expectDocument } from '../../../../test/support/apiSchemas';
import { closeRigs, QuestionRig } from '../../../../test/support/questions';
import { policyText, START } from '../../../../test/support/shard';
import { executionOf, intentOf, portfolioOf } from '../../../../test/support/situations';
import { chainHash } from '../../../contracts/chain';
import { decimal } from '../../../contracts/decimal';
import type { OrderIntent } from '../../../contracts/messages';
import { orderIntentText } from '../../../contracts/documents/writeDocument';

afterEach(closeRigs);

const timed = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();
const intentAt = (seconds: number, fields: Parameters<typeof intentOf>[0]): OrderIntent =>
  intentOf({ ...fields, timestamp: timed(seconds) });
const asked = (fields: Parameters<typeof intentOf>[0], more: object = {}): string =>
  JSON.stringify({ intent: JSON.parse(orderIntentText(intentOf(fields))) as unknown, ...more });

/** A run in which one order was allowed and filled in part, one was cut and one was denied; a repeat and a conflict; and the kill switch tripped by count. */
const traded = async (rig: QuestionRig): Promise<void> => {
  const { shard } = rig;
  await rig.feed(shard.price('AAPL', '200'), shard.price('MSFT', '100'));
  await rig.feed(shard.started({ portfolio: portfolioOf({ MSFT: '-5' }), policy_text: policyText({ tripAfter: 2 }) }));
  await rig.feed(shard.intent(intentAt(1, { intent_id: 'i-1', qty: decimal('10') })));
  await rig.feed(shard.intent(intentAt(1, { intent_id: 'i-1', qty: decimal('10') })));
  await rig.feed(shard.intent(intentAt(1, { intent_id: 'i-1', qty: decimal('11') })));
  await rig.feed(
    shard.execution(
      executionOf({ event: 'ORDER_SUBMITTED', intent_id: 'i-1', price: null, cum_qty: decimal('0'), leaves_qty: decimal('10') }),
      START + 2_000,
    ),
  );
  await rig.feed(
    shard.execution(
      executionOf({ intent_id: 'i-1', qty: decimal('4'), cum_qty: decimal('4'), leaves_qty: decimal('6') }),
      START + 3_000,
    ),
  );
  await rig.feed(shard.intent(intentAt(4, { intent_id: 'i-2', qty: decimal('60'), strategy_id: 'beta' })));
  await rig.feed(shard.intent(intentAt(5, { intent_id: 'i-3', side: 'sell', qty: decimal('2000'), strategy_id: '__proto__' })));
};

describe('runs', () => {
  it('are listed and looked at', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    await rig.feed(rig.shard.started({ account_id: 'acct_2' }, '__proto__', START + 6_000));
    const { runs } = expectDocument('Runs', (await rig.ask('GET', '/runs')).text) as { runs: { run_id: string }[] };
    expect(runs.map(({ run_id }) => run_id)).toEqual(['__proto__', 'r-1']);
    const answer = await rig.ask('GET', '/runs/r-1');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(expectDocument('Run', answer.text)).toMatchObject({
      run_id: 'r-1',
      account_id: 'acct_1',
      status: 'ACTIVE',
      shard: 0,
      mode: 'enforce',
      equity: 100_000,
      kill_switch_active: true,
      started_at: '2026-02-24T09:30:00Z',
      next_seq: 9,
      default: true,
    });
    expect(runs[0]).toEqual(expectDocument('Run', (await rig.ask('GET', '/runs/__proto__')).text));
  });

  it('hold what their fills and working orders come to, limits beside it', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    rig.now = START + 62_000;
    const portfolio = expectDocument('Portfolio', (await rig.ask('GET', '/runs/r-1/portfolio')).text);
    // i-2 was cut to what fits 10 % of equity: 50 less the 10 of i-1.
    expect(portfolio).toMatchObject({
      gross_value: 10_500,
      net_value: 9_500,
      decided: { ALLOW: 1, MODIFY: 1, DENY: 1 },
      limits: [
        { metric: 'daily_return', rule_id: 'LOSS-001', value: 0, limit: -0.02, headroom: 0.02, used: 0 },
        { metric: 'drawdown', rule_id: 'LOSS-002', value: 0, limit: 0.05, headroom: 0.05, used: 0 },
        { metric: 'gross_exposure_x', rule_id: 'EXP-002', value: 0.105, limit: 2, headroom: 1.895, used: 0.0525 },
        { metric: 'net_exposure_x', rule_id: 'EXP-003', value: 0.095, limit: 1, headroom: 0.905, used: 0.095 },
        // The order of the first second is 61 s old by now.
        { metric: 'orders_last_60s_global', rule_id: 'EXEC-001', value: 1, limit: 20, headroom: 19, used: 0.05 },
        { metric: 'violations_in_window', rule_id: null, value: 4, limit: 2, headroom: -2, used: 2 },
      ],
      positions: [
        {
          symbol: 'AAPL',
          qty: 4,
          working_buy_qty: 46,
          working_sell_qty: 0,
          price: 200,
          value: 10_000,
          share: 0.1,
          limit: 0.1,
          headroom: 0,
          used: 1,
        },
        {
          symbol: 'MSFT',
          qty: -5,
          working_buy_qty: 0,
          working_sell_qty: 0,
          price: 100,
          value: -500,
          share: 0.005,
          headroom: 0.095,
          used: 0.05,
        },
      ],
      strategies: [
        {
          strategy_id: '__proto__',
          decided: { ALLOW: 0, MODIFY: 0, DENY: 1 },
          orders_last_60s: 0,
          orders_limit: 10,
          positions: [],
        },
        {
          strategy_id: 'alpha',
          decided: { ALLOW: 1, MODIFY: 0, DENY: 0 },
          gross_value: 2_000,
          positions: [{ symbol: 'AAPL', qty: 4, working_buy_qty: 6, value: 2_000 }],
        },
        {
          strategy_id: 'beta',
          decided: { ALLOW: 0, MODIFY: 1, DENY: 0 },
          orders_last_60s: 1,
          gross_value: 8_000,
          net_value: 8_000,
        },
      ],
    });
    await rig.feed(rig.shard.price('AAPL', null, START + 7_000));
    const { positions } = expectDocument('Portfolio', (await rig.ask('GET', '/runs/r-1/portfolio')).text) as {
      positions: unknown[];
    };
    expect(positions[0]).toMatchObject({
      symbol: 'AAPL',
      price: null,
      value: null,
      share: null,
      limit: 0.1,
      headroom: null,
      used: null,
    });
  });

  it('that are not there are 404, and while nobody knows, 503', async () => {
    const rig = await QuestionRig.open();
    for (const path of ['', '/portfolio', '/kill-switch', '/journal', '/journal/0', '/chain', '/limits', '/policy-history']) {
      const answer = await rig.ask('GET', `/runs/toString${path}`);
      expect([path, answer.status, expectDocument('Problem', answer.text).code]).toEqual([path, 404, 'run_not_found']);
    }
    rig.live.problems = () => ['shard 0 is being read'];
    for (const path of ['/runs', '/runs/r-1', '/accounts', '/policies', '/runs/r-1/journal']) {
      const answer = await rig.ask('GET', path);
      expect([path, answer.status, answer.headers['retry-after']]).toEqual([path, 503, '1']);
      expect(expectDocument('Problem', answer.text)).toMatchObject({
        code: 'not_ready',
        detail: expect.stringContaining('shard 0 is being read') as string,
      });
    }
  });
});

describe('accounts', () => {
  it('add up their active runs, of every shard, gross without netting', async () => {
    const rig = await QuestionRig.open({ shards: 2 });
    const { shard } = rig;
    await rig.feed(shard.price('AAPL', '200'), shard.price('__proto__', '10'));
    const runs = ['r-1', 'r-2', 'r-3', 'r-4', 'r-5'];
    for (const [at, run] of runs.entries()) {
      const portfolio = portfolioOf({ AAPL: at % 2 === 0 ? '10' : '-10', ['__proto__']: '1' });
      await rig.feed(shard.started({ portfolio, account_id: at < 3 ? 'one' : '__proto__' }, run));
    }
    await rig.feed(shard.control({ type: 'RunEnded' }, { run: 'r-5' }));
    await rig.feed(...['r-1', 'r-2'].map((run) => shard.intent(intentAt(1, { qty: decimal('5') }), run)));
    expect(new Set(rig.live.runs().map((run) => run.shard.partition)).size).toBe(2);
    // It has forgotten what was decided: zero would be wrong.
    expect(expectDocument('Portfolio', (await rig.ask('GET', '/runs/r-5/portfolio')).text)).toMatchObject({
      ...{ status: 'ENDED', strategies: null, decided: null },
    });
    const { accounts, total } = expectDocument('Accounts', (await rig.ask('GET', '/accounts')).text) as Record<string, unknown>;
    const alpha = {
      strategy_id: 'alpha',
      runs: ['r-1', 'r-2'],
      decided: { ALLOW: 2, MODIFY: 0, DENY: 0 },
      gross_value: 2_000,
      net_value: 2_000,
    };
    expect(accounts).toMatchObject([
      {
        account_id: '__proto__',
        runs: ['r-4'],
        equity: 100_000,
        gross_value: 2_010,
        net_value: -1_990,
        net_exposure_x: 0.0199,
        strategies: [],
      },
      {
        account_id: 'one',
        runs: ['r-1', 'r-2', 'r-3'],
        equity: 300_000,
        // 15 + 10 + 10 of AAPL: r-2 is short 10 and buys 5, its worse side is the short one.
        gross_value: 7_030,
        net_value: 4_030,
        gross_exposure_x: 0.023433,
        net_exposure_x: 0.013433,
        positions: [
          { symbol: 'AAPL', qty: 10, value: 3_000 },
          { symbol: '__proto__', qty: 3, value: 30 },
        ],
        strategies: [alpha],
      },
    ]);
    expect(total).toMatchObject({ runs: ['r-1', 'r-2', 'r-3', 'r-4'], equity: 400_000, gross_value: 9_040, strategies: [alpha] });
  });
});

describe('POST /evaluate', () => {
  it('answers as the run would now, publishes nothing, and says how much would be allowed', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    await rig.feed(rig.shard.control({ type: 'KillSwitchReset' }, { at: START + 6_000 }));
    rig.now = START + 61_500;
    const { nextSeq } = rig.live.run('r-1')!.ledger;
    const answer = await rig.ask('POST', '/evaluate', asked({ side: 'sell', qty: decimal('100') }));
    expect(expectDocument('Evaluated', answer.text)).toMatchObject({
      run_id: 'r-1',
      clock: '2026-02-24T09:31:01.5Z',
      seq: nextSeq - 1,
      decision: { decision: 'MODIFY', modified_intent: { qty: 54 }, eval_ms: null },
      facts: {
        position_qty: 4,
        working_buy_qty: 46,
        orders_last_60s_global: 1,
        orders_last_60s_strategy: 0,
        violations_in_window: 0,
      },
      max_qty: { qty: 54, rule_id: 'EXP-001', metric: 'new_position_pct', limit: 0.1 },
    });
    expect(rig.live.run('r-1')!.ledger.nextSeq).toBe(nextSeq);
    // Looking ahead moves nothing on: at its own clock the run counts as before.
    rig.now = START;
    expect(expectDocument('Evaluated', (await rig.ask('POST', '/evaluate', asked({}))).text)).toMatchObject({
      facts: { orders_last_60s_global: 2 },
      max_qty: { qty: 0, rule_id: 'EXP-001' },
    });
  });

  it('a run that has ended allows nothing', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    await rig.feed(rig.shard.control({ type: 'RunEnded' }, { at: START + 6_000 }));
    expect(expectDocument('Evaluated', (await rig.ask('POST', '/evaluate', asked({}))).text)).toMatchObject({
      decision: { decision: 'DENY', violations: [{ rule_id: 'SYS-002' }] },
      facts: null,
      max_qty: { qty: 0, rule_id: 'SYS-002', metric: null, limit: null },
    });
  });

  it('takes prices of the sender only where that is allowed, for this question alone', async () => {
    const prices = { market_snapshot: { timestamp: timed(0), prices: { AAPL: 100, MSFT: 1_000 } } };
    const strict = await QuestionRig.open();
    await traded(strict);
    const refused = await strict.ask('POST', '/evaluate', asked({}, prices));
    expect([refused.status, expectDocument('Problem', refused.text).code]).toEqual([400, 'sender_prices_refused']);

    const rig = await QuestionRig.open({ options: { allowSenderPrices: true } });
    await rig.feed(rig.shard.price('AAPL', '200'), rig.shard.price('MSFT', '100'));
    await rig.feed(rig.shard.started({ portfolio: portfolioOf({ MSFT: '-5' }), equity_mode: 'marked' }));
    expect(expectDocument('Evaluated', (await rig.ask('POST', '/evaluate', asked({}, prices))).text)).toMatchObject({
      // The short position has cost 4,500 of what was 100,000.
      facts: { price: 100, equity: 95_500, other_gross: 5_000, other_net: -5_000 },
    });
    expect(expectDocument('Evaluated', (await rig.ask('POST', '/evaluate', asked({}))).text)).toMatchObject({
      facts: { price: 200, equity: 100_000, other_gross: 500 },
    });
    const withdrawn = { market_snapshot: { timestamp: timed(0), prices: { MSFT: 0 } } };
    expect(expectDocument('Evaluated', (await rig.ask('POST', '/evaluate', asked({}, withdrawn))).text)).toMatchObject({
      max_qty: { qty: 0, rule_id: 'SYS-001' },
    });
  });

  it.each([
    ['{"intent":{},"intent":{}}', 400, 'invalid_json'],
    ['{}', 400, 'invalid_json'],
    [asked({}, { run_id: 'nowhere' }), 404, 'run_not_found'],
    [asked({}, { run_id: '*' }), 400, 'invalid_json'],
  ])('refuses %s', async (body, status, code) => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.started());
    const answer = await rig.ask('POST', '/evaluate', body);
    expect([answer.status, expectDocument('Problem', answer.text).code]).toEqual([status, code]);
  });

  it('needs a run where the server has none of its own', async () => {
    const rig = await QuestionRig.open({ options: { defaultRun: () => undefined } });
    const answer = await rig.ask('POST', '/evaluate', asked({}));
    expect([answer.status, expectDocument('Problem', answer.text).code]).toEqual([400, 'run_missing']);
  });
});

describe('decisions', () => {
  it('come with every rule, the order and all that happened', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    const first = expectDocument('DecisionDetail', (await rig.ask('GET', '/decisions/r-1/i-1')).text);
    expect(first).toMatchObject({
      seq: 1,
      reference_price: 200,
      decision: { decision: 'ALLOW', eval_ms: 0.25 },
      order: { status: 'WORKING', qty: 10, cum_qty: 4, leaves_qty: 6 },
      timeline: [
        { seq: 1, kind: 'DECISION' },
        { seq: 2, kind: 'DUPLICATE', conflict: false },
        { seq: 3, kind: 'DUPLICATE', conflict: true },
        { seq: 4, kind: 'EXECUTION', event: 'ORDER_SUBMITTED' },
        { seq: 5, kind: 'EXECUTION', event: 'ORDER_FILLED', cum_qty: 4 },
      ],
    });
    const cut = expectDocument('DecisionDetail', (await rig.ask('GET', '/decisions/r-1/i-2')).text);
    expect(cut).toMatchObject({
      rules: [
        { rule_id: 'SYS-001', fired: false, value: null, limit: null, headroom: null },
        { rule_id: 'SYS-002' },
        { rule_id: 'KILL-001', name: 'kill switch' },
        { rule_id: 'LOSS-001', value: 0, limit: -0.02, headroom: 0.02 },
        { rule_id: 'LOSS-002', value: 0, limit: 0.05, headroom: 0.05 },
        { rule_id: 'EXEC-001', value: 1, limit: 20, headroom: 19 },
        { rule_id: 'EXEC-002', value: 0, limit: 10, headroom: 10 },
        {
          rule_id: 'EXP-001',
          name: 'position',
          fired: true,
          value: 0.14,
          limit: 0.1,
          headroom: -0.04,
          message: 'Position 0.1400 breaches limit 0.1000.',
        },
        { rule_id: 'EXP-002', fired: false, value: 0.145, limit: 2, headroom: 1.855, message: null },
        { rule_id: 'EXP-003', fired: false, value: 0.135, limit: 1, headroom: 0.865 },
      ],
      order: { status: 'WORKING', qty: 40, cum_qty: 0, leaves_qty: 40 },
    });
    expect(expectDocument('DecisionDetail', (await rig.ask('GET', '/decisions/r-1/i-3')).text)).toMatchObject({ order: null });
  });

  it('tell the rules that were not evaluated, and net exposure that is not checked', async () => {
    const rig = await QuestionRig.open();
    await rig.feed(
      rig.shard.started({ policy_text: policyText().replace(', max_net_exposure_x: 1.0', '') }),
      rig.shard.price('AAPL', '200'),
    );
    await rig.feed(rig.shard.intent(intentAt(1, { intent_id: 'unpriced', symbol: 'MSFT' })));
    await rig.feed(rig.shard.intent(intentAt(1, { intent_id: 'priced' })));
    const { rules } = expectDocument('DecisionDetail', (await rig.ask('GET', '/decisions/r-1/unpriced')).text) as {
      rules: Record<string, unknown>[];
    };
    expect(rules[0]).toMatchObject({ rule_id: 'SYS-001', fired: true, message: "Missing or invalid price for symbol 'MSFT'." });
    expect(rules.every(({ value, limit, headroom }) => value === null && limit === null && headroom === null)).toBe(true);
    const priced = expectDocument('DecisionDetail', (await rig.ask('GET', '/decisions/r-1/priced')).text) as {
      rules: Record<string, unknown>[];
    };
    expect(priced.rules.at(-1)).toMatchObject({ rule_id: 'EXP-003', value: 0.02, limit: null, headroom: null });
  });

  it('of ids that nobody would choose, and of a run that has ended', async () => {
    const rig = await QuestionRig.open();
    const [run, id] = ['__proto__', 'a/b c?d%'];
    await rig.feed(rig.shard.price('__proto__', '200'));
    await rig.feed(rig.shard.started({}, run));
    await rig.feed(rig.shard.intent(intentAt(1, { intent_id: id, symbol: '__proto__' }), run));
    await rig.feed(rig.shard.execution(executionOf({ run_id: run, intent_id: id, symbol: '__proto__' }), START + 2_000));
    const path = `/decisions/${run}/${encodeURIComponent(id)}`;
    const before = expectDocument('DecisionDetail', (await rig.ask('GET', path)).text);
    expect(before).toMatchObject({ run_id: run, intent_id: id, order: { status: 'FILLED', leaves_qty: 0 } });
    await rig.feed(rig.shard.control({ type: 'RunEnded' }, { run, at: START + 3_000 }));
    expect(expectDocument('DecisionDetail', (await rig.ask('GET', path)).text)).toEqual(before);
  });

  it('that are not there are 404', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    await rig.feed(rig.shard.execution(executionOf({ intent_id: 'stranger' }), START + 9_000));
    for (const [path, code] of [
      ['/decisions/r-1/i-99', 'intent_not_found'],
      ['/decisions/r-1/stranger', 'intent_not_found'],
      ['/decisions/r-9/i-1', 'run_not_found'],
      ['/decisions/r-1/i-99/evidence', 'intent_not_found'],
      ['/decisions/r-9/i-1/evidence', 'run_not_found'],
    ] as const) {
      const answer = await rig.ask('GET', path);
      expect([path, answer.status, expectDocument('Problem', answer.text).code]).toEqual([path, 404, code]);
    }
    const answer = await rig.ask('GET', '/decisions/r-1/i-1/evidence');
    expect([answer.status, expectDocument('Problem', answer.text).code]).toEqual([409, 'evidence_not_ready']);
  });
});

describe('the journal', () => {
  it('comes in pages of rows, and record by record', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    await rig.feed(rig.shard.control({ type: 'PolicyActivated', policy_text: 'nonsense' }, { at: START + 8_000 }));
    const all = expectDocument('Journal', (await rig.ask('GET', '/runs/r-1/journal')).text) as {
      rows: { seq: number; kind: string }[];
      next_seq: number;
    };
    expect(all.rows.map(({ kind }) => kind)).toEqual([
      'CONTROL',
      'DECISION',
      'DUPLICATE',
      'DUPLICATE',
      'EXECUTION',
      'EXECUTION',
      'DECISION',
      'DECISION',
      'KILL_SWITCH',
      'REJECTED_INPUT',
    ]);
    expect(all.rows.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(all.next_seq).toBe(10);
    expect(all.rows[6]).toEqual({
      seq: 6,
      kind: 'DECISION',
      clock_ms: START + 4_000,
      intent_id: 'i-2',
      strategy_id: 'beta',
      symbol: 'AAPL',
      side: 'buy',
      order_type: 'market',
      qty: 60,
      limit_price: null,
      decision: 'MODIFY',
      order_qty: 40,
      price: 200,
      rules: ['EXP-001'],
      tripped: false,
    });
    expect(all.rows[8]).toMatchObject({ active: true, cause: 'COUNT', actor: 'policygate' });
    const page = expectDocument('Journal', (await rig.ask('GET', '/runs/r-1/journal?from_seq=3&limit=2')).text) as typeof all;
    expect([page.rows, page.next_seq]).toEqual([all.rows.slice(3, 5), 10]);
    expect(expectDocument('Journal', (await rig.ask('GET', '/runs/r-1/journal?from_seq=10')).text)).toMatchObject({
      rows: [],
      next_seq: 10,
    });
    for (let seq = 0; seq < 10; seq++)
      expect(expectDocument('AuditRecord', (await rig.ask('GET', `/runs/r-1/journal/${seq}`)).text)).toMatchObject({
        run_id: 'r-1',
        seq,
      });
    const missing = await rig.ask('GET', '/runs/r-1/journal/10');
    expect([missing.status, expectDocument('Problem', missing.text).code]).toEqual([404, 'record_not_found']);
  });

  it('can be verified by the bytes of its chain alone', async () => {
    const rig = await QuestionRig.open();
    await traded(rig);
    let last: Uint8Array = new Uint8Array(32);
    let count = 0;
    for (let next = 0, end = 1; next < end; next += 4) {
      const { bytes, headers } = await rig.ask('GET', `/runs/r-1/chain?from_seq=${next}&limit=4`);
      end = Number(headers['policygate-next-seq']);
      for (let at = 0; at < bytes.length; count++) {
        const length = bytes.readUInt32BE(at);
        const [hash, body] = [bytes.subarray(at + 4, at + 36), bytes.subarray(at + 36, at + 4 + length)];
        expect(Buffer.compare(chainHash(last, body), hash)).toBe(0);
        last = hash;
        at += 4 + length;
      }
    }
    const run = expectDocument('Run', (await rig.ask('GET', '/runs/r-1')).text);
    expect([count, Buffer.from(last).toString('hex')]).toEqual([run.next_seq, run.chain_hash]);
  });

  it.each([
    'journal?from_seq=-1',
    'journal?limit=0',
    'journal?limit=5001',
    'journal?limit=1e3',
    'journal?form_seq=1',
    'chain?from_seq=x',
    'journal/x',
    'journal/-1',
  ])('refuses %s', async (path) => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.started());
    const answer = await rig.ask('GET', `/runs/r-1/${path}`);
    expect([answer.status, expectDocument('Problem', answer.text).code]).toEqual([400, 'invalid_parameter']);
  });

  it('of thousands of records leaves the event loop free', async () => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.price('AAPL', '200'), rig.shard.started());
    await rig.feed(rig.shard.intent(intentAt(1, {})));
    await rig.shard.publish(...Array.from({ length: 5_000 }, () => rig.shard.intent(intentAt(1, {}))));
    await rig.settled();
    let turns = 0;
    let isRead = false;
    const turn = (): void => {
      turns += 1;
      if (!isRead) setImmediate(turn);
    };
    setImmediate(turn);
    const answer = await rig.ask('GET', '/runs/r-1/journal?limit=5000');
    isRead = true;
    const page = expectDocument('Journal', answer.text) as { rows: unknown[] };
    expect(turns).toBeGreaterThan(20);
    expect(page.rows).toHaveLength(5_000);
  }, 30_000);
});
