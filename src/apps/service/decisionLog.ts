import type { AuditRecord } from '../../contracts/messages';
import { traceIdOf } from '../../contracts/traceparent';
import type { FoldObserver, Measured } from '../../processor/observer';
import type { LogFields, Logger } from './logger';

/** A line for each decision, once it is durable; for level `debug`, since it costs as much as deciding. Ids, verdict and rules: no quantities, no prices. */
export class DecisionLog implements FoldObserver {
  private lines: LogFields[] = [];

  /** `log`: of the service and its shard. */
  constructor(private readonly log: Logger) {}

  recorded(
    { run_id, seq, decision }: AuditRecord,
    _hash: Uint8Array,
    _measured: Measured,
    traceparent: string | undefined,
  ): void {
    if (decision === null) return;
    const rules = decision.violations.map(({ rule_id }) => rule_id);
    const trace_id = traceIdOf(traceparent);
    this.lines.push({ run: run_id, intent: decision.intent_id, seq, verdict: decision.decision, rules, trace_id });
  }

  committed(): void {
    const { lines } = this;
    this.lines = [];
    for (const line of lines) this.log.debug(line, 'intent decided');
  }
}
