/** Counts what the gate did, step by step. Memory grows with the number of strategies, symbols and rules, not with that of decisions. */
import type { Verdict } from '../../contracts/messages';
import type { AuditStep, DecisionStep } from '../steps/auditStep';
import { Measured } from './measured';

export type Verdicts = Readonly<Record<Verdict, number>>;

export class AuditStats {
  readonly verdicts = noVerdicts();
  /** Violations, one for each time that a rule spoke. */
  readonly rules = new Map<string, number>();
  readonly strategies = new Map<string, Record<Verdict, number>>();
  readonly symbols = new Map<string, Record<Verdict, number>>();
  readonly runs = new Map<string, number>();
  readonly evaluation = new Measured();
  duplicates = 0;
  conflicts = 0;
  rejectedInputs = 0;
  readonly killSwitch = { tripped: 0, reset: 0 };

  get decisions(): number {
    const { ALLOW, MODIFY, DENY } = this.verdicts;
    return ALLOW + MODIFY + DENY;
  }

  add(step: AuditStep): void {
    switch (step.kind) {
      case 'DECISION':
        return this.addDecision(step);
      case 'DUPLICATE':
        if (step.conflict) this.conflicts += 1;
        else this.duplicates += 1;
        return;
      case 'REJECTED_INPUT':
        this.rejectedInputs += 1;
        return;
      case 'KILL_SWITCH':
        this.killSwitch[step.active ? 'tripped' : 'reset'] += 1;
        return;
      case 'EXECUTION':
      case 'RESOLUTION':
        return;
    }
  }

  private addDecision({ verdict, rules, strategyId, symbol, runId, evalMicros }: DecisionStep): void {
    this.verdicts[verdict] += 1;
    for (const rule of rules) this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
    countOf(this.strategies, strategyId)[verdict] += 1;
    countOf(this.symbols, symbol)[verdict] += 1;
    this.runs.set(runId, (this.runs.get(runId) ?? 0) + 1);
    if (evalMicros !== null) this.evaluation.add(evalMicros);
  }
}

const noVerdicts = (): Record<Verdict, number> => ({ ALLOW: 0, MODIFY: 0, DENY: 0 });

const countOf = (counts: Map<string, Record<Verdict, number>>, name: string): Record<Verdict, number> => {
  const known = counts.get(name);
  if (known !== undefined) return known;
  const made = noVerdicts();
  counts.set(name, made);
  return made;
};
