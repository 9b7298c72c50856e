import type { AuditRecord } from '../../contracts/messages';
import type { FoldObserver } from '../../processor/observer';
import type { ServiceMetrics } from './serviceMetrics';

/**
 * Counts what a fold brought forth once it is durable. One for each takeover: what the last owner had folded and not committed dies with it.
 * Counted per batch, not per record: a metric costs as much as a tenth of a decision.
 */
export class FoldMetrics implements FoldObserver {
  private readonly verdicts = new Map<string, number>();
  private readonly rules = new Map<string, number>();
  private readonly kinds = new Map<string, number>();
  /** When the broker received the intents that were decided, ms since 1970. */
  private received: number[] = [];

  constructor(
    private readonly metrics: ServiceMetrics,
    /** Whether the broker stamps the inputs; what their senders write would measure their clocks. */
    private readonly brokerStamps: boolean,
  ) {}

  recorded({ kind, decision, input }: AuditRecord): void {
    add(this.kinds, kind);
    if (decision === null) return;
    add(this.verdicts, decision.decision);
    for (const { rule_id } of decision.violations) add(this.rules, rule_id);
    if (this.brokerStamps) this.received.push(input.timestamp);
  }

  committed(): void {
    const { decisions, violations, auditRecords, intentToDecision } = this.metrics;
    for (const [verdict, count] of this.verdicts) decisions.inc({ verdict }, count);
    for (const [rule, count] of this.rules) violations.inc({ rule }, count);
    for (const [kind, count] of this.kinds) auditRecords.inc({ kind }, count);
    const now = Date.now();
    for (const at of this.received) intentToDecision.observe(Math.max(0, now - at) / 1_000);
    for (const counts of [this.verdicts, this.rules, this.kinds]) counts.clear();
    this.received = [];
  }
}

const add = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};
