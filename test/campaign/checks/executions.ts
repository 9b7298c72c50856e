/**
 * Every admitted decision was submitted once, with its quantity, and came to one end, or was not sent since the kill switch tripped with it or after
 * it, or its run ended; nothing else was submitted.
 */
import type { Audit, Decision, Execution } from './decoding';
import { payloadName } from './decoding';
import type { Findings } from './findings';

const ENDS = ['ORDER_FILLED', 'ORDER_REJECTED'];
const NOT_SENT = ['KILL_SWITCH', 'RUN_ENDED'];
const STOPS = ['KillSwitchTripped', 'RunEnded'];

export const checkExecutions = (
  decisions: readonly (readonly Decision[])[],
  executions: readonly (readonly Execution[])[],
  audits: readonly (readonly Audit[])[],
  findings: Findings,
): void => {
  for (const [partition, ofShard] of decisions.entries()) {
    const stops = lastStops(audits[partition] ?? []);
    const byDecision = new Map<number, Execution[]>();
    for (const execution of executions[partition] ?? [])
      byDecision.set(execution.decision_offset, [...(byDecision.get(execution.decision_offset) ?? []), execution]);
    const orders = new Map<string, number>();
    for (const decision of ofShard) {
      const where = `decisions/${partition}@${decision.offset}: ${decision.run_id}/${decision.intent_id}`;
      const of = byDecision.get(decision.offset) ?? [];
      byDecision.delete(decision.offset);
      const submitted = of.filter(({ event }) => event === 'ORDER_SUBMITTED');
      const ended = of.filter(({ event }) => ENDS.includes(event));
      if (decision.order === null || decision.reference_price === null) {
        if (of.length > 0) findings.add('executions', `${where} was denied and executed`);
        continue;
      }
      if (of.length === 1 && NOT_SENT.includes(of[0]?.code ?? '')) {
        if ((stops.get(decision.run_id) ?? -1) < decision.seq)
          findings.add('executions', `${where} was not sent, and nothing had stopped its run`);
        continue;
      }
      if (submitted.length !== 1 || ended.length !== 1)
        findings.add('executions', `${where}: submitted ${submitted.length} times, ended ${ended.length} times`);
      const number = (orders.get(decision.run_id) ?? 0) + 1;
      orders.set(decision.run_id, number);
      for (const { run_id, intent_id, order_id, qty, event } of of) {
        if (run_id !== decision.run_id || intent_id !== decision.intent_id)
          findings.add('executions', `${where}: an execution of ${run_id}/${intent_id} names it`);
        if (order_id !== `SIM-${String(number).padStart(6, '0')}`)
          findings.add('executions', `${where}: order ${order_id} where the run's number ${number} was due`);
        if (event === 'ORDER_SUBMITTED' && qty?.equals(decision.order.qty) !== true)
          findings.add('executions', `${where}: another quantity was submitted`);
      }
    }
    for (const [offset] of byDecision)
      findings.add('executions', `shard ${partition}: an execution names a decision at ${offset}, where there is none`);
  }
};

/** Of each run the seq of its end, or of the last record of a trip; one that was tripped already counts, since it says so again. */
const lastStops = (audits: readonly Audit[]): ReadonlyMap<string, number> => {
  const stops = new Map<string, number>();
  for (const { run_id, seq, kill_switch, control } of audits) {
    if (kill_switch?.active === true || (control !== null && STOPS.includes(payloadName(control)))) stops.set(run_id, seq);
  }
  return stops;
};
