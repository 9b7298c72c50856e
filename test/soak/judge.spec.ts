/** A process that leaks is found, whatever leaks; one that does not, or grows by what is meant to grow, is not. */
import { Random } from '../support/random';
import { judge } from './judge';
import type { Pace } from './judge';
import { FIGURES } from './sampler';
import type { FigureName, Watched } from './sampler';

const MEGABYTE = 1_048_576;
const MINUTE_MS = 60_000;
const IDLE: Pace = { auditRecords: 0, intentsKept: 0, ordersRemembered: 0 };

/** A process of so many minutes, each figure at a noisy level plus so much a minute. */
const watched = (name: string, minutes: number, growing: Partial<Record<FigureName, number>> = {}): Watched => {
  const random = new Random(7);
  const levels: Partial<Record<FigureName, number>> = { held: 60 * MEGABYTE, own: 200 * MEGABYTE, descriptors: 30, threads: 11 };
  const noise: Partial<Record<FigureName, number>> = { held: 4 * MEGABYTE, own: 20 * MEGABYTE, descriptors: 6, handles: 9 };
  const seriesOf = (figure: FigureName, everyMs: number) =>
    Array.from({ length: (minutes * MINUTE_MS) / everyMs }, (_, at) => ({
      at: at * everyMs,
      value: Math.floor(
        (levels[figure] ?? 10) + random.next() * (noise[figure] ?? 0) + (growing[figure] ?? 0) * ((at * everyMs) / MINUTE_MS),
      ),
    }));
  const figures = Object.fromEntries(FIGURES.map((figure) => [figure, seriesOf(figure, figure === 'held' ? 15_000 : 5_000)]));
  return { name, pid: 1, from: 0, until: minutes * MINUTE_MS, figures: figures as unknown as Watched['figures'] };
};

const found = (one: Watched, pace = IDLE): readonly string[] =>
  judge(one, pace).findings.map((what) => what.split(' grows')[0] ?? '');

it('finds nothing in a process that only breathes', () => {
  expect(judge(watched('processor-1', 20), IDLE)).toMatchObject({ judged: true, findings: [] });
});

it.each([
  ['held', 1.2 * MEGABYTE],
  ['descriptors', 1],
  ['handles', 1.5],
  ['threads', 0.5],
] as const)('finds %s that grow', (figure, aMinute) => {
  expect(found(watched('processor-1', 20, { [figure]: aMinute }))).toEqual([`processor-1: ${figure}`]);
});

it('takes off what is meant to grow, and no more', () => {
  const pace: Pace = { auditRecords: 30_000, intentsKept: 8_000, ordersRemembered: 0 };
  expect(found(watched('serve-1', 20, { held: 3 * MEGABYTE }), pace)).toEqual([]);
  expect(found(watched('processor-1', 20, { held: 3 * MEGABYTE }), pace)).toEqual(['processor-1: held']);
  expect(found(watched('serve-1', 20, { held: 6 * MEGABYTE }), pace)).toEqual(['serve-1: held']);
});

it('says that it did not judge who lived too briefly', () => {
  expect(judge(watched('processor-9', 3, { descriptors: 5 }), IDLE)).toMatchObject({ judged: false, findings: [] });
});
