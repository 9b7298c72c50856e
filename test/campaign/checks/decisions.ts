/** One decision per intent, the same in the journal and on `decisions`; nothing is admitted while the kill switch is on. */
import { CONTROL_EVENTS, EVERY_RUN, ORDER_INTENTS } from '../../../src/contracts/topics';
import type { RawLog } from '../rawLog';
import type { Audit, Control, Decision } from './decoding';
import { bodyOf, decoded, payloadName } from './decoding';
import type { Findings } from './findings';

export const checkDecisions = (
  log: RawLog,
  audits: readonly (readonly Audit[])[],
  decisions: readonly (readonly Decision[])[],
  findings: Findings,
): void => {
  for (let partition = 0; partition < log.shards; partition++) {
    const ofShard = audits[partition] ?? [];
    checkSameOnBoth(partition, ofShard, decisions[partition] ?? [], findings);
    checkOnce(log, partition, ofShard, findings);
    checkKillSwitch(log, partition, ofShard, findings);
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
    if (decision === undefined || audit.decisionBody?.equals(decision.body) !== true || decision.seq !== audit.seq) {
      findings.add(
        'decisions and journal',
        `shard ${partition}: audit record @${audit.offset} and decision @${decision?.offset ?? 'none'} differ`,
      );
      return;
    }
  }
};

/** What is to come of each intent, worked out from the order of the intents alone. */
const checkOnce = (log: RawLog, partition: number, audits: readonly Audit[], findings: Findings): void => {
  const bodies = new Map(log.records(ORDER_INTENTS, partition).map(({ offset, value }) => [offset, value]));
  const decided = new Map<string, { readonly seq: number; readonly body: Buffer }>();
  const ended = new Set<string>();
  for (const { run_id, seq, kind, input, intent, decision, duplicate, control, offset } of audits) {
    if (kind === 'CONTROL' && control !== null && payloadName(control) === 'RunEnded') ended.add(run_id);
    if (intent === null || (kind !== 'DECISION' && kind !== 'DUPLICATE')) continue;
    const where = `audit-records/${partition}@${offset}: ${run_id}/${intent.intent_id}`;
    const id = `${run_id}\n${intent.intent_id}`;
    const value = bodies.get(input.offset);
    const body = value === undefined || value === null ? Buffer.alloc(0) : bodyOf(value);
    if (kind === 'DECISION' && ended.has(run_id)) {
      // An ended run remembers nothing, and admits nothing.
      if (decision?.decision !== 'DENY') findings.add('one decision each', `${where} was admitted after the run's end`);
      continue;
    }
    const before = decided.get(id);
    if (kind === 'DECISION') {
      if (before !== undefined) findings.add('one decision each', `${where} was decided at seq ${before.seq} and again`);
      decided.set(id, { seq, body });
    } else if (before === undefined) {
      findings.add('one decision each', `${where} is called a repeat, and was never decided`);
    } else if (duplicate?.decided_seq !== before.seq || duplicate.conflict === body.equals(before.body)) {
      findings.add('one decision each', `${where}: the record of the repeat is wrong`);
    }
  }
};

const checkKillSwitch = (log: RawLog, partition: number, audits: readonly Audit[], findings: Findings): void => {
  const active = new Set<string>();
  const operator = operatorSwitches(log, partition);
  for (const { run_id, kind, decision, kill_switch, positions, offset } of audits) {
    if (kind === 'KILL_SWITCH' && kill_switch !== null) {
      if (kill_switch.active) active.add(run_id);
      else active.delete(run_id);
    }
    if (kind !== 'DECISION' || decision === null || decision.decision === 'DENY') continue;
    const where = `audit-records/${partition}@${offset}: run ${run_id}`;
    if (active.has(run_id)) findings.add('kill switch', `${where} admitted an order after a trip on record`);
    if (operator(run_id, positions.control_events ?? 0))
      findings.add('kill switch', `${where} admitted an order behind a trip for every run`);
  }
};

/** Whether the last word for this run, of the control events before a position, was a trip for every run: read from the events themselves. */
const operatorSwitches = (log: RawLog, partition: number): ((runId: string, before: number) => boolean) => {
  const words = log.records(CONTROL_EVENTS, partition).flatMap(({ key, value, offset }) => {
    if (key === null || (value?.length ?? 0) > 10_000) return [];
    const about = Buffer.from(key).toString('utf8');
    // Short ones only: a policy is long, and bytes of strangers must not reach avsc.
    if (value === null || value.length > 60) return [];
    const control = decoded('ControlEvent', value) as Control | undefined;
    const name = control === undefined ? '' : payloadName(control);
    const isTrip = name === 'KillSwitchTripped' && about === EVERY_RUN;
    const isReset = name === 'KillSwitchReset' && control?.actor.trim() !== '';
    return isTrip || isReset ? [{ offset, about, isTrip }] : [];
  });
  return (runId, before) =>
    words.filter(({ offset, about }) => offset < before && (about === runId || about === EVERY_RUN)).at(-1)?.isTrip === true;
};
