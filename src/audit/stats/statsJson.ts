/** The figures for machines. Durations are ms with three decimals; null where nobody measured. */
import type { JsonOut } from '../../contracts/json/write';
import type { AuditStats } from './auditStats';
import { histogramOf } from './histogram';
import type { Measured } from './measured';

export const statsJson = (stats: AuditStats): JsonOut => ({
  runs: stats.runs.size - (stats.runs.has('') ? 1 : 0),
  decisions: {
    total: stats.decisions,
    by_verdict: { ...stats.verdicts },
    by_rule: new Map(stats.rules),
    by_strategy: new Map(stats.strategies),
    by_symbol: new Map(stats.symbols),
  },
  eval_ms: durationsJson(stats.evaluation),
  duplicates: stats.duplicates,
  conflicts: stats.conflicts,
  rejected_inputs: stats.rejectedInputs,
  kill_switch: { ...stats.killSwitch },
});

const PERCENTS = [50, 95, 99] as const;

const durationsJson = (measured: Measured): JsonOut => {
  if (measured.count === 0) return null;
  const [p50 = 0, p95 = 0, p99 = 0] = measured.percentiles(PERCENTS);
  const shown = { mean: measured.mean, p50, p95, p99, max: measured.max };
  return {
    count: measured.count,
    ...Object.fromEntries(Object.entries(shown).map(([name, micros]) => [name, micros / 1_000])),
    histogram: histogramOf(measured).map(({ upTo, count }) => ({ up_to: upTo / 1_000, count })),
  };
};
