/** What changed in a shard's memory, as records of `policy-state`: each entity once, however often it changed. */
import type { Codec } from '../contracts/avro/codec';
import type { EntityKind, IntentEntity, StateEntity } from '../contracts/messages';
import { POLICY_STATE } from '../contracts/topics';
import type { IntentState } from '../domain/intentRegister';
import { runEntityOf } from '../domain/state';
import type { OutgoingRecord } from './bus';
import type { RunLedger, ShardState } from './ledger';

/** Tombstones of an ended run's intents that one commit may carry; the rest follow with the next commits. */
const TOMBSTONES_PER_COMMIT = 10_000;

/** Takes what is marked as touched, and marks it as written. Input positions come last, always. */
export const takeStateRecords = (shard: ShardState, codec: Codec, timestamp: number): OutgoingRecord[] => {
  const records: OutgoingRecord[] = [];
  const put = (run_id: string, kind: EntityKind, id: string, entity: StateEntity | null): void => {
    records.push({
      topic: POLICY_STATE,
      partition: shard.partition,
      key: codec.encodeKey(POLICY_STATE, { run_id, kind, id }),
      value: entity === null ? null : codec.encodeValue(POLICY_STATE, entity),
      timestamp,
    });
  };
  const { touched } = shard;
  if (touched.shard) put('', 'shard', '', { kind: 'shard', kill_switch_active: shard.killSwitchActive });
  for (const symbol of touched.prices) {
    const price = shard.prices.get(symbol);
    put('', 'price', symbol, price === undefined ? null : { kind: 'price', price });
  }
  for (const hash of touched.policies) {
    const policy = shard.policies.get(hash);
    put('', 'policy', hash, policy === undefined ? null : { kind: 'policy', text: policy.text });
  }
  touched.shard = false;
  touched.prices.clear();
  touched.policies.clear();
  for (const ledger of shard.runs.values()) putRun(ledger, put);
  put('', 'positions', '', { kind: 'positions', positions: { ...shard.positions } });
  return records;
};

const putRun = (
  { state, nextSeq, chainHash }: RunLedger,
  put: (run_id: string, kind: EntityKind, id: string, entity: StateEntity | null) => void,
): void => {
  const { runId, touched } = state;
  for (const symbol of touched.positions) {
    const { qty } = state.exposure.of(symbol);
    put(runId, 'position', symbol, qty === 0n ? null : { kind: 'position', qty });
  }
  touched.positions.clear();
  let tombstones = 0;
  for (const intentId of touched.intents) {
    const intent = state.intents.get(intentId);
    if (intent === undefined && ++tombstones > TOMBSTONES_PER_COMMIT) break;
    put(runId, 'intent', intentId, intent === undefined ? null : intentEntityOf(intent));
    touched.intents.delete(intentId);
  }
  state.intents.packClosed();
  if (touched.run) put(runId, 'run', '', runEntityOf(state, { next_seq: nextSeq, chain_hash: chainHash }));
  touched.run = false;
};

/** Spelled out, not spread: one is made for every intent. */
export const intentEntityOf = (intent: IntentState): IntentEntity => ({
  kind: 'intent',
  seq: intent.seq,
  digest: intent.digest,
  decision: intent.decision,
  strategy_id: intent.strategy_id,
  symbol: intent.symbol,
  side: intent.side,
  qty: intent.qty,
  cum_qty: intent.cum_qty,
  status: intent.status,
  decided_at: intent.decided_at,
  rule_ids: intent.rule_ids,
});

/** Whether an ended run still has intents to drop from `policy-state`. */
export const hasLeftovers = (shard: ShardState): boolean => {
  for (const { state } of shard.runs.values()) if (state.touched.intents.size > 0) return true;
  return false;
};
