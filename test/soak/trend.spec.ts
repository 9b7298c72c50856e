/** The judge of the soak: it must see a slow leak through noise, and must not see one in noise, peaks or a step. */
import { Random } from '../support/random';
import { growthPerMinute, lowestOfEach } from './trend';
import type { Sample } from './trend';

const EVERY_MS = 15_000;
const series = (count: number, valueAt: (index: number) => number): readonly Sample[] =>
  Array.from({ length: count }, (_, at) => ({ at: at * EVERY_MS, value: valueAt(at) }));

describe('growth in a minute', () => {
  it('is that of a line', () => {
    expect(growthPerMinute(series(40, (at) => 100 + at))).toBeCloseTo(4, 10);
    expect(growthPerMinute(series(40, () => 7))).toBe(0);
    expect(growthPerMinute(series(2, (at) => at))).toBeUndefined();
  });

  it('shows a leak of 1 in a minute through noise of 10, and no leak without one', () => {
    const random = new Random(5);
    const noise = (): number => random.next() * 10;
    expect(growthPerMinute(series(70, (at) => at / 4 + noise()))).toBeCloseTo(1, 0);
    expect(Math.abs(growthPerMinute(series(70, noise)) ?? NaN)).toBeLessThan(0.2);
  });

  it('is not moved by peaks, and not by one that came last', () => {
    expect(growthPerMinute(series(70, (at) => (at % 7 === 0 || at > 65 ? 500 : 20)))).toBe(0);
  });

  it('shows a step of descriptors that is never given back, if it comes again and again', () => {
    expect(growthPerMinute(series(70, (at) => 30 + Math.floor(at / 8)))).toBeGreaterThan(0.4);
  });
});

it('takes the lowest of each window', () => {
  const saw = series(8, (at) => 10 + (at % 4) * 5);
  expect(lowestOfEach(saw, 60_000).map(({ value }) => value)).toEqual([10, 10]);
});
