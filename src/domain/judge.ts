/** What a run answers to an intent, and what that does to its kill switch: everything between the state and the pure `decide`. */
import { inBounds, notionalInBounds } from '../contracts/decimal';
import type { Decimal } from '../contracts/decimal';
import type { Decision, Facts, KillSwitchChange, OrderIntent } from '../contracts/messages';
import type { CapitalPolicy } from '../contracts/policy';
import { decide, refuse } from './decide';
import { resolveLimits } from './limits';
import type { AppliedLimits } from './limits';
import { readFacts, violationsInWindow } from './state';
import type { RunState } from './state';

/** A decision, and the facts that it was made by. */
export interface Judged {
  readonly decision: Decision;
  /** Null: there was nothing to judge by, or nothing that could be written down. */
  readonly facts: Facts | null;
}

/** Judges an intent by what the run knows, at its clock. `prices` are the shard's. */
export const judge = (run: RunState, intent: OrderIntent, prices: ReadonlyMap<string, Decimal>): Judged => {
  if (run.status === 'ENDED') return { decision: refuseEnded(intent, run.runId), facts: null };
  if (run.active === undefined) return { decision: refuse(intent, `Run '${run.runId}' has no active policy.`), facts: null };
  const facts = readFacts(run, intent, prices);
  const limits = resolveLimits(run.active.policy, intent.instrument.symbol, intent.strategy_id);
  if (!canBeRecorded(facts)) return { decision: refuseUnrecordable(intent, limits), facts: null };
  return { decision: decide(intent, limits, facts), facts };
};

/** The answer of a run that is over. */
export const refuseEnded = (intent: OrderIntent, runId: string): Decision => refuse(intent, `Run '${runId}' has ended.`);

/** The answer where the facts fit no record. */
export const refuseUnrecordable = (intent: OrderIntent, limits: AppliedLimits): Decision => refuse(intent, OUT_OF_BOUNDS, limits);

const OUT_OF_BOUNDS = 'What is held or working is out of bounds: a quantity from 10^20, or an exposure from 10^40.';

/** A decision stands with its facts on record: facts that fit no record are none to decide by. */
const canBeRecorded = (facts: Facts): boolean =>
  inBounds(facts.position_qty) &&
  inBounds(facts.working_buy_qty) &&
  inBounds(facts.working_sell_qty) &&
  notionalInBounds(facts.other_gross) &&
  notionalInBounds(facts.other_net);

/**
 * Whether the kill switch trips after this decision, and why: at once by a rule of `trip_on_rules`, else by enough violations in the window.
 * Source: design, "The engine" (kill switch).
 */
export const dueTrip = (run: RunState, decision: Decision): KillSwitchChange | undefined => {
  if (run.killSwitchActive || run.active === undefined || run.status !== 'ACTIVE') return undefined;
  return tripAfter(run.active.policy, decision, violationsInWindow(run));
};

/** The same of a run that is active and not tripped; `violations_in_window`: with those of this decision. */
export const tripAfter = (
  { limits }: CapitalPolicy,
  decision: Decision,
  violations_in_window: number,
): KillSwitchChange | undefined => {
  const { trip_on_rules, trip_after_n_violations: enough, violation_window_seconds: window } = limits.kill_switch;
  const trip = { active: true, violations_in_window, actor: 'policygate' } as const;
  if (decision.kill_switch_triggered) {
    const rule_ids = decision.violations.map(({ rule_id }) => rule_id).filter((id) => trip_on_rules.includes(id));
    return { ...trip, cause: 'RULE', rule_ids, reason: `${rule_ids.join(', ')} fired on intent ${decision.intent_id}` };
  }
  if (violations_in_window < enough) return undefined;
  const reason = `${violations_in_window} violations within ${window} s, the limit is ${enough}`;
  return { ...trip, cause: 'COUNT', rule_ids: [], reason };
};
