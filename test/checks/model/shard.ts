/**
 * A shard folded by the model: one input in, what must stand on the audit log for it out. Everything is worked out from the inputs alone.
 * Source: design, "The engine" and "The processor"; docs/adr/0001.
 */
import type { Known } from './book';
import { foldControl, isSigned } from './controls';
import { markEquity } from './equity';
import { foldExecution } from './executions';
import type { Expected } from './expected';
import { recordFor } from './expected';
import { optionalFigure } from './figures';
import { answerTo, tripAfter } from './judge';
import type { Answer } from './judge';
import type { ControlInput, ExecutionReport, Intent, Price } from './recorded';
import { ModelRun } from './run';

export class ModelShard {
  readonly prices = new Map<string, bigint>();
  readonly runs = new Map<string, ModelRun>();
  private everyRunTripped = false;

  /** A price that is not above zero is none. It moves no clock. */
  foldPrice({ symbol, price }: Price): void {
    const given = optionalFigure(price);
    if (given !== null && given > 0n) this.prices.set(symbol, given);
    else this.prices.delete(symbol);
    for (const run of this.runs.values()) if (run.marked && run.book.held.has(symbol)) markEquity(run, this.prices);
  }

  foldIntent(runId: string, intent: Intent, body: Buffer, at: number, controlPosition: number): readonly Expected[] {
    const run = this.runAt(runId, at);
    const before = run.known.get(intent.intent_id);
    if (before !== undefined) {
      const conflict = before.body?.equals(body) !== true;
      return [recordFor(run, { kind: 'DUPLICATE', decidedSeq: before.seq, conflict })];
    }
    const answer = answerTo(run, intent, this.prices);
    if (run.status !== 'ENDED') book(run, intent, body, answer);
    const trip = tripAfter(run, run.policy, answer);
    const tripped = trip !== undefined;
    const decision = recordFor(run, { kind: 'DECISION', answer, tripped, controlPosition });
    if (!tripped) return [decision];
    const violations = run.violationsInWindow();
    run.tripped = true;
    const change = {
      active: true,
      cause: trip.length > 0 ? 'RULE' : 'COUNT',
      rules: trip,
      violations,
      actor: 'policygate',
    } as const;
    return [decision, recordFor(run, { kind: 'KILL_SWITCH', change })];
  }

  foldExecution(report: ExecutionReport, at: number): Expected {
    return foldExecution(this.runAt(report.run_id, at), report, this.prices);
  }

  foldControl(runId: string, control: ControlInput, at: number): Expected {
    return foldControl(this.runAt(runId, at), control, this.prices, this.everyRunTripped);
  }

  /** For each active run, by the code units of their ids; the switch holds for runs that start later, too. */
  foldControlOfEveryRun(control: ControlInput, at: number): readonly Expected[] {
    if (control.name === 'KillSwitchTripped') this.everyRunTripped = true;
    if (control.name === 'KillSwitchReset' && isSigned(control)) this.everyRunTripped = false;
    const active = [...this.runs.values()].filter(({ status }) => status === 'ACTIVE');
    active.sort((a, b) => (a.id < b.id ? -1 : 1));
    return active.map((run) => this.foldControl(run.id, control, at));
  }

  /** Its clock moved on to the record's time, and never back. */
  private runAt(runId: string, at: number): ModelRun {
    let run = this.runs.get(runId);
    if (run === undefined) this.runs.set(runId, (run = new ModelRun(runId)));
    run.advance(at);
    return run;
  }
}

const book = (run: ModelRun, { intent_id, instrument, side, strategy_id }: Intent, body: Buffer, answer: Answer): void => {
  const admitted = answer.qty !== null;
  const { symbol } = instrument;
  const known: Known = { seq: run.nextSeq, body, admitted, symbol, side, qty: answer.qty ?? 0n, filled: 0n, open: admitted };
  run.known.set(intent_id, known);
  if (admitted) {
    run.book.open.add(known);
    run.admitted.push({ at: run.clock, strategy: strategy_id });
  }
  run.violations.push(...answer.rules.map(() => run.clock));
};
