/** What folding one record works on, and how its outcomes are written: audit records, decisions, dead letters. */
import type { AuditParts } from '../contracts/avro/auditFormat';
import type { Codec } from '../contracts/avro/codec';
import { chainHash } from '../contracts/chain';
import type { AuditKind, AuditRecord, InputPositions, PublishedDecision } from '../contracts/messages';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS } from '../contracts/topics';
import { TRACEPARENT, traceparentOf } from '../contracts/traceparent';
import type { BusRecord, OutgoingRecord } from './bus';
import type { RunLedger, ShardState } from './ledger';
import type { FoldObserver, Measured, Stopwatch } from './observer';

export interface FoldContext {
  readonly shard: ShardState;
  readonly codec: Codec;
  readonly engineVersion: string;
  readonly stopwatch: Stopwatch;
  readonly observer: FoldObserver;
  /** What the fold has brought forth since the last commit. */
  readonly outputs: OutgoingRecord[];
}

/** What one audit record is about; everything else is null. */
export type AuditContent = Pick<AuditRecord, 'kind'> & { readonly kind: AuditKind } & Partial<
    Pick<AuditRecord, 'intent' | 'facts' | 'decision' | 'execution' | 'control' | 'kill_switch' | 'duplicate' | 'note'>
  >;

/**
 * Adds a record to the run's chain: next seq, hash over the last hash and the record's bytes. Everything in it is a function of the log;
 * `measured` travels in the headers, and so does the trace that the input is part of. `embedded` are the Avro bodies of what the record carries, where they exist already.
 */
export const record = (
  context: FoldContext,
  ledger: RunLedger,
  input: BusRecord,
  content: AuditContent,
  measured: Measured,
  embedded: AuditParts = {},
): void => {
  const { state } = ledger;
  const audit: AuditRecord = {
    run_id: state.runId,
    seq: ledger.nextSeq,
    input: { topic: input.topic, partition: input.partition, offset: input.offset, timestamp: input.timestamp },
    clock: state.clock,
    positions: copyOf(context.shard.positions),
    policy_hash: state.active?.hash ?? null,
    engine_version: context.engineVersion,
    kind: content.kind,
    intent: content.intent ?? null,
    facts: content.facts ?? null,
    decision: content.decision ?? null,
    execution: content.execution ?? null,
    control: content.control ?? null,
    kill_switch: content.kill_switch ?? null,
    duplicate: content.duplicate ?? null,
    note: content.note ?? null,
    prev_hash: ledger.chainHash,
  };
  const body = context.codec.encodeAuditBody(audit, embedded);
  const hash = chainHash(ledger.chainHash, body);
  const traceparent = traceparentOf(input.headers);
  const intent_id = audit.intent?.intent_id ?? audit.execution?.intent_id ?? '';
  context.outputs.push({
    topic: AUDIT_RECORDS,
    partition: context.shard.partition,
    key: context.codec.encodeKey(AUDIT_RECORDS, { run_id: state.runId, intent_id }),
    value: context.codec.auditValue(body, hash),
    timestamp: state.clock,
    headers: headersOf(measured, traceparent),
  });
  ledger.nextSeq += 1;
  ledger.chainHash = hash;
  state.touched.run = true;
  context.observer.recorded?.(audit, hash, measured, traceparent);
};

const copyOf = ({ order_intents, market_prices, control_events, execution_events }: InputPositions): InputPositions => ({
  order_intents,
  market_prices,
  control_events,
  execution_events,
});

/** Publishes a decision for the gateway. */
export const publish = (
  context: FoldContext,
  input: BusRecord,
  decision: PublishedDecision,
  value: Uint8Array,
  measured: Measured,
): void => {
  const { run_id, intent_id, clock } = decision;
  context.outputs.push({
    topic: DECISIONS,
    partition: context.shard.partition,
    key: context.codec.encodeKey(DECISIONS, { run_id, intent_id }),
    value,
    timestamp: clock,
    headers: headersOf(measured, traceparentOf(input.headers)),
  });
};

/** Sets a record aside, byte for byte, with where it came from and why. The stream goes on. */
export const setAside = ({ outputs, shard }: FoldContext, input: BusRecord, reason: string): void => {
  const { topic, partition, offset, timestamp, key, value } = input;
  outputs.push({
    topic: DEAD_LETTERS,
    partition: shard.partition,
    key,
    value,
    timestamp,
    headers: { topic, partition: String(partition), offset: String(offset), timestamp: String(timestamp), reason },
  });
};

/** Nothing was evaluated. */
export const unmeasured = ({ stopwatch }: FoldContext): Measured => ({ recordedAt: stopwatch.now(), evalMs: null });

const headersOf = ({ recordedAt, evalMs }: Measured, traceparent: string | undefined): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = { recorded_at: recordedAt };
  if (evalMs !== null) headers.eval_ms = String(evalMs);
  if (traceparent !== undefined) headers[TRACEPARENT] = traceparent;
  return headers;
};
