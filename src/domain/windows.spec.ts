import fc from 'fast-check';
import { OrderWindow, ViolationWindow, VIOLATIONS_KEPT } from './windows';

const orderWindow = (startedAt = 0, global = 0, byStrategy: readonly (readonly [string, number])[] = []): OrderWindow =>
  new OrderWindow(startedAt, global, new Map(byStrategy));

describe('orders of the last 60 s', () => {
  it('count while they are less than 60 s old', () => {
    const window = orderWindow();
    window.add(1_000, 'alpha');
    window.advance(60_999);
    expect([window.globalCount, window.countOf('alpha'), window.countOf('beta')]).toEqual([1, 1, 0]);
    window.advance(61_000);
    expect([window.globalCount, window.countOf('alpha')]).toEqual([0, 0]);
  });

  it('begin with what the run began with, placed at its start', () => {
    const window = orderWindow(5_000, 7, [['alpha', 3]]);
    window.add(6_000, 'alpha');
    window.advance(64_999);
    expect([window.globalCount, window.countOf('alpha')]).toEqual([8, 4]);
    window.advance(65_000);
    expect([window.globalCount, window.countOf('alpha'), [...window.counts()]]).toEqual([1, 1, [['alpha', 1]]]);
  });

  it('can be counted ahead of the clock, and stay as they are', () => {
    const window = orderWindow(0, 2, [['beta', 2]]);
    for (const [at, strategy] of [
      [1_000, 'alpha'],
      [1_000, 'alpha'],
      [30_000, 'beta'],
    ] as const)
      window.add(at, strategy);
    const countsAt = (clock: number) => {
      const ahead = window.ahead(clock);
      return [ahead.globalCount, ahead.countOf('alpha'), ahead.countOf('beta')];
    };
    expect([30_000, 60_000, 61_000, 90_000].map(countsAt)).toEqual([
      [5, 2, 3],
      [3, 2, 1],
      [1, 0, 1],
      [0, 0, 0],
    ]);
    expect([window.globalCount, window.countOf('alpha'), window.countOf('beta')]).toEqual([5, 2, 3]);
  });

  it('equal a count from scratch', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20_000), fc.constantFrom('a', 'b', '__proto__')), { maxLength: 200 }), (steps) => {
        const window = orderWindow();
        const all: { at: number; strategy: string }[] = [];
        let clock = 0;
        for (const [later, strategy] of steps) {
          clock += later % 7 === 0 ? 0 : later;
          window.advance(clock);
          window.add(clock, strategy);
          all.push({ at: clock, strategy });
          const recent = all.filter(({ at }) => clock - at < 60_000);
          expect(window.globalCount).toBe(recent.length);
          expect(window.countOf(strategy)).toBe(recent.filter((order) => order.strategy === strategy).length);
        }
      }),
    ));
});

describe('violations in the window', () => {
  it('count up to and including their age limit', () => {
    const window = new ViolationWindow([]);
    window.add(1_000, 'EXP-001');
    expect([window.count(301_000, 300_000), window.count(301_001, 300_000)]).toEqual([1, 0]);
  });

  it('come back when a policy with a longer window is activated: nothing is forgotten for its age', () => {
    const window = new ViolationWindow([]);
    window.add(1_000, 'EXP-001');
    expect([window.count(10_000, 5_000), window.count(10_000, 60_000), window.count(10_000, 5_000)]).toEqual([0, 1, 0]);
  });

  it('are listed with the ones that the run began with, the newest of them', () => {
    const window = new ViolationWindow([{ at: 0, rule_id: 'EXP-001' }]);
    for (const at of [5, 6, 7]) window.add(at, 'KILL-001');
    expect(window.entries(10, 100, 10).map(({ at }) => at)).toEqual([0, 5, 6, 7]);
    expect(window.entries(10, 100, 2).map(({ at }) => at)).toEqual([6, 7]);
    expect(window.entries(10, 4, 10).map(({ at }) => at)).toEqual([6, 7]);
  });

  it('are remembered up to the largest number that a policy can ask for', () => {
    const window = new ViolationWindow([{ at: 0, rule_id: 'EXP-001' }]);
    for (let n = 0; n < VIOLATIONS_KEPT + 5_000; n++) window.add(n, 'KILL-001');
    expect(window.count(20_000, 1_000_000)).toBe(VIOLATIONS_KEPT);
    expect(window.entries(20_000, 1_000_000, 50_000)).toHaveLength(VIOLATIONS_KEPT);
    expect(window.entries(20_000, 6_000, 50_000).map(({ at }) => at)).toEqual(
      Array.from({ length: 1_000 }, (_, n) => 14_000 + n),
    );
  });
});
