/**
 * Orders on the paper broker: every admitted decision was submitted once, with its quantity, and came to one end, or was not sent since the kill switch
 * tripped with it or after it, or its run ended; nothing else was submitted. Orders at a live broker have a name there, and are judged by what the
 * broker has to say (orders/).
 */
import type { DecodedLog } from './decodedLog';
import type { Audit, Decision, Execution } from './decoding';
import { payloadName } from './decoding';
import type { Findings } from './findings';

const ENDS = ['ORDER_FILLED', 'ORDER_REJECTED'];
const NOT_SENT = ['KILL_SWITCH', 'RUN_ENDED'];
const STOPS = ['KillSwitchTripped', 'RunEnded'];

export const checkExecutions = (log: DecodedLog, findings: Findings): void => {
  for (let partition = 0; partition < log.shards; partition++) {
    const byDecision = new Map<number, Execution[]>();
    let isLive = false;
    for (const execution of log.executions(partition)) {
      const of = byDecision.get(execution.decision_offset);
      if (of === undefined) byDecision.set(execution.decision_offset, [execution]);
      else of.push(execution);
      isLive ||= execution.client_order_id !== '';
    }
    const orders = new PaperOrders(partition, lastStops(log.audits(partition)), findings);
    for (const decision of log.decisions(partition)) {
      const of = byDecision.get(decision.offset) ?? [];
      byDecision.delete(decision.offset);
      if (of.some(({ client_order_id }) => client_order_id !== '')) continue;
      // Where orders go to a broker, what nothing came of is not the paper broker's either.
      if (of.length > 0 || !isLive) orders.check(decision, of);
    }
    for (const [offset, of] of byDecision)
      if (of.every(({ client_order_id }) => client_order_id === ''))
        findings.add('executions', `shard ${partition}: an execution names a decision at ${offset}, where there is none`);
  }
};

class PaperOrders {
  /** Of each run, how many were submitted. */
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly partition: number,
    private readonly stops: ReadonlyMap<string, number>,
    private readonly findings: Findings,
  ) {}

  check(decision: Decision, of: readonly Execution[]): void {
    const add = (what: string): void =>
      this.findings.add(
        'executions',
        `decisions/${this.partition}@${decision.offset}: ${decision.run_id}/${decision.intent_id} ${what}`,
      );
    if (decision.order === null || decision.reference_price === null) {
      if (of.length > 0) add('was denied and executed');
      return;
    }
    if (of.length === 1 && NOT_SENT.includes(of[0]?.code ?? '')) {
      // Admitted in monitor mode though the kill switch was on: that is what stops it.
      const isStopped = decision.violations.some(({ rule_id }) => rule_id === 'KILL-001');
      if (!isStopped && (this.stops.get(decision.run_id) ?? -1) < decision.seq)
        add('was not sent, and nothing had stopped its run');
      return;
    }
    let submitted = 0;
    let ended = 0;
    const number = (this.numbers.get(decision.run_id) ?? 0) + 1;
    this.numbers.set(decision.run_id, number);
    for (const { run_id, intent_id, order_id, qty, event } of of) {
      if (event === 'ORDER_SUBMITTED') submitted += 1;
      if (ENDS.includes(event)) ended += 1;
      if (run_id !== decision.run_id || intent_id !== decision.intent_id)
        add(`is named by an execution of ${run_id}/${intent_id}`);
      if (order_id !== `SIM-${String(number).padStart(6, '0')}`)
        add(`became order ${order_id} where the run's number ${number} was due`);
      if (event === 'ORDER_SUBMITTED' && qty?.equals(decision.order.qty) !== true) add('was submitted with another quantity');
    }
    if (submitted !== 1 || ended !== 1) add(`was submitted ${submitted} times, and ended ${ended} times`);
  }
}

/** Of each run the seq of its end, or of the last record of a trip; one that was tripped already counts, since it says so again. */
const lastStops = (audits: readonly Audit[]): ReadonlyMap<string, number> => {
  const stops = new Map<string, number>();
  for (const { run_id, seq, kill_switch, control } of audits) {
    if (kill_switch?.active === true || (control !== null && STOPS.includes(payloadName(control)))) stops.set(run_id, seq);
  }
  return stops;
};
