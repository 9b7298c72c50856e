import fc from 'fast-check';
import { anyFacts, anyIntent, anyLimits, baseLimits, factsOf, intentOf } from '../../test/support/situations';
import type { Decimal } from '../contracts/decimal';
import { decimal, formatDecimal } from '../contracts/decimal';
import type { Decision, Facts, OrderIntent, RuleId } from '../contracts/messages';
import { decide, refuse } from './decide';
import type { AppliedLimits } from './limits';

const judge = (intent: Partial<OrderIntent> = {}, facts: Partial<Facts> = {}, limits: Partial<AppliedLimits> = {}): Decision =>
  decide(intentOf(intent), { ...baseLimits, ...limits }, factsOf(facts));
const rules = ({ violations }: Decision): readonly RuleId[] => violations.map(({ rule_id }) => rule_id);
const figure = ({ violations }: Decision, name: string) =>
  violations.flatMap(({ computed, inputs }) => [...inputs, ...computed]).find((f) => f.name === name)?.value;

describe('verdicts', () => {
  it('allows what breaks no rule, with five pieces of evidence', () => {
    const decision = judge();
    expect(decision.decision).toBe('ALLOW');
    expect(decision.order).toEqual(intentOf());
    expect(decision.evidence.map(({ metric, value, limit }) => [metric, formatDecimal(value), formatDecimal(limit)])).toEqual([
      ['daily_return', '0', '-0.02'],
      ['drawdown', '0', '0.05'],
      ['new_position_pct', '0.02', '0.1'],
      ['gross_exposure_x', '0.02', '2'],
      ['net_exposure_x', '0.02', '1'],
    ]);
  });

  it('cuts an order above the cap to the quantity that fits', () => {
    const decision = judge({ qty: decimal('120') });
    expect([decision.decision, decision.order?.qty]).toEqual(['MODIFY', decimal('50')]);
    expect(decision.violations[0]?.message).toBe('Position 0.2400 breaches limit 0.1000.');
  });

  it('cuts a sale from a long position through zero to the cap on the short side', () =>
    expect(judge({ side: 'sell', qty: decimal('200') }, { position_qty: decimal('30') }).order?.qty).toBe(decimal('80')));

  it('rounds the quantity that fits down to 8 places', () =>
    expect(judge({ qty: decimal('9') }, { price: decimal('3000') }).order?.qty).toBe(decimal('3.33333333')));

  it('denies when nothing fits', () => {
    const decision = judge({ qty: decimal('1') }, { position_qty: decimal('50') });
    expect([decision.decision, decision.order, figure(decision, 'allowed_qty')]).toEqual(['DENY', null, 0n]);
  });

  it('denies an exit that stays over the limit: nothing in (0, requested] brings it within', () => {
    const decision = judge({ side: 'sell', qty: decimal('10') }, { position_qty: decimal('100') });
    expect([decision.decision, figure(decision, 'allowed_qty')]).toEqual(['DENY', 0n]);
  });

  it('denies a MODIFY whose reduced order would break another rule, and says which', () => {
    // Net is +1.02x without this symbol. Selling 100 brings it to 0.92x, but the 50 that fit the position leave it at 1.02x - 0.05x.
    const net = { max_net_exposure_x: decimal('0.95') };
    const facts = { price: decimal('100'), other_net: (decimal('102000') * 10n ** 18n) as Facts['other_net'] };
    const exposure = { ...baseLimits.exposure, ...net, max_position_pct: decimal('0.05') };
    const decision = judge({ side: 'sell', qty: decimal('100') }, facts, { exposure });
    expect([decision.decision, rules(decision), figure(decision, 'reduced_order_breaches')]).toEqual([
      'DENY',
      ['EXP-001'],
      'EXP-003',
    ]);
  });

  it.each(['equity', 'start_of_day_equity', 'peak_equity'] as const)(
    'denies when %s is not above zero, in monitor mode too',
    (name) => {
      for (const mode of ['enforce', 'monitor'] as const)
        for (const amount of ['0', '-0.000000000000000001']) {
          const decision = judge({}, { [name]: decimal(amount) }, { mode });
          expect([decision.decision, decision.order, rules(decision), decision.evidence]).toEqual([
            'DENY',
            null,
            ['SYS-002'],
            [],
          ]);
          expect(decision.violations[0]?.message).toContain('Equity is not above zero');
        }
    },
  );

  it('evaluates every rule, in order', () => {
    const facts = {
      equity: decimal('80000'),
      orders_last_60s_global: 20,
      orders_last_60s_strategy: 10,
      kill_switch_active: true,
    };
    expect(rules(judge({ qty: decimal('1000') }, facts))).toEqual([
      'KILL-001',
      'LOSS-001',
      'LOSS-002',
      'EXEC-001',
      'EXEC-002',
      'EXP-001',
      'EXP-002',
      'EXP-003',
    ]);
  });

  it('allows everything but the unjudgeable when it only monitors', () => {
    expect(judge({ qty: decimal('120') }, {}, { mode: 'monitor' }).decision).toBe('ALLOW');
    expect(judge({}, { price: null }, { mode: 'monitor' }).decision).toBe('DENY');
    expect(judge({ order_type: 'limit' }, {}, { mode: 'monitor' }).decision).toBe('DENY');
  });
});

describe('limits are reached exactly', () => {
  it.each([
    ['LOSS-001', { equity: decimal('98000') }, { equity: decimal('98000.000000000000000001') }],
    ['LOSS-002', { peak_equity: decimal('105263.157894736842105264') }, { peak_equity: decimal('105263.157894736842105263') }],
    ['EXEC-001', { orders_last_60s_global: 20 }, { orders_last_60s_global: 19 }],
    ['EXEC-002', { orders_last_60s_strategy: 10 }, { orders_last_60s_strategy: 9 }],
    ['EXP-001', { position_qty: decimal('40.000000000000000001') }, { position_qty: decimal('40') }],
  ] as const)('%s fires on its bound, and not a hair before it', (rule, breaching, holding) => {
    expect(rules(judge({}, breaching))).toContain(rule);
    expect(rules(judge({}, holding))).not.toContain(rule);
  });
});

describe('what cannot be judged', () => {
  it('ends with SYS-001 for the symbol of the intent, without evidence', () => {
    const decision = judge({}, { price: null, unpriced_symbol: 'AAPL', kill_switch_active: true });
    expect([rules(decision), decision.evidence, decision.violations[0]?.message]).toEqual([
      ['SYS-001'],
      [],
      "Missing or invalid price for symbol 'AAPL'.",
    ]);
  });

  it('ends with SYS-001 for a held symbol without a price', () =>
    expect(judge({}, { unpriced_symbol: 'TSLA' }).violations[0]?.message).toBe("Missing or invalid price for symbol 'TSLA'."));

  it('denies a limit order without a limit price, beside what else is broken', () =>
    expect(rules(judge({ order_type: 'limit', qty: decimal('120') }))).toEqual(['SYS-002', 'EXP-001']));

  it('denies what no longer fits a decimal', () =>
    expect(rules(judge({ qty: decimal('99999999999999999999') }, { position_qty: decimal('1') }))).toContain('SYS-002'));

  it('denies a ratio to equity that no longer fits a decimal, as losses or as exposure', () => {
    const cent = decimal('0.000000000000000001');
    for (const facts of [{ start_of_day_equity: cent }, { equity: cent, start_of_day_equity: cent, peak_equity: cent }]) {
      const decision = judge({ qty: decimal('1000000000000') }, facts, { mode: 'monitor' });
      expect([decision.decision, rules(decision), decision.evidence]).toEqual(['DENY', ['SYS-002'], []]);
    }
  });

  it('fails closed when a rule throws', () => {
    const exposure = {
      ...baseLimits.exposure,
      get max_gross_exposure_x(): Decimal {
        throw new Error('planted');
      },
    };
    expect(judge({}, {}, { exposure })).toMatchObject({ decision: 'DENY', order: null, violations: [{ rule_id: 'SYS-002' }] });
  });

  it('refuses without facts, for a stated reason', () => {
    const decision = refuse(intentOf(), 'Run has ended.');
    expect([decision.decision, decision.violations[0]?.rule_id, decision.violations[0]?.message, decision.evidence]).toEqual([
      'DENY',
      'SYS-002',
      'Run has ended.',
      [],
    ]);
  });
});

describe('the kill switch', () => {
  it('is triggered by any rule of trip_on_rules, whatever the verdict', () => {
    const kill_switch = { ...baseLimits.kill_switch, trip_on_rules: ['EXP-001', 'SYS-001'] as RuleId[] };
    expect(judge({ qty: decimal('120') }, {}, { kill_switch })).toMatchObject({
      decision: 'MODIFY',
      kill_switch_triggered: true,
    });
    expect(judge({ qty: decimal('120') }, {}, { kill_switch, mode: 'monitor' })).toMatchObject({ kill_switch_triggered: true });
    expect(judge({}, { price: null }, { kill_switch }).kill_switch_triggered).toBe(true);
    expect(judge({}, {}, { kill_switch }).kill_switch_triggered).toBe(false);
  });
});

describe('working orders', () => {
  it('count on the side of the order', () => {
    expect(judge({ qty: decimal('20') }, { working_buy_qty: decimal('40') }).order?.qty).toBe(decimal('10'));
    expect(judge({ qty: decimal('20') }, { working_sell_qty: decimal('40') }).decision).toBe('ALLOW');
    expect(judge({ qty: decimal('20'), side: 'sell' }, { working_sell_qty: decimal('40') }).order?.qty).toBe(decimal('10'));
  });
});

describe('properties', () => {
  const anyCase = fc.record({ intent: anyIntent, limits: anyLimits, facts: anyFacts });

  it('never admits more than was asked, and never less than nothing', () =>
    fc.assert(
      fc.property(anyCase, ({ intent, limits, facts }) => {
        const { decision, order } = decide(intent, limits, facts);
        if (decision === 'DENY') expect(order).toBeNull();
        if (decision === 'ALLOW') expect(order).toEqual(intent);
        if (decision === 'MODIFY') expect(order !== null && order.qty > 0n && order.qty < intent.qty).toBe(true);
      }),
      { numRuns: 2_000 },
    ));

  it('approves its own corrections: what MODIFY offers is ALLOWed when asked again', () => {
    let offers = 0;
    fc.assert(
      fc.property(anyCase, ({ intent, limits, facts }) => {
        const { decision, order } = decide(intent, limits, facts);
        if (decision !== 'MODIFY' || order === null) return;
        offers += 1;
        expect(decide(order, limits, facts).decision).toBe('ALLOW');
      }),
      { numRuns: 4_000 },
    );
    expect(offers).toBeGreaterThan(50);
  });

  it('offers the largest quantity: one more step of 10^-8 is not allowed', () =>
    fc.assert(
      fc.property(anyCase, ({ intent, limits, facts }) => {
        const { decision, order } = decide(intent, limits, facts);
        if (decision !== 'MODIFY' || order === null) return;
        const more = { ...order, qty: (order.qty + 10n ** 10n) as Decimal };
        if (more.qty <= intent.qty) expect(rules(decide(more, limits, facts))).toContain('EXP-001');
      }),
      { numRuns: 4_000 },
    ));

  it('allows nothing more under tighter limits', () =>
    fc.assert(
      fc.property(anyCase, fc.nat(6), ({ intent, limits, facts }, which) => {
        const half = (limit: Decimal): Decimal => (limit / 2n + 1n) as Decimal;
        const { exposure, loss, execution } = limits;
        const tighter: AppliedLimits = {
          ...limits,
          exposure: {
            max_position_pct: which === 0 ? half(exposure.max_position_pct) : exposure.max_position_pct,
            max_gross_exposure_x: which === 1 ? half(exposure.max_gross_exposure_x) : exposure.max_gross_exposure_x,
            max_net_exposure_x: which === 2 ? half(exposure.max_net_exposure_x ?? decimal('1')) : exposure.max_net_exposure_x,
          },
          loss: {
            daily_loss_limit_pct: which === 3 ? half(loss.daily_loss_limit_pct) : loss.daily_loss_limit_pct,
            max_drawdown_pct: which === 4 ? half(loss.max_drawdown_pct) : loss.max_drawdown_pct,
          },
          execution: {
            max_orders_per_minute_global: which === 5 ? 1 : execution.max_orders_per_minute_global,
            max_orders_per_minute_by_strategy: which === 6 ? 1 : execution.max_orders_per_minute_by_strategy,
          },
        };
        const admitted = (applied: AppliedLimits): bigint => decide(intent, applied, facts).order?.qty ?? 0n;
        expect(admitted(tighter) <= admitted(limits)).toBe(true);
      }),
      { numRuns: 4_000 },
    ));

  it('is a function of its arguments', () =>
    fc.assert(
      fc.property(anyCase, ({ intent, limits, facts }) =>
        expect(decide(intent, limits, facts)).toEqual(decide(intent, limits, facts)),
      ),
    ));
});
