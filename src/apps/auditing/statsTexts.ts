/** The figures as a person reads them: counts, durations, and a histogram of bars. */
import type { AuditStats, Verdicts } from '../../audit/stats/auditStats';
import type { HistogramClass } from '../../audit/stats/histogram';
import { histogramOf } from '../../audit/stats/histogram';
import type { Measured } from '../../audit/stats/measured';
import { table } from '../cli/table';
import { plainLine } from '../orders/orderTexts';

/** Rows of each table; `--json` has all. */
const MOST_ROWS = 20;

export const statsText = (stats: AuditStats): string => {
  const { ALLOW, MODIFY, DENY } = stats.verdicts;
  const parts = [
    table(['decisions', 'ALLOW', 'MODIFY', 'DENY'], [[stats.decisions, ALLOW, MODIFY, DENY].map(String)]),
    ruleTable(stats.rules),
    verdictTable('strategy', stats.strategies),
    verdictTable('symbol', stats.symbols),
    othersTable(stats),
    stats.evaluation.count === 0 ? 'No evaluation was measured.' : durationsText(stats.evaluation),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
};

/** The most frequent first; of equals, by name. */
const mostFirst = <T>(counts: ReadonlyMap<string, T>, numberOf: (count: T) => number): (readonly [string, T])[] =>
  [...counts].sort(([a, one], [b, other]) => numberOf(other) - numberOf(one) || (a < b ? -1 : 1));

const ruleTable = (rules: ReadonlyMap<string, number>): string => {
  const rows = mostFirst(rules, (count) => count).map(([rule, count]) => [plainLine(rule), String(count)]);
  return rows.length === 0 ? '' : table(['rule', 'violations'], rows.slice(0, MOST_ROWS)) + moreThan(rows.length);
};

const verdictTable = (what: string, counts: ReadonlyMap<string, Verdicts>): string => {
  const rows = mostFirst(counts, ({ ALLOW, MODIFY, DENY }) => ALLOW + MODIFY + DENY).map(([name, { ALLOW, MODIFY, DENY }]) => [
    plainLine(name),
    ...[ALLOW + MODIFY + DENY, ALLOW, MODIFY, DENY].map(String),
  ]);
  if (rows.length === 0) return '';
  return table([what, 'decisions', 'ALLOW', 'MODIFY', 'DENY'], rows.slice(0, MOST_ROWS)) + moreThan(rows.length);
};

const moreThan = (rows: number): string => (rows > MOST_ROWS ? `\nand ${rows - MOST_ROWS} more; --json has all` : '');

const othersTable = ({ duplicates, conflicts, rejectedInputs, killSwitch }: AuditStats): string =>
  table(
    ['duplicates', 'conflicts', 'rejected inputs', 'kill switch tripped', 'reset'],
    [[duplicates, conflicts, rejectedInputs, killSwitch.tripped, killSwitch.reset].map(String)],
  );

const durationsText = (measured: Measured): string => {
  const figures = [measured.mean, ...measured.percentiles([50, 95, 99]), measured.max].map(milliseconds);
  const durations = table(['evaluations', 'mean ms', 'p50', 'p95', 'p99', 'max'], [[String(measured.count), ...figures]]);
  return `${durations}\n\n${bars(histogramOf(measured))}`;
};

/** Three decimals: whole microseconds. */
const milliseconds = (micros: number): string => (micros / 1_000).toFixed(3);

const LONGEST_BAR = 50;

const bars = (classes: readonly HistogramClass[]): string => {
  const most = Math.max(...classes.map(({ count }) => count));
  const limits = classes.map(({ upTo }) => shortMs(upTo));
  const widest = Math.max(...limits.map((limit) => limit.length));
  const digits = String(most).length;
  return [
    'evaluations by duration, ms',
    ...classes.map(({ count }, index) => {
      const bar = '#'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / most) * LONGEST_BAR)));
      return `<= ${limits[index]?.padStart(widest) ?? ''}  ${String(count).padStart(digits)}  ${bar}`.trimEnd();
    }),
  ].join('\n');
};

/** A bound, as short as it goes: `0.05`, `2`. */
const shortMs = (micros: number): string => String(micros / 1_000);
