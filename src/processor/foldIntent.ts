import { intentDigest } from '../contracts/chain';
import type { Decision, Facts, OrderIntent, PublishedDecision } from '../contracts/messages';
import { DECISIONS } from '../contracts/topics';
import { decide, refuse } from '../domain/decide';
import { evolve } from '../domain/evolve';
import { resolveLimits } from '../domain/limits';
import { readFacts, violationsInWindow } from '../domain/state';
import type { ActivePolicy, RunState } from '../domain/state';
import type { BusRecord } from './bus';
import type { FoldContext } from './foldContext';
import { publish, record, setAside, unmeasured } from './foldContext';
import { UNKNOWN_RUN_INTENTS } from './ledger';
import type { RunLedger } from './ledger';
import type { Measured } from './observer';

/**
 * One intent: judged once. A repeat is on record and changes nothing; the same id with another body is a recorded conflict and no order.
 * `body`: the intent's Avro body as it came. Source: design, "The engine" and "Duplicates".
 */
export const foldIntent = (
  context: FoldContext,
  ledger: RunLedger,
  input: BusRecord,
  intent: OrderIntent,
  body: Uint8Array,
): void => {
  const { state } = ledger;
  const digest = intentDigest(body);
  const decided = state.intents.get(intent.intent_id);
  if (decided !== undefined) {
    const conflict = !decided.digest.every((byte, index) => byte === digest[index]);
    const duplicate = { decided_seq: decided.seq, conflict };
    return record(context, ledger, input, { kind: 'DUPLICATE', intent, duplicate }, unmeasured(context), { intent: body });
  }
  if (state.status === 'UNKNOWN' && state.intents.size >= UNKNOWN_RUN_INTENTS) {
    return setAside(
      context,
      input,
      `run \`${state.runId}\` was never started and has ${UNKNOWN_RUN_INTENTS} denied intents already`,
    );
  }

  const { value: judged, measured } = context.stopwatch.timed(() => judge(context, state, intent));
  const { decision, facts } = judged;
  context.observer.judged?.(state, context.shard.prices);

  const seq = ledger.nextSeq;
  const published: PublishedDecision = {
    decision: decision.decision,
    intent_id: decision.intent_id,
    order: decision.order,
    violations: decision.violations,
    evidence: decision.evidence,
    kill_switch_triggered: decision.kill_switch_triggered,
    run_id: state.runId,
    seq,
    clock: state.clock,
    reference_price: facts?.price ?? null,
    policy_hash: state.active?.hash ?? null,
  };
  const value = context.codec.encodeValue(DECISIONS, published);
  publish(context, published, value, measured);
  const embedded = { intent: body, decision: value.subarray(context.codec.headerBytes) };
  record(context, ledger, input, { kind: 'DECISION', intent, facts, decision: published }, measured, embedded);
  // An ended run answers, but remembers nothing any more.
  if (state.status !== 'ENDED') evolve(state, { type: 'IntentDecided', intent, decision, digest, seq });
  tripIfDue(context, ledger, input, decision, measured);
};

const judge = (
  { shard }: FoldContext,
  state: RunState,
  intent: OrderIntent,
): { readonly decision: Decision; readonly facts: Facts | null } => {
  const { runId, status, active } = state;
  if (status === 'UNKNOWN') {
    const reason = `Run '${runId}' is unknown on shard ${shard.partition}: it was not started, or its intents are not partitioned by murmur2 of the run id.`;
    return { decision: refuse(intent, reason), facts: null };
  }
  if (status === 'ENDED') return { decision: refuse(intent, `Run '${runId}' has ended.`), facts: null };
  if (active === undefined) return { decision: refuse(intent, `Run '${runId}' has no active policy.`), facts: null };
  const facts = readFacts(state, intent, shard.prices);
  return { decision: decide(intent, resolveLimits(active.policy, intent.instrument.symbol, intent.strategy_id), facts), facts };
};

/** A rule of `trip_on_rules` trips at once; enough violations in the window trip after the decision. A trip is a record of its own. */
const tripIfDue = (context: FoldContext, ledger: RunLedger, input: BusRecord, decision: Decision, measured: Measured): void => {
  const { state } = ledger;
  if (state.killSwitchActive || state.active === undefined || state.status !== 'ACTIVE') return;
  const inWindow = violationsInWindow(state);
  const byRule = decision.kill_switch_triggered;
  const { trip_after_n_violations: enough, violation_window_seconds: window } = state.active.policy.limits.kill_switch;
  if (!byRule && inWindow < enough) return;

  const rule_ids = byRule ? trippingRules(decision, state.active) : [];
  evolve(state, { type: 'KillSwitchTripped' });
  record(
    context,
    ledger,
    input,
    {
      kind: 'KILL_SWITCH',
      kill_switch: {
        active: true,
        cause: byRule ? 'RULE' : 'COUNT',
        rule_ids,
        violations_in_window: inWindow,
        actor: 'policygate',
        reason: byRule
          ? `${rule_ids.join(', ')} fired on intent ${decision.intent_id}`
          : `${inWindow} violations within ${window} s, the limit is ${enough}`,
      },
    },
    { ...measured, evalMs: null },
  );
};

const trippingRules = (decision: Decision, { policy }: ActivePolicy): readonly string[] =>
  decision.violations.map(({ rule_id }) => rule_id).filter((id) => policy.limits.kill_switch.trip_on_rules.includes(id));
