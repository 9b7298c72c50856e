/** Counts what a run came to, from its audit records: the RunSummary of the contracts. */
import type { Decimal } from '../contracts/decimal';
import type { RunSummary } from '../contracts/documents/writeDocument';
import type { AuditRecord } from '../contracts/messages';
import type { RunState } from '../domain/state';
import type { FoldObserver } from '../processor/observer';

/** 1e-10: a position that is smaller is dust of rounding elsewhere, and not shown. Source: contracts, "Runner, per intent". */
const DUST = 10n ** 8n;

export class RunReport implements FoldObserver {
  private readonly decisions = { ALLOW: 0, MODIFY: 0, DENY: 0 };
  private readonly rules = new Map<string, number>();
  private submitted = 0;
  private filled = 0;
  private duplicates = 0;
  private conflicts = 0;

  constructor(private readonly runId: string) {}

  get decided(): number {
    return this.decisions.ALLOW + this.decisions.MODIFY + this.decisions.DENY;
  }

  recorded({ run_id, kind, decision, execution, duplicate, note }: AuditRecord): void {
    if (run_id !== this.runId) return;
    if (kind === 'DECISION' && decision !== null) {
      this.decisions[decision.decision] += 1;
      for (const { rule_id } of decision.violations) this.rules.set(rule_id, (this.rules.get(rule_id) ?? 0) + 1);
    } else if (kind === 'EXECUTION' && execution !== null && note === null) {
      if (execution.event === 'ORDER_SUBMITTED') this.submitted += 1;
      if (execution.event === 'ORDER_FILLED' && execution.leaves_qty === 0n) this.filled += 1;
    } else if (kind === 'DUPLICATE' && duplicate !== null) {
      if (duplicate.conflict) this.conflicts += 1;
      else this.duplicates += 1;
    }
  }

  summary(run: RunState, chainHash: Uint8Array): RunSummary {
    const positions = [...run.exposure.positions]
      .map(([symbol, { qty }]): [string, Decimal] => [symbol, qty])
      .filter(([, qty]) => qty >= DUST || qty <= -DUST);
    return {
      total_intents: this.decided,
      decisions: { ...this.decisions },
      rule_histogram: new Map([...this.rules].sort(byName)),
      orders_submitted: this.submitted,
      orders_filled: this.filled,
      final_equity: run.account.equity,
      final_positions: new Map(positions.sort(byName)),
      kill_switch_active: run.killSwitchActive,
      run_id: this.runId,
      duplicates: this.duplicates,
      conflicts: this.conflicts,
      chain_hash: chainHash,
    };
  }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
