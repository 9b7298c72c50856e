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
  /** When the intents that were decided were received, ms since 1970. */
  private received: number[] = [];
  /** Of the batch, performance.now(): its first record was folded; its commit began. */
  private foldingAt = 0;
  private committingAt = 0;
  private decided = false;

  constructor(
    private readonly metrics: ServiceMetrics,
    /** Intents of this time (ms since 1970) or later bear the time of a clock of ours; what their senders write would measure their clocks. Infinity: none does. */
    private readonly stampedSince: number,
  ) {}

  folding(): void {
    this.foldingAt = performance.now();
  }

  recorded({ kind, decision, input }: AuditRecord): void {
    add(this.kinds, kind);
    if (decision === null) return;
    this.decided = true;
    add(this.verdicts, decision.decision);
    for (const { rule_id } of decision.violations) add(this.rules, rule_id);
    if (input.timestamp >= this.stampedSince) this.received.push(input.timestamp);
  }

  committing(): void {
    this.committingAt = performance.now();
  }

  committed(): void {
    const { decisions, violations, auditRecords, intentToDecision } = this.metrics;
    for (const [verdict, count] of this.verdicts) decisions.inc({ verdict }, count);
    for (const [rule, count] of this.rules) violations.inc({ rule }, count);
    for (const [kind, count] of this.kinds) auditRecords.inc({ kind }, count);
    const now = Date.now();
    for (const at of this.received) intentToDecision.observe(Math.max(0, now - at) / 1_000);
    if (this.decided) this.stages(now);
    for (const counts of [this.verdicts, this.rules, this.kinds]) counts.clear();
    this.received = [];
    this.decided = false;
  }

  /** One figure a batch, of its first intent, which waited longest. */
  private stages(now: number): void {
    const ended = performance.now();
    const { waiting, deciding, committing } = this.metrics.decisionStages;
    const [first] = this.received;
    if (first !== undefined) waiting.observe(Math.max(0, now - (ended - this.foldingAt) - first) / 1_000);
    deciding.observe((this.committingAt - this.foldingAt) / 1_000);
    committing.observe((ended - this.committingAt) / 1_000);
  }
}

const add = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};
