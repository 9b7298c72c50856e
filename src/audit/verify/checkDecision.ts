/**
 * Derives a decision again, from its facts and the policy in force, and compares the two to the last figure. A refusal without facts follows from what the
 * run was. The facts themselves are compared with what the records before say, as far as that is known.
 */
import type { AuditRecord, Decision, Facts, OrderIntent, PublishedDecision, RunStatus } from '../../contracts/messages';
import { decide } from '../../domain/decide';
import { refuseEnded, refuseUnrecordable, tripAfter } from '../../domain/judge';
import { resolveLimits } from '../../domain/limits';
import { windowMs } from '../../domain/state';
import { VIOLATIONS_KEPT } from '../../domain/windows';
import { refuseUnknown } from '../../processor/foldIntent';
import { firstDifference, shownValue } from './differences';
import { bareDecision, sameDecision } from './sameDecision';
import type { KnownRun } from './knownRun';
import type { Report } from './report';

/** Orders in the window that are remembered of a run; where there are more (a policy that only monitors), their counts are not compared any more. */
const MOST_ORDERS = 100_000;

/** Answers whether the decision could be derived again: not where the policy's text is not known. */
export const checkDecision = (
  run: KnownRun,
  record: AuditRecord,
  intent: OrderIntent,
  published: PublishedDecision,
  report: Report,
): boolean => {
  const { facts } = record;
  learn(run, record, intent, published);
  if (facts !== null) checkFacts(run, record, facts, intent, report);
  checkEnvelope(record, published, report);
  const derived = derive(run, record, intent);
  if (derived !== undefined && !sameDecision(derived, published)) {
    const difference = firstDifference(derived, bareDecision(published), 'decision');
    report('DECISION', `${difference?.path ?? 'decision'}: ${difference?.expected ?? ''}`, difference?.found ?? '');
  }
  checkTrip(run, record, published, report);
  return derived !== undefined;
};

/** What is not known of the run yet is taken from its decision. */
const learn = (run: KnownRun, { run_id, facts, input }: AuditRecord, intent: OrderIntent, published: PublishedDecision): void => {
  if (run.status === undefined) {
    const refusals: readonly (readonly [RunStatus, Decision])[] = [
      ['ENDED', refuseEnded(intent, run_id)],
      ['UNKNOWN', refuseUnknown(intent, run_id, input.partition)],
    ];
    run.status = facts === null ? (refusals.find(([, refusal]) => sameDecision(refusal, published))?.[0] ?? 'ACTIVE') : 'ACTIVE';
  }
  if (facts !== null) run.killSwitchActive ??= facts.kill_switch_active;
};

/** Undefined: the policy is not known. */
const derive = (run: KnownRun, { run_id, facts, input }: AuditRecord, intent: OrderIntent): Decision | undefined => {
  if (run.status === 'UNKNOWN') return refuseUnknown(intent, run_id, input.partition);
  if (run.status === 'ENDED') return refuseEnded(intent, run_id);
  if (run.policy === undefined) return undefined;
  const limits = resolveLimits(run.policy.policy, intent.instrument.symbol, intent.strategy_id);
  return facts === null ? refuseUnrecordable(intent, limits) : decide(intent, limits, facts);
};

const checkFacts = (run: KnownRun, { clock }: AuditRecord, facts: Facts, intent: OrderIntent, report: Report): void => {
  const { status, orders, violations, policy } = run;
  if (status !== 'ACTIVE') return report('FACTS', `no facts: the run is ${status === 'ENDED' ? 'over' : 'not started'}`, 'facts');
  const same = (name: keyof Facts, expected: Facts[keyof Facts] | undefined): void => {
    if (expected !== undefined && expected !== facts[name])
      report('FACTS', `facts.${name}: ${shownValue(expected)}`, shownValue(facts[name]));
  };
  same('clock', clock);
  same('kill_switch_active', run.killSwitchActive);
  same('equity', run.equity);
  same('start_of_day_equity', run.startOfDayEquity);
  same('peak_equity', run.peakEquity);
  if (orders !== undefined) {
    orders.advance(clock);
    same('orders_last_60s_global', orders.globalCount);
    same('orders_last_60s_strategy', orders.countOf(intent.strategy_id));
  }
  if (violations !== undefined && policy !== undefined) same('violations_in_window', violations.count(clock, windowMs(policy)));
};

/** What a decision says of itself for the gateway. */
const checkEnvelope = (record: AuditRecord, published: PublishedDecision, report: Report): void => {
  const { run_id, seq, clock, positions, facts, policy_hash } = record;
  const same = (name: keyof PublishedDecision, expected: unknown): void => {
    const difference = firstDifference(expected, published[name], `decision.${name}`);
    if (difference !== undefined) report('DECISION', `${difference.path}: ${difference.expected}`, difference.found);
  };
  if (published.run_id !== run_id) same('run_id', run_id);
  if (published.seq !== seq) same('seq', seq);
  if (published.clock !== clock) same('clock', clock);
  const price = facts?.price ?? null;
  if (published.reference_price !== price) same('reference_price', price);
  if (!isSameHash(policy_hash, published.policy_hash)) same('policy_hash', policy_hash);
  // -1: written by a version that did not say.
  if (published.control_position !== positions.control_events && published.control_position !== -1)
    same('control_position', positions.control_events);
};

const isSameHash = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && Buffer.compare(a, b) === 0);

/** Takes the decision into what is known of the run, and whether the kill switch must trip after it. Source: domain, `dueTrip`. */
const checkTrip = (run: KnownRun, record: AuditRecord, published: PublishedDecision, report: Report): void => {
  const { facts, clock } = record;
  run.due = undefined;
  if (run.status !== 'ACTIVE') {
    if (published.kill_switch_tripped) report('DECISION', 'decision.kill_switch_tripped: false', 'true');
    return;
  }
  if (published.order !== null && run.orders !== undefined) {
    run.orders.add(clock, published.order.strategy_id);
    if (run.orders.globalCount > MOST_ORDERS) run.orders = undefined;
  }
  for (const { rule_id } of published.violations) run.violations?.add(clock, rule_id);
  const says = published.control_position !== -1;
  if (run.killSwitchActive === undefined || run.policy === undefined) {
    run.due = 'unknown';
    return;
  }
  const counted =
    facts === null
      ? run.violations?.count(clock, windowMs(run.policy))
      : Math.min(VIOLATIONS_KEPT, facts.violations_in_window + published.violations.length);
  if (counted === undefined && !published.kill_switch_triggered) {
    run.due = 'unknown';
    return;
  }
  const trip = run.killSwitchActive ? undefined : tripAfter(run.policy.policy, published, counted ?? 0);
  if (says && published.kill_switch_tripped !== (trip !== undefined))
    report('DECISION', `decision.kill_switch_tripped: ${trip !== undefined}`, String(published.kill_switch_tripped));
  if (trip !== undefined) run.due = counted === undefined ? 'unknown' : { change: trip, decided: record };
};
