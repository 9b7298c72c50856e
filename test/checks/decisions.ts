/** One decision per intent, the same in the journal and on `decisions`; nothing is admitted while the kill switch is on. */
import { EVERY_RUN, ORDER_INTENTS } from '../../src/contracts/topics';
import type { DecodedLog, LoggedControl } from './decodedLog';
import type { Audit, Decision } from './decoding';
import { bodyOf, payloadName } from './decoding';
import type { Findings } from './findings';
import { recordAt } from './rawLog';

export const checkDecisions = (log: DecodedLog, findings: Findings): void => {
  for (let partition = 0; partition < log.shards; partition++) {
    checkSameOnBoth(partition, log.audits(partition), log.decisions(partition), findings);
    checkOnce(log, partition, findings);
    checkKillSwitch(log, partition, findings);
  }
};

const checkSameOnBoth = (
  partition: number,
  audits: readonly Audit[],
  decisions: readonly Decision[],
  findings: Findings,
): void => {
  const journal = audits.filter(({ kind }) => kind === 'DECISION');
  if (journal.length !== decisions.length)
    findings.add(
      'decisions and journal',
      `shard ${partition}: ${journal.length} decisions in the journal, ${decisions.length} published`,
    );
  for (const [at, audit] of journal.entries()) {
    const decision = decisions[at];
    if (!isPublishedAs(audit, decision)) {
      findings.add(
        'decisions and journal',
        `shard ${partition}: audit record @${audit.offset} and decision @${decision?.offset ?? 'none'} differ`,
      );
      return;
    }
  }
};

/** The journal's record holds the decision as it is: the bytes that were published are among its bytes. */
export const isPublishedAs = (audit: Audit, decision: Decision | undefined): boolean =>
  decision?.seq === audit.seq && decision.run_id === audit.run_id && audit.hashed.includes(decision.body);

/** What is to come of each intent, worked out from the order of the intents alone. */
const checkOnce = (log: DecodedLog, partition: number, findings: Findings): void => {
  const intents = log.log.records(ORDER_INTENTS, partition);
  const decided = new Map<string, { readonly seq: number; readonly body: Buffer }>();
  const ended = new Set<string>();
  for (const { run_id, seq, kind, input, intent, decision, duplicate, control, offset } of log.audits(partition)) {
    if (kind === 'CONTROL' && control !== null && payloadName(control) === 'RunEnded') ended.add(run_id);
    if (intent === null || (kind !== 'DECISION' && kind !== 'DUPLICATE')) continue;
    const where = (): string => `audit-records/${partition}@${offset}: ${run_id}/${intent.intent_id}`;
    const id = `${run_id}\n${intent.intent_id}`;
    const value = recordAt(intents, input.offset)?.value ?? null;
    const body = value === null ? Buffer.alloc(0) : bodyOf(value);
    if (kind === 'DECISION' && ended.has(run_id)) {
      // An ended run remembers nothing, and admits nothing.
      if (decision?.decision !== 'DENY') findings.add('one decision each', `${where()} was admitted after the run's end`);
      continue;
    }
    const before = decided.get(id);
    if (kind === 'DECISION') {
      if (before !== undefined) findings.add('one decision each', `${where()} was decided at seq ${before.seq} and again`);
      decided.set(id, { seq, body });
    } else if (before === undefined) {
      findings.add('one decision each', `${where()} is called a repeat, and was never decided`);
    } else if (duplicate?.decided_seq !== before.seq || duplicate.conflict === body.equals(before.body)) {
      findings.add('one decision each', `${where()}: the record of the repeat is wrong`);
    }
  }
};

const checkKillSwitch = (log: DecodedLog, partition: number, findings: Findings): void => {
  const active = new Set<string>();
  const operator = new OperatorSwitch(log.controls(partition));
  for (const { run_id, kind, decision, kill_switch, positions, offset } of log.audits(partition)) {
    if (kind === 'KILL_SWITCH' && kill_switch !== null) {
      if (kill_switch.active) active.add(run_id);
      else active.delete(run_id);
    }
    if (kind !== 'DECISION' || decision === null || decision.decision === 'DENY') continue;
    // In monitor mode the kill switch is told as a violation, and stops nothing here: the gateway sends nothing then. The model knows which policy was in force.
    if (decision.violations.some(({ rule_id }) => rule_id === 'KILL-001')) continue;
    const where = (): string => `audit-records/${partition}@${offset}: run ${run_id}`;
    if (active.has(run_id)) findings.add('kill switch', `${where()} admitted an order after a trip on record`);
    operator.readTo(positions.control_events ?? 0);
    if (operator.isTrippedFor(run_id)) findings.add('kill switch', `${where()} admitted an order behind a trip for every run`);
  }
};

/** Whether the last word for a run, of the control events before a position, was a trip for every run: read from the events themselves. */
class OperatorSwitch {
  private next = 0;
  private trippedAt = -1;
  private resetAt = -1;
  private readonly resetOfRun = new Map<string, number>();

  constructor(private readonly controls: readonly LoggedControl[]) {}

  /** Positions only grow. */
  readTo(position: number): void {
    for (;;) {
      const word = this.controls[this.next];
      if (word === undefined || word.offset >= position) return;
      this.next += 1;
      const { name, about, offset, control } = word;
      if (name === 'KillSwitchTripped' && about === EVERY_RUN) this.trippedAt = offset;
      if (name !== 'KillSwitchReset' || control.actor.trim() === '' || control.reason.trim() === '') continue;
      if (about === EVERY_RUN) this.resetAt = offset;
      else this.resetOfRun.set(about, offset);
    }
  }

  isTrippedFor(runId: string): boolean {
    return this.trippedAt > Math.max(this.resetAt, this.resetOfRun.get(runId) ?? -1);
  }
}
