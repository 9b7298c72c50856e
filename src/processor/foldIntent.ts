import { intentDigest } from '../contracts/chain';
import type { Decision, OrderIntent, PublishedDecision } from '../contracts/messages';
import { DECISIONS } from '../contracts/topics';
import { refuse } from '../domain/decide';
import { evolve } from '../domain/evolve';
import { dueTrip, judge } from '../domain/judge';
import type { Judged } from '../domain/judge';
import type { RunState } from '../domain/state';
import type { BusRecord } from './bus';
import type { FoldContext } from './foldContext';
import { publish, record, setAside, unmeasured } from './foldContext';
import { UNKNOWN_RUN_INTENTS } from './ledger';
import type { RunLedger } from './ledger';

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

  const { value, measured } = context.stopwatch.timed(() => judged(context, state, intent));
  const { decision, facts } = value;
  context.observer.judged?.(state, context.shard.prices);

  const seq = ledger.nextSeq;
  // An ended run answers, but remembers nothing any more. What the decision does to the kill switch, it says itself.
  if (state.status !== 'ENDED') evolve(state, { type: 'IntentDecided', intent, decision, digest, seq });
  const kill_switch = dueTrip(state, decision);
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
    kill_switch_tripped: kill_switch !== undefined,
    control_position: context.shard.positions.control_events,
  };
  const bytes = context.codec.encodeValue(DECISIONS, published);
  publish(context, input, published, bytes, measured);
  const embedded = { intent: body, decision: bytes.subarray(context.codec.headerBytes) };
  record(context, ledger, input, { kind: 'DECISION', intent, facts, decision: published }, measured, embedded);
  if (kill_switch === undefined) return;
  evolve(state, { type: 'KillSwitchTripped' });
  record(context, ledger, input, { kind: 'KILL_SWITCH', kill_switch }, { ...measured, evalMs: null });
};

/** The run's answer; for a run that this shard has never heard of, how that can have come about. */
const judged = ({ shard }: FoldContext, state: RunState, intent: OrderIntent): Judged => {
  if (state.status !== 'UNKNOWN') return judge(state, intent, shard.prices);
  return { decision: refuseUnknown(intent, state.runId, shard.partition), facts: null };
};

/** The answer of a shard that has never heard of the run. */
export const refuseUnknown = (intent: OrderIntent, runId: string, partition: number): Decision =>
  refuse(
    intent,
    `Run '${runId}' is unknown on shard ${partition}: it was not started, or its intents are not partitioned by murmur2 of the run id.`,
  );
