/** What changes something, and who may: kill switch, policies, evidence, tokens that are bound to strategies. */
import { expectDocument } from '../../../../test/support/apiSchemas';
import { callerOf, closeRigs, QuestionRig } from '../../../../test/support/questions';
import { policyText, START } from '../../../../test/support/shard';
import { intentOf } from '../../../../test/support/situations';
import { SigningKey } from '../../../audit/checkpoint/checkpointKeys';
import { makeCheckpoints } from '../../../audit/checkpoint/makeCheckpoints';
import { readEvidence } from '../../../audit/evidence/evidence';
import { verifyEvidence } from '../../../audit/evidence/verifyEvidence';
import { orderIntentText } from '../../../contracts/documents/writeDocument';
import { hexOf } from '../../../contracts/json/hex';
import { policyHash } from '../../../contracts/policyDocument';
import { CONTROL_EVENTS } from '../../../contracts/topics';
import type { ApiRequest } from '../route';

afterEach(closeRigs);

const TRIP = { action: 'trip', actor: 'alice', reason: 'the feed is broken' };
const RESET = { action: 'reset', actor: 'bob', reason: 'it is back' };
const SIGNED = { actor: 'alice', reason: 'tighter limits' };
const TIGHT = policyText({ position: '0.05' });
const hashOf = (text: string): string => hexOf(policyHash(text));
const problem = (text: string) => expectDocument('Problem', text);
const started = async (rig: QuestionRig, ...runs: readonly string[]): Promise<void> => {
  for (const run of runs) await rig.feed(rig.shard.started({}, run));
};

describe('the kill switch', () => {
  it('is tripped and reset, and shows it at once, with who did it', async () => {
    const rig = await QuestionRig.open();
    await started(rig, 'r-1');
    expect(expectDocument('KillSwitch', (await rig.ask('GET', '/runs/r-1/kill-switch')).text)).toEqual({
      run_id: 'r-1',
      active: false,
      every_run: false,
      violations_in_window: 0,
      trip_after_n_violations: 3,
      violation_window_seconds: 300,
      trip_on_rules: ['LOSS-002'],
      last: null,
    });
    rig.now = START + 5_000;
    const tripped = await rig.ask('POST', '/runs/r-1/kill-switch', TRIP);
    expect([tripped.status, expectDocument('ControlAnswers', tripped.text)]).toEqual([
      200,
      { type: 'KillSwitchTripped', answers: [{ run_id: 'r-1', seq: 1, taken: true, note: null }] },
    ]);
    expect(expectDocument('KillSwitch', (await rig.ask('GET', '/runs/r-1/kill-switch')).text)).toMatchObject({
      active: true,
      last: {
        seq: 1,
        clock: '2026-02-24T09:30:05Z',
        active: true,
        cause: 'OPERATOR',
        actor: 'alice',
        reason: 'the feed is broken',
      },
    });
    // Again: taken, and nothing changed.
    expect(expectDocument('ControlAnswers', (await rig.ask('POST', '/runs/r-1/kill-switch', TRIP)).text)).toMatchObject({
      answers: [{ seq: 2, taken: true, note: 'the kill switch was active already' }],
    });
    expect((await rig.ask('POST', '/runs/r-1/kill-switch', RESET)).status).toBe(200);
    expect(expectDocument('KillSwitch', (await rig.ask('GET', '/runs/r-1/kill-switch')).text)).toMatchObject({
      active: false,
      last: { seq: 3, actor: 'bob' },
    });
  });

  it('of every run, on every shard, and of those to come', async () => {
    const rig = await QuestionRig.open({ shards: 2 });
    expect(expectDocument('ControlAnswers', (await rig.ask('POST', '/kill-switch', RESET)).text).answers).toEqual([]);
    await started(rig, 'r-1', 'r-2', 'r-3', 'r-4');
    const { answers } = expectDocument('ControlAnswers', (await rig.ask('POST', '/kill-switch', TRIP)).text) as {
      answers: { run_id: string }[];
    };
    expect(answers.map(({ run_id }) => run_id).sort()).toEqual(['r-1', 'r-2', 'r-3', 'r-4']);
    await started(rig, 'r-5');
    expect(expectDocument('KillSwitch', (await rig.ask('GET', '/runs/r-5/kill-switch')).text)).toMatchObject({
      active: true,
      every_run: true,
      last: null,
    });
  });

  it('of a run that has ended is refused, with the answers; one that nobody folds is on the log', async () => {
    const rig = await QuestionRig.open({ options: { answerMs: 100 } });
    await started(rig, 'r-1');
    await rig.feed(rig.shard.control({ type: 'RunEnded' }));
    const refused = await rig.ask('POST', '/runs/r-1/kill-switch', TRIP);
    expect([refused.status, problem(refused.text)]).toMatchObject([
      409,
      {
        code: 'control_refused',
        detail: 'KillSwitchTripped: run r-1 refused it: run `r-1` has ended: no KillSwitchTripped applies; see answers',
        answers: [{ run_id: 'r-1', seq: 2, taken: false, note: 'run `r-1` has ended: no KillSwitchTripped applies' }],
      },
    ]);
    await started(rig, 'r-2');
    rig.pause();
    const silent = await rig.ask('POST', '/runs/r-2/kill-switch', TRIP);
    expect([silent.status, expectDocument('ControlAnswers', silent.text)]).toEqual([
      202,
      { type: 'KillSwitchTripped', answers: null },
    ]);
    rig.resume();
    await rig.settled();
    expect(rig.live.run('r-2')?.ledger.state.killSwitchActive).toBe(true);
  });

  it('can be tripped while nobody knows whether there is such a run, and never for all by the name of one', async () => {
    const rig = await QuestionRig.open();
    await started(rig, 'r-1');
    const unknown = await rig.ask('POST', '/runs/r-9/kill-switch', TRIP);
    expect([unknown.status, problem(unknown.text).code]).toEqual([404, 'run_not_found']);
    const problems = rig.live.problems.bind(rig.live);
    rig.live.problems = () => ['shard 0: the bus fails'];
    expect((await rig.ask('POST', '/runs/r-1/kill-switch', TRIP)).status).toBe(200);
    const ends = await rig.shard.bus.endOffset(CONTROL_EVENTS, 0);
    expect((await rig.ask('POST', '/runs/*/kill-switch', TRIP)).status).toBe(503);
    expect(await rig.shard.bus.endOffset(CONTROL_EVENTS, 0)).toBe(ends);
    rig.live.problems = problems;
  });

  it.each([
    [{ ...TRIP, action: 'pull' }, 'action'],
    [{ ...TRIP, actor: ' ' }, 'actor'],
    [{ ...TRIP, actor: 'x'.repeat(257) }, 'actor'],
    [{ ...TRIP, reason: 'a\u001b[31mb' }, 'reason'],
    [{ ...TRIP, reason: 7 }, 'reason'],
    [{ action: 'trip', actor: 'alice' }, 'reason'],
    [{ ...TRIP, force: true }, 'force'],
    ['{"action":"trip","action":"reset","actor":"a","reason":"b"}', 'action'],
  ])('refuses %j', async (body, field) => {
    const rig = await QuestionRig.open();
    await started(rig, 'r-1');
    const before = await rig.shard.bus.endOffset(CONTROL_EVENTS, 0);
    const answer = await rig.ask('POST', '/kill-switch', body);
    expect([answer.status, problem(answer.text)]).toMatchObject([400, { code: 'invalid_json', field }]);
    expect(await rig.shard.bus.endOffset(CONTROL_EVENTS, 0)).toBe(before);
  });

  it('takes a long reason in any script, and names the token beside the actor', async () => {
    const rig = await QuestionRig.open({ options: { hasTokens: true } });
    await started(rig, 'r-1');
    const reason = '🚨ユーロ '.repeat(125);
    const body = Buffer.from(JSON.stringify({ ...TRIP, reason }));
    const answer = await rig.handle('changeKillSwitch', { params: { run: 'r-1' }, body, caller: callerOf('operate') });
    expect(answer.status).toBe(200);
    expect(expectDocument('KillSwitch', (await rig.ask('GET', '/runs/r-1/kill-switch')).text)).toMatchObject({
      last: { actor: 'alice (token test)', reason },
    });
  });
});

describe('policies', () => {
  it('are put in force, listed with where they hold, and kept in the history', async () => {
    const rig = await QuestionRig.open({ shards: 2 });
    await started(rig, 'r-1', 'r-2', '__proto__');
    const one = await rig.ask('PUT', '/policies', { ...SIGNED, policy_text: TIGHT, run_id: 'r-1' });
    expect([one.status, expectDocument('PolicyActivation', one.text)]).toEqual([
      200,
      {
        policy_hash: hashOf(TIGHT),
        type: 'PolicyActivated',
        warnings: [],
        answers: [{ run_id: 'r-1', seq: 1, taken: true, note: null }],
      },
    ]);
    const lax = policyText({ position: '0.5' }).replace('mode: enforce', 'mode: monitor, decision: allow');
    const all = expectDocument('PolicyActivation', (await rig.ask('PUT', '/policies', { ...SIGNED, policy_text: lax })).text);
    expect(all).toMatchObject({
      warnings: [expect.stringContaining('fails closed')],
      answers: [{ taken: true }, { taken: true }, { taken: true }],
    });

    const { policies, watching, refused } = expectDocument('Policies', (await rig.ask('GET', '/policies')).text) as Record<
      string,
      unknown
    >;
    const expected = [
      { policy_hash: hashOf(policyText()), version: '0.1', mode: 'enforce', active_in: [] },
      { policy_hash: hashOf(TIGHT), version: '0.1', mode: 'enforce', active_in: [] },
      { policy_hash: hashOf(lax), version: '0.1', mode: 'monitor', active_in: ['__proto__', 'r-1', 'r-2'] },
    ];
    expect(policies).toEqual(expected.sort((a, b) => (a.policy_hash < b.policy_hash ? -1 : 1)));
    expect([watching, refused]).toEqual([null, null]);
    expect(expectDocument('Policy', (await rig.ask('GET', `/policies/${hashOf(lax)}`)).text)).toMatchObject({
      text: lax,
      warnings: [expect.stringContaining('fails closed')],
    });

    await rig.feed(rig.shard.control({ type: 'PolicyActivated', policy_text: 'nonsense' }, { actor: 'mallory' }));
    const { history } = expectDocument('PolicyHistory', (await rig.ask('GET', '/runs/r-1/policy-history')).text) as {
      history: unknown[];
    };
    expect(history).toMatchObject([
      { seq: 0, type: 'RunStarted', policy_hash: hashOf(policyText()), actor: 'desk', taken: true },
      { seq: 1, type: 'PolicyActivated', policy_hash: hashOf(TIGHT), actor: 'alice', reason: 'tighter limits', taken: true },
      { seq: 2, policy_hash: hashOf(lax), taken: true },
      {
        seq: 3,
        policy_hash: hashOf('nonsense'),
        actor: 'mallory',
        taken: false,
        note: expect.stringContaining('invalid') as string,
      },
    ]);
  });

  it('that are invalid are refused with all that is wrong, and nothing is published', async () => {
    const rig = await QuestionRig.open();
    await started(rig, 'r-1');
    const before = await rig.shard.bus.endOffset(CONTROL_EVENTS, 0);
    const wrong = TIGHT.replace('0.05,', '2,').replace('max_drawdown_pct', 'max_drawdown');
    const answer = await rig.ask('PUT', '/policies', { ...SIGNED, policy_text: wrong });
    const { errors, ...rest } = problem(answer.text) as { errors: string[] };
    expect([answer.status, rest]).toMatchObject([400, { code: 'invalid_policy', field: 'policy_text' }]);
    expect(errors).toHaveLength(3);
    expect(errors[0]).toMatch(
      /^policy_text:5:.*limits.exposure.max_position_pct: expected a number above 0 and at most 1, found 2$/,
    );
    expect(await rig.shard.bus.endOffset(CONTROL_EVENTS, 0)).toBe(before);
    const unknown = await rig.ask('PUT', '/policies', { ...SIGNED, policy_text: TIGHT, run_id: 'r-9' });
    expect([unknown.status, problem(unknown.text).code]).toEqual([404, 'run_not_found']);
    const every = await rig.ask('PUT', '/policies', { ...SIGNED, policy_text: TIGHT, run_id: '*' });
    expect(every.status).toBe(404);
    for (const hash of ['0'.repeat(64), hashOf(wrong)]) {
      const missing = await rig.ask('GET', `/policies/${hash}`);
      expect([missing.status, problem(missing.text).code]).toEqual([404, 'policy_not_found']);
    }
    expect((await rig.ask('GET', '/policies/constructor')).status).toBe(400);
  });

  it('nobody folds are on the log, and take effect', async () => {
    const rig = await QuestionRig.open({ options: { answerMs: 100 } });
    await started(rig, 'r-1');
    rig.pause();
    const silent = await rig.ask('PUT', '/policies', { ...SIGNED, policy_text: TIGHT });
    expect([silent.status, expectDocument('PolicyActivation', silent.text).answers]).toEqual([202, null]);
    rig.resume();
    await rig.settled();
    expect(expectDocument('Run', (await rig.ask('GET', '/runs/r-1')).text).policy_hash).toBe(hashOf(TIGHT));
  });

  it('of a watched file are shown, with the edit that was refused', async () => {
    const refused = { at: '2026-02-24T09:30:00Z', policyHash: hashOf('x'), errors: ['policy.yaml:1:1: no'] };
    const rig = await QuestionRig.open({ options: { watchedPolicy: () => ({ file: 'policy.yaml', refused }) } });
    expect(expectDocument('Policies', (await rig.ask('GET', '/policies')).text)).toEqual({
      policies: [],
      watching: 'policy.yaml',
      refused: { at: refused.at, policy_hash: refused.policyHash, errors: refused.errors },
    });
  });

  it('resolve to the limits of one order', async () => {
    const rig = await QuestionRig.open();
    const block = 'exposure: { max_position_pct: 0.000000000000000001, max_gross_exposure_x: 1 }';
    const text = `${policyText()}overrides: { symbols: { __proto__: { ${block} } }, strategies: { beta: { execution: { max_orders_per_minute_global: 2, max_orders_per_minute_by_strategy: 1 } } } }`;
    await rig.feed(rig.shard.started({ policy_text: text }));
    const own = expectDocument('AppliedLimits', (await rig.ask('GET', '/runs/r-1/limits')).text);
    expect(own).toMatchObject({
      symbol: null,
      strategy: null,
      mode: 'enforce',
      limits: {
        exposure: {
          source: 'limits.exposure',
          values: { max_position_pct: 0.1, max_gross_exposure_x: 2, max_net_exposure_x: 1 },
        },
        kill_switch: { source: 'limits.kill_switch', values: { trip_on_rules: ['LOSS-002'], trip_after_n_violations: 3 } },
      },
    });
    expect(own.limits).not.toHaveProperty('kill_switch.values.cancel_open_orders');
    expect(
      expectDocument('AppliedLimits', (await rig.ask('GET', '/runs/r-1/limits?symbol=__proto__&strategy=beta')).text),
    ).toMatchObject({
      symbol: '__proto__',
      strategy: 'beta',
      limits: {
        exposure: {
          source: 'overrides.symbols.__proto__.exposure',
          values: { max_position_pct: 1e-18, max_net_exposure_x: null },
        },
        execution: { source: 'overrides.strategies.beta.execution', values: { max_orders_per_minute_global: 2 } },
        loss: { source: 'limits.loss' },
      },
    });
    const wrong = await rig.ask('GET', '/runs/r-1/limits?symbols=AAPL');
    expect([wrong.status, problem(wrong.text)]).toMatchObject([400, { code: 'invalid_parameter', field: 'symbols' }]);
  });

  it('are compared with what is in force, or with another known one', async () => {
    const rig = await QuestionRig.open();
    await started(rig, 'r-1');
    const against = hashOf(policyText());
    const differences = [{ path: 'limits.exposure.max_position_pct', from: 0.1, to: 0.05 }];
    for (const beside of [{ run_id: 'r-1' }, { policy_hash: against }]) {
      const answer = await rig.ask('POST', '/policies/diff', { policy_text: TIGHT, ...beside });
      expect([answer.status, expectDocument('PolicyDiff', answer.text)]).toEqual([
        200,
        { valid: true, policy_hash: hashOf(TIGHT), against, errors: [], warnings: [], differences },
      ]);
    }
    const invalid = expectDocument(
      'PolicyDiff',
      (await rig.ask('POST', '/policies/diff', { policy_text: 'limits: []', run_id: 'r-1' })).text,
    );
    expect(invalid).toMatchObject({ valid: false, differences: [] });
    expect(invalid.errors).not.toEqual([]);
    for (const [body, status, code] of [
      [{ policy_text: TIGHT }, 400, 'invalid_json'],
      [{ policy_text: TIGHT, run_id: 'r-1', policy_hash: against }, 400, 'invalid_json'],
      [{ policy_text: TIGHT, policy_hash: 'x' }, 400, 'invalid_json'],
      [{ policy_text: TIGHT, run_id: 'r-9' }, 404, 'run_not_found'],
      [{ policy_text: TIGHT, policy_hash: '0'.repeat(64) }, 404, 'policy_not_found'],
    ] as const) {
      const answer = await rig.ask('POST', '/policies/diff', body);
      expect([answer.status, problem(answer.text).code]).toEqual([status, code]);
    }
  });

  it('no policy is in force for a run of which only intents came', async () => {
    const rig = await QuestionRig.open();
    await rig.feed(rig.shard.intent(intentOf({ timestamp: new Date(START).toISOString() }), 'early'));
    const answer = await rig.ask('GET', '/runs/early/limits');
    expect([answer.status, problem(answer.text).code]).toEqual([404, 'policy_not_found']);
    expect(expectDocument('Run', (await rig.ask('GET', '/runs/early')).text)).toMatchObject({
      status: 'UNKNOWN',
      policy_hash: null,
      mode: null,
      started_at: null,
    });
    expect(expectDocument('Portfolio', (await rig.ask('GET', '/runs/early/portfolio')).text)).toMatchObject({
      limits: [],
      decided: { DENY: 1 },
    });
    expect(expectDocument('KillSwitch', (await rig.ask('GET', '/runs/early/kill-switch')).text)).toMatchObject({
      trip_after_n_violations: null,
    });
    expect(expectDocument('DecisionDetail', (await rig.ask('GET', '/decisions/early/i-1')).text)).toMatchObject({
      facts: null,
      order: null,
    });
  });
});

it('evidence is a file that proves the decision, as soon as a checkpoint covers it', async () => {
  const key = SigningKey.generate('risk.example/gate');
  const rig = await QuestionRig.open({ options: { publicKey: key.publicKey } });
  const { bus, codec } = rig.shard;
  await rig.feed(rig.shard.price('AAPL', '200'), rig.shard.started());
  await rig.feed(rig.shard.intent(intentOf({ intent_id: 'a "b"', timestamp: new Date(START).toISOString() })));
  const path = '/decisions/r-1/a%20%22b%22/evidence';
  const early = await rig.ask('GET', path);
  expect([early.status, problem(early.text).code]).toEqual([409, 'evidence_not_ready']);
  const options = {
    bus,
    codec,
    key,
    now: () => START,
    everyRecords: 1,
    everyMs: Infinity,
    untilEnd: true,
    onPublished: () => undefined,
  };
  await makeCheckpoints(options, new AbortController().signal);
  const answer = await rig.ask('GET', path);
  expect([answer.status, answer.headers['content-disposition']]).toEqual([200, 'attachment; filename="a__b_.evidence.json"']);
  expectDocument('EvidenceFile', answer.text);
  const evidence = readEvidence(answer.text);
  if (!evidence.ok) throw new Error(evidence.error);
  expect(verifyEvidence(evidence.value, key.publicKey).ok).toBe(true);
  const many = await Promise.allSettled(
    Array.from({ length: 5 }, () => rig.handle('getEvidence', { params: { run: 'r-1', intent: 'a "b"' } })),
  );
  const refused = many.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code: string }).code] : []));
  expect(refused).toEqual(['rate_limited', 'rate_limited', 'rate_limited']);
  expect((await rig.handle('getEvidence', { params: { run: 'r-1', intent: 'a "b"' } })).status).toBe(200);
});

it('a token that submits for some strategies sees and evaluates theirs alone', async () => {
  const rig = await QuestionRig.open();
  await rig.feed(rig.shard.price('AAPL', '200'), rig.shard.started());
  await rig.feed(rig.shard.intent(intentOf({ timestamp: new Date(START).toISOString() })));
  const look = (caller: ApiRequest['caller']) => rig.handle('getDecision', { params: { run: 'r-1', intent: 'i-1' }, caller });
  const body = Buffer.from(`{"intent":${orderIntentText(intentOf())}}`);
  const evaluate = (caller: ApiRequest['caller']) => rig.handle('evaluateIntent', { body, caller });
  for (const asked of [look, evaluate]) {
    for (const caller of [callerOf('submit'), callerOf('submit', 'alpha'), callerOf('read', 'beta'), callerOf('operate')])
      expect((await asked(caller)).status).toBe(200);
    await expect(async () => asked(callerOf('submit', 'beta', '__proto__'))).rejects.toMatchObject({ code: 'forbidden' });
  }
});
