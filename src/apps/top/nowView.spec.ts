import { DecisionRate } from './decisionRate';
import { fitted, meter, shownNumber, sparkline } from './drawing';
import type { Now } from './nowClient';
import type { KillSwitchDocument, PortfolioDocument, RowDocument, StatusDocument } from './nowDocuments';
import { nowView } from './nowView';
import { jsonLine } from './watchNow';

const AT = Date.UTC(2026, 1, 24, 9, 30, 30);
const MINUTE = 60_000;

const row = (fields: Partial<RowDocument> = {}): RowDocument => ({
  ...{ seq: 1, kind: 'DECISION', clock_ms: AT, intent_id: 'i-1', strategy_id: 'momentum', symbol: 'AAPL', side: 'buy', qty: 120 },
  ...{ decision: 'ALLOW', order_qty: 120, rules: [] },
  ...fields,
});

const nowOf = (
  fields: {
    readonly status?: Partial<StatusDocument>;
    readonly portfolio?: Partial<PortfolioDocument>;
    readonly killSwitch?: Partial<KillSwitchDocument>;
    readonly rows?: readonly RowDocument[];
  } = {},
): Now => {
  const rate = new DecisionRate();
  rate.add(fields.rows ?? [row()]);
  const limit = (metric: string, rule_id: string | null, value: number, most: number | null, used: number | null) => ({
    ...{ metric, rule_id, value, limit: most, used },
  });
  return {
    at: AT,
    status: {
      ...{ engine_version: '0.5.0', bus: 'embedded', ready: true, problems: [], default_run: 'r-1', started_at: '' },
      ...{ feed_lag_ms: 1_500, waiting: 2 },
      ...fields.status,
    },
    portfolio: {
      ...{ run_id: 'r-1', account_id: 'a', status: 'ACTIVE', clock: '', policy_hash: 'abcdef0123456789', mode: 'enforce' },
      ...{ equity: 100_000, start_of_day_equity: 100_000, peak_equity: 100_000, gross_value: 26_000.5, net_value: '-12.5' },
      ...{ kill_switch_active: false, positions: [{}, {}], decided: { ALLOW: 3, MODIFY: 1, DENY: 2 } },
      limits: [
        limit('daily_return', 'LOSS-001', 0, -0.02, 0),
        limit('gross_exposure_x', 'EXP-002', 1.9, 2, 0.95),
        limit('orders_last_60s_global', 'EXEC-001', 30, 20, 1.5),
        limit('net_exposure_x', 'EXP-003', 0.2, null, null),
        limit('violations_in_window', null, 1, 3, 0.333),
      ],
      strategies: [
        {
          ...{ strategy_id: 'momentum', decided: { ALLOW: 3, MODIFY: 1, DENY: 0 }, orders_last_60s: 2, orders_limit: 10 },
          ...{ gross_value: 26_000, net_value: 26_000 },
        },
      ],
      ...fields.portfolio,
    },
    killSwitch: { active: false, every_run: false, last: null, ...fields.killSwitch },
    rate,
    texts: { status: '{}', portfolio: '{}', kill_switch: '{}' },
  };
};

const view = (now: Now, options: Partial<Parameters<typeof nowView>[1]> = {}): string =>
  nowView(now, { width: 80, color: false, ...options }).join('\n');

it('shows what runs, how near its limits it is, and what was decided', () => {
  const rows = [
    row({ clock_ms: AT - 2 * MINUTE }),
    row({ seq: 2, intent_id: 'i-2', decision: 'MODIFY', order_qty: 80, rules: ['EXP-001'] }),
    row({ seq: 3, kind: 'EXECUTION' }),
  ];
  expect(`\n${view(nowOf({ rows }))}\n`).toMatchInlineSnapshot(`
   "
   policygate  run r-1  ACTIVE                                      09:30:30  ready
   kill switch off  mode enforce  policy abcdef012345

   equity 100,000  gross 26,000.5  net -12.5  positions 2
   newest price: 2 s ago  intents that wait: 2
   daily return    LOSS-001 [                ]    0%          0 of -0.02
   gross exposure  EXP-002  [=============== ]   95%        1.9 of 2
   orders in 60 s  EXEC-001 [================>  150%         30 of 20
   net exposure    EXP-003  [                ]              0.2 of no limit
   violations               [=====           ]   33%          1 of 3

   decisions a minute, the last 32 minutes
   ALLOW                                █   now 0  most 1  in all 3
   MODIFY                                 █ now 1  most 1  in all 1
   DENY                                     now 0  most 0  in all 2

   strategy                 allow/modify/deny   in 60 s         gross
   momentum                             3/1/0      2/10        26,000

   last decisions
   09:30:30 MODIFY  buy  120 -> 80 AAPL  momentum  i-2  EXP-001
   09:28:30 ALLOW   buy  120 AAPL  momentum  i-1
   "
  `);
});

it.each([60, 80, 120, 200])('keeps to %i columns, whatever it is told', (width) => {
  const long = 'x'.repeat(300);
  const now = nowOf({
    status: { ready: false, problems: [long, long] },
    portfolio: {
      run_id: long,
      strategies: Array.from({ length: 9 }, () => ({ ...(nowOf().portfolio.strategies?.[0] ?? never()), strategy_id: long })),
    },
    killSwitch: { active: true, last: { clock: 'now', cause: 'COUNT', actor: long, reason: long } },
    rows: Array.from({ length: 30 }, (_, seq) => row({ seq, intent_id: long, symbol: long })),
  });
  const lines = nowView(now, { width, height: 40, color: false, stale: long });
  expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(width);
  expect(lines.length).toBeLessThanOrEqual(40);
});
const never = (): never => {
  throw new Error('no strategy');
};

it('does not let anybody else steer the terminal', () => {
  const evil = '\u001b[2J\u009b31m\u202egate\u200b\u00ad\u2028\u{e0041}';
  const now = nowOf({
    portfolio: {
      run_id: evil,
      mode: evil,
      policy_hash: evil,
      limits: [{ metric: evil, rule_id: evil, value: evil, limit: evil, used: 0 }],
    },
    killSwitch: { active: true, last: { clock: '', cause: '', actor: evil, reason: evil } },
    rows: [row({ intent_id: evil, strategy_id: evil, symbol: evil, decision: evil as never, rules: [evil] })],
    status: { ready: false, problems: [evil] },
  });
  const harmful = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}]/u;
  expect(view(now)).not.toMatch(harmful);
  expect(view({ ...now, killSwitch: { ...now.killSwitch, active: false } })).not.toMatch(harmful);
  const line = jsonLine({ ...now, texts: { status: '{"a":"\u009b\u202e"}', portfolio: '{}', kill_switch: '{}' } });
  expect(line).toContain('{"a":"\\u009b\\u202e"}');
});

it('says what must not be overlooked', () => {
  const last = { clock: '2026-02-24T09:30:00.000Z', cause: 'OPERATOR', actor: 'alice', reason: 'the feed is broken' };
  const tripped = nowOf({ killSwitch: { active: true, every_run: true, last } });
  expect(view(tripped, { width: 140 })).toContain(
    'KILL SWITCH TRIPPED FOR EVERY RUN since 2026-02-24T09:30:00.000Z by alice (OPERATOR): the feed is broken',
  );
  expect(view(nowOf({ status: { ready: false, problems: ['processor, shard 0: restoring'] } }))).toContain(
    'NOT READY\n  processor, shard 0: restoring',
  );
  expect(view(nowOf(), { stale: 'it does not answer' })).toContain('STALE\n  it does not answer; trying again');
  expect(view(nowOf({ status: { feed_lag_ms: null } }))).toContain('newest price: none since the start');
});

it('says that a run only monitors, and what its kill switch is worth then', () => {
  const portfolio = { mode: 'monitor' };
  const last = { clock: '', cause: 'COUNT', actor: 'run', reason: 'violations' };
  expect(view(nowOf({ portfolio }))).toContain('MONITOR: decisions are not enforced');
  expect(view(nowOf())).not.toContain('MONITOR');
  expect(view(nowOf({ portfolio, killSwitch: { active: true, last } }))).toContain('TRIPPED, WHICH STOPS NOTHING');
  expect(view(nowOf({ portfolio, killSwitch: { active: true, last: { ...last, cause: 'OPERATOR' } } }))).toContain(
    'AT THE GATEWAY',
  );
});

it('says which minutes it has not counted', () => {
  const now = nowOf({ rows: [row({ clock_ms: AT - 2 * MINUTE }), row({ seq: 2 })] });
  now.rate.countedFrom = AT - 2 * MINUTE;
  now.rate.behind = 7;
  const shown = view(now, { width: 140 });
  expect(shown).toContain('; those before 09:28:30 are not counted yet; 7 records behind');
  expect(shown).toMatch(/ALLOW {3}\?{58} █ now 1 {2}most 1 {2}in all 3/);
});

it('has colours only where it may', () => {
  expect(view(nowOf())).not.toContain('\u001b');
  expect(view(nowOf(), { color: true })).toContain('\u001b[31m');
});

it('counts minutes apart, and forgets those of long ago', () => {
  const rate = new DecisionRate();
  rate.add([row({ clock_ms: AT - 300 * MINUTE }), row({ clock_ms: AT - MINUTE }), row({ decision: 'DENY' }), row(), row()]);
  const minutes = rate.perMinute(AT);
  expect(minutes).toHaveLength(60);
  expect(minutes.slice(-2)).toEqual([
    { ALLOW: 1, MODIFY: 0, DENY: 0 },
    { ALLOW: 2, MODIFY: 0, DENY: 1 },
  ]);
  expect(rate.last).toHaveLength(5);
});

it.each<readonly [string | number | null, string]>([
  [null, '-'],
  [0, '0'],
  [100, '100'],
  [1234567.891, '1,234,567.89'],
  [-26_000.5, '-26,000.5'],
  [0.1234567, '0.123457'],
  ['0.123456789012345678', '0.123457'],
])('shows %j as %s', (value, text) => expect(shownNumber(value)).toBe(text));

it('draws in the room that it has', () => {
  expect(sparkline([0, 1, 4, 8])).toBe(' ▁▄█');
  expect(sparkline([undefined, 1])).toBe('?█');
  expect([meter(0, 12), meter(0.5, 12), meter(1, 12), meter(3, 12)]).toEqual([
    '[          ]',
    '[=====     ]',
    '[==========]',
    '[==========>',
  ]);
  expect([fitted('abcdef', 4), fitted('ab', 4), fitted('ab', 4, true)]).toEqual(['abc…', 'ab', 'ab  ']);
});
