/** What all timelines came to: how many, how they ended, how long they took, and what was found. */
import type { Timeline } from '../../audit/correlate/timeline';
import { Measured } from '../../audit/stats/measured';
import { table } from '../cli/table';
import { NOTHING } from '../orders/orderTexts';
import { LATENCIES } from './correlateTexts';

export class CorrelateSummary {
  intents = 0;
  findings = 0;
  private readonly statuses = new Map<string, number>();
  private readonly latencies = LATENCIES.map(([name, title]) => ({ name, title, measured: new Measured() }));

  add({ status, findings, latencies, late }: Timeline): void {
    this.findings += findings.length;
    if (!late) this.intents += 1;
    if (!late && status !== null) this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    for (const { name, measured } of this.latencies) {
      const milliseconds = latencies[name];
      // A clock that was set back meanwhile measures nothing.
      if (milliseconds !== null && milliseconds >= 0) measured.add(milliseconds);
    }
  }

  text(): string {
    const statuses = [...this.statuses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([status, count]) => `${count} ${status}`);
    const rows = this.latencies.map(({ title, measured }) => [
      title,
      String(measured.count),
      ...(measured.count === 0
        ? [NOTHING, NOTHING, NOTHING, NOTHING]
        : [...measured.percentiles([50, 95, 99]), measured.max].map(String)),
    ]);
    const heading = `${counted(this.intents, 'intent')}${statuses.length === 0 ? '' : `: ${statuses.join(', ')}`}`;
    return `${heading}; ${counted(this.findings, 'finding')}\n\n${table(['latency, ms', 'count', 'p50', 'p95', 'p99', 'max'], rows)}`;
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
