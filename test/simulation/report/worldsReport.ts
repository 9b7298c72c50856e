/** What many worlds came to, for machines, for the terminal and for docs/reliability.md. */
import type { Origin } from './origin';
import { originLine } from './origin';
import type { Tally, ViolatedWorld } from './tally';

export interface WorldsReport extends Origin {
  readonly worlds: number;
  readonly from: number;
  readonly profile: string;
  readonly seconds: number;
  readonly worldsPerSecond: number;
  readonly events: number;
  readonly virtualHours: number;
  readonly violations: number;
  readonly violated: readonly ViolatedWorld[];
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly holes: readonly string[];
}

export const worldsReport = (
  tally: Tally,
  origin: Origin,
  { from, profile, seconds }: Pick<WorldsReport, 'from' | 'profile' | 'seconds'>,
): WorldsReport => ({
  ...origin,
  ...{ worlds: tally.worlds, from, profile, seconds: rounded(seconds), worldsPerSecond: rounded(tally.worlds / seconds) },
  ...{ events: tally.events, virtualHours: rounded(tally.virtualHours), violations: tally.violations },
  ...{ violated: tally.violated, counts: Object.fromEntries(tally.counts), faults: tally.faultCounts, holes: tally.holes },
});

export const worldsText = (report: WorldsReport): string => {
  const { worlds, seconds, worldsPerSecond, events, virtualHours, violations, violated, counts, faults, holes } = report;
  const width = Math.max(...Object.keys(faults).map((kind) => kind.length), 0);
  return [
    `${count(worlds)} worlds in ${count(seconds)} s (${worldsPerSecond} a second), ${count(events)} events, ${count(virtualHours)} virtual hours`,
    `on the logs: ${listed(counts)}`,
    'faults that happened:',
    ...Object.entries(faults).map(([kind, times]) => `  ${kind.padEnd(width)} ${count(times).padStart(11)}`),
    ...(holes.length > 0 ? [`HOLES, never happened: ${holes.join('; ')}`] : ['every kind of fault happened']),
    `violated: ${count(violations)}`,
    ...violated
      .slice(0, MOST_TOLD)
      .map(
        ({ seed, profile, violation: { promise, check, what } }) =>
          `  seed ${seed} (${profile}): promise ${promise}, ${check}: ${what.split('\n')[0] ?? ''}`,
      ),
  ].join('\n');
};

const MOST_TOLD = 20;

/** Faults by kind, side by side in groups: a table for the page. */
export const worldsPage = (report: WorldsReport): string => {
  const { worlds, from, profile, seconds, worldsPerSecond, events, virtualHours, violations, counts, faults, holes } = report;
  const last = from + worlds - 1;
  const kinds = Object.entries(faults).map(([kind, times]) => `| ${kind} | ${count(times)} |`);
  return [
    originLine(report),
    `Seeds ${count(from)} to ${count(last)}, ${profile}: ${count(worlds)} worlds in ${count(seconds)} s (${worldsPerSecond} a second), ` +
      `${count(events)} events, ${count(virtualHours)} virtual hours. **Violations: ${count(violations)}.**`,
    `On the logs: ${listed(counts)}.`,
    ['| fault | happened |', '|---|---:|', ...kinds].join('\n'),
    holes.length === 0 ? 'Every kind of fault happened.' : `Never happened: ${holes.join('; ')}.`,
  ].join('\n\n');
};

const count = (value: number): string => value.toLocaleString('en');
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, value]) => `${name} ${count(value)}`)
    .join(', ');
const rounded = (value: number): number => Math.round(value * 10) / 10;
