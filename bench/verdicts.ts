/** Collects decisions as they are made, so that a benchmark can fill their orders, and can say what it has measured. */
import type { AuditRecord, PublishedDecision, Verdict } from '../src/contracts/messages';
import type { FoldObserver } from '../src/processor/observer';

export class Verdicts implements FoldObserver {
  readonly counts: Record<Verdict, number> = { ALLOW: 0, MODIFY: 0, DENY: 0 };
  private decisions: PublishedDecision[] = [];
  private switched = 0;

  recorded({ decision, kill_switch }: AuditRecord): void {
    if (kill_switch !== null) this.switched += 1;
    if (decision === null) return;
    this.counts[decision.decision] += 1;
    this.decisions.push(decision);
  }

  /** What was decided since the last call. */
  take(): readonly PublishedDecision[] {
    const taken = this.decisions;
    this.decisions = [];
    return taken;
  }

  /** Throws if the work was not the work that the report describes. */
  check(intents: number): Readonly<Record<Verdict, number>> {
    const { ALLOW, MODIFY, DENY } = this.counts;
    const decided = ALLOW + MODIFY + DENY;
    if (decided !== intents || this.switched > 0 || ALLOW < decided * 0.85 || MODIFY === 0 || DENY === 0) {
      throw new Error(
        `${intents} intents gave ${ALLOW} ALLOW, ${MODIFY} MODIFY, ${DENY} DENY and ${this.switched} trips; expected one decision each, most ALLOW, some of each, no trip`,
      );
    }
    return this.counts;
  }
}
