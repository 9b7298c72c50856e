import * as fc from 'fast-check';
import { decimal } from '../../contracts/decimal';
import type { Verdict } from '../../contracts/messages';
import { canonicalJson } from '../../contracts/json/write';
import type { DecisionStep } from '../steps/auditStep';
import { AuditStats } from './auditStats';
import { histogramOf } from './histogram';
import { Measured } from './measured';
import { statsJson } from './statsJson';
import { statsSvg } from './statsSvg';

const measured = (...micros: readonly number[]): Measured => {
  const made = new Measured();
  for (const each of micros) made.add(each);
  return made;
};

describe('percentiles by nearest rank', () => {
  // The example of the definition: https://en.wikipedia.org/wiki/Percentile, "The nearest-rank method".
  it('of 15, 20, 35, 40 and 50', () => {
    expect(measured(35, 20, 15, 50, 40).percentiles([5, 30, 40, 50, 100])).toEqual([15, 20, 20, 35, 50]);
  });

  it('of one to a hundred is the percent itself', () => {
    const hundred = measured(...Array.from({ length: 100 }, (_, index) => index + 1));
    expect(hundred.percentiles([50, 95, 99, 100])).toEqual([50, 95, 99, 100]);
    expect([hundred.mean, hundred.max, hundred.count]).toEqual([51, 100, 100]);
  });

  it('of a single duration is that duration', () => expect(measured(7).percentiles([50, 99])).toEqual([7, 7]));

  it('is the same as by sorting everything', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const sorted = values.toSorted((a, b) => a - b);
        // ⌈p × n / 100⌉ in whole numbers.
        const rank = Math.floor((percent * sorted.length + 99) / 100);
        expect(measured(...values).percentiles([percent])).toEqual([sorted[rank - 1]]);
      }),
    ));

  it('rounds the mean to a whole microsecond', () => expect([measured(1, 2).mean, measured(1, 1, 2).mean]).toEqual([2, 1]));
});

describe('the histogram', () => {
  it('has classes of 1, 2 and 5, the upper bound within, from the first that holds something to the last', () => {
    expect(histogramOf(measured(20, 21, 50, 51, 1_000))).toEqual([
      { above: 10, upTo: 20, count: 1 },
      { above: 20, upTo: 50, count: 2 },
      { above: 50, upTo: 100, count: 1 },
      { above: 100, upTo: 200, count: 0 },
      { above: 200, upTo: 500, count: 0 },
      { above: 500, upTo: 1_000, count: 1 },
    ]);
  });

  it('has a class for what took no time, and none for nothing', () => {
    expect(histogramOf(measured(0, 0, 1)).map(({ upTo, count }) => [upTo, count])).toEqual([
      [0, 2],
      [1, 1],
    ]);
    expect(histogramOf(new Measured())).toEqual([]);
  });
});

const decided = (verdict: Verdict, rules: readonly string[], symbol: string, evalMicros: number | null): DecisionStep => ({
  ...{ kind: 'DECISION', runId: 'r-1', at: 0, clock: 0, seq: 0, intentId: 'i-1', intentTimestamp: '2026-02-24T09:30:00Z' },
  ...{ strategyId: 's-1', symbol, side: 'buy', qty: decimal('1'), verdict, rules, sendable: decimal('1'), evalMicros },
});

const statsOf = (...decisions: readonly DecisionStep[]): AuditStats => {
  const stats = new AuditStats();
  for (const step of decisions) stats.add(step);
  return stats;
};

it('counts by verdict, rule, strategy and symbol, and what is beside decisions', () => {
  const stats = statsOf(
    decided('ALLOW', [], 'AAPL', 1_000),
    decided('DENY', ['EXP-001', 'EXP-001', 'LOSS-001'], 'AAPL', 2_500),
    decided('MODIFY', ['EXP-001'], '__proto__', null),
  );
  const about = { runId: 'r-2', at: null, clock: 1, seq: 1 };
  stats.add({ ...about, kind: 'DUPLICATE', intentId: 'i-1', conflict: true });
  stats.add({ ...about, kind: 'DUPLICATE', intentId: 'i-1', conflict: false });
  stats.add({ ...about, kind: 'DUPLICATE', intentId: 'i-2', conflict: false });
  stats.add({ ...about, kind: 'REJECTED_INPUT' });
  stats.add({ ...about, kind: 'KILL_SWITCH', active: true, cause: 'COUNT' });
  stats.add({ ...about, kind: 'KILL_SWITCH', active: false, cause: 'OPERATOR' });
  expect(canonicalJson(statsJson(stats))).toBe(
    '{"conflicts":1,"decisions":{"by_rule":{"EXP-001":3,"LOSS-001":1},"by_strategy":{"s-1":{"ALLOW":1,"DENY":1,"MODIFY":1}},' +
      '"by_symbol":{"AAPL":{"ALLOW":1,"DENY":1,"MODIFY":0},"__proto__":{"ALLOW":0,"DENY":0,"MODIFY":1}},' +
      '"by_verdict":{"ALLOW":1,"DENY":1,"MODIFY":1},"total":3},"duplicates":2,' +
      '"eval_ms":{"count":2,"histogram":[{"count":1,"up_to":1},{"count":0,"up_to":2},{"count":1,"up_to":5}],' +
      '"max":2.5,"mean":1.75,"p50":1,"p95":2.5,"p99":2.5},' +
      '"kill_switch":{"reset":1,"tripped":1},"rejected_inputs":1,"runs":1}',
  );
});

describe('the picture', () => {
  it('escapes what comes from outside, and says in words what it draws', () => {
    const svg = statsSvg(statsOf(decided('DENY', ['<b>&"\u0000'], 'AAPL', 140)));
    expect(svg).toContain('Violations by rule: &lt;b&gt;&amp;&quot;\ufffd 1.');
    expect(svg).toContain('1 decisions: 0 ALLOW, 0 MODIFY, 1 DENY.');
    expect(svg).toContain('mean 0.14 ms, p50 0.14, p95 0.14, p99 0.14, max 0.14');
    expect(svg).not.toMatch(/<b>|\u0000|href|url\(|<script/);
  });

  it('draws bars in proportion', () => {
    const svg = statsSvg(statsOf(decided('ALLOW', [], 'A', 1), decided('ALLOW', [], 'A', 1), decided('DENY', [], 'A', 1)));
    const widthOf = (style: string): number => Number(new RegExp(`class="${style}" [^>]*width="(\\d+)"`).exec(svg)?.[1]);
    expect(widthOf('ALLOW')).toBe(2 * widthOf('DENY'));
    expect(widthOf('MODIFY')).toBe(0);
  });

  it('is there for nothing, too', () => expect(statsSvg(statsOf())).toContain('Evaluations: not measured'));
});
