/**
 * Audit records as JSON, with all that it takes to make their bytes and hashes again. What follows from the record before in the chain is left
 * out: `prev_hash` is its hash; `engine_version` and `policy_hash` stand where they change; an execution's `run_id` is the chain's, its `policy_hash`
 * stands where it is not the record's.
 */
import { hexOf } from '../contracts/json/hex';
import {
  decimalText,
  mapText,
  orderIntentText,
  portfolioStateText,
  executionStateText,
} from '../contracts/documents/writeDocument';
import { jsonString } from '../contracts/json/write';
import type {
  AuditRecord,
  ControlEvent,
  ControlPayload,
  DuplicateIntent,
  ExecutionEvent,
  InputCoordinates,
  InputPositions,
  KillSwitchChange,
} from '../contracts/messages';

export const inputText = ({ topic, partition, offset, timestamp }: InputCoordinates): string =>
  `{"offset":${offset},"partition":${partition},"timestamp":${timestamp},"topic":${jsonString(topic)}}`;

export const positionsText = ({ control_events, execution_events, market_prices, order_intents }: InputPositions): string =>
  `{"control_events":${control_events},"execution_events":${execution_events},"market_prices":${market_prices},"order_intents":${order_intents}}`;

/** One record of another kind than DECISION; `before`: the one before it in the chain. What is null is left out. */
export const auditRecordText = (record: AuditRecord, hash: Uint8Array, before: AuditRecord | undefined): string => {
  const { execution, control, kill_switch, duplicate, intent, note, policy_hash } = record;
  return (
    `{"clock":${record.clock}${control === null ? '' : `,"control":${controlText(control)}`}` +
    (duplicate === null ? '' : `,"duplicate":${duplicateText(duplicate)}`) +
    (record.engine_version === before?.engine_version ? '' : `,"engine_version":${jsonString(record.engine_version)}`) +
    `${execution === null ? '' : `,"execution":${executionText(execution, policy_hash)}`},"hash":${hexText(hash)},"input":${inputText(record.input)}` +
    (intent === null ? '' : `,"intent":${orderIntentText(intent)}`) +
    (kill_switch === null ? '' : `,"kill_switch":${killSwitchText(kill_switch)}`) +
    `,"kind":"${record.kind}"${note === null ? '' : `,"note":${jsonString(note)}`}` +
    (policy_hash === null || sameDigest(policy_hash, before?.policy_hash) ? '' : `,"policy_hash":${hexText(policy_hash)}`) +
    `,"positions":${positionsText(record.positions)},"seq":${record.seq}}`
  );
};

const hexText = (digest: Uint8Array): string => `"${hexOf(digest)}"`;

const sameDigest = (a: Uint8Array, b: Uint8Array | null | undefined): boolean =>
  a === b || (b !== null && b !== undefined && Buffer.compare(a, b) === 0);

const executionText = (event: ExecutionEvent, policyHash: Uint8Array | null): string =>
  `{"cum_qty":${decimalText(event.cum_qty)},"decision_offset":${event.decision_offset},"event":"${event.event}"` +
  `,"intent_id":${jsonString(event.intent_id)},"leaves_qty":${decimalText(event.leaves_qty)},"order_id":${jsonString(event.order_id)}` +
  `,"order_type":"${event.order_type}"` +
  (sameDigest(event.policy_hash, policyHash) ? '' : `,"policy_hash":${hexText(event.policy_hash)}`) +
  `,"price":${event.price === null ? 'null' : decimalText(event.price)},"qty":${event.qty === null ? 'null' : decimalText(event.qty)}` +
  `,"reason":${event.reason === null ? 'null' : jsonString(event.reason)},"side":"${event.side}"` +
  `,"symbol":${jsonString(event.symbol)}}`;

const duplicateText = ({ conflict, decided_seq }: DuplicateIntent): string =>
  `{"conflict":${conflict},"decided_seq":${decided_seq}}`;

const killSwitchText = (change: KillSwitchChange): string =>
  `{"active":${change.active},"actor":${jsonString(change.actor)},"cause":"${change.cause}","reason":${jsonString(change.reason)}` +
  `,"rule_ids":[${change.rule_ids.map(jsonString).join(',')}],"violations_in_window":${change.violations_in_window}}`;

const controlText = ({ actor, reason, payload }: ControlEvent): string =>
  `{"actor":${jsonString(actor)},"payload":${payloadText(payload)},"reason":${jsonString(reason)}}`;

const payloadText = (payload: ControlPayload): string => {
  switch (payload.type) {
    case 'RunStarted':
      return (
        `{"account_id":${jsonString(payload.account_id)},"execution":${executionStateText(payload.execution)}` +
        `,"policy_text":${jsonString(payload.policy_text)},"portfolio":${portfolioStateText(payload.portfolio)},"type":"RunStarted"}`
      );
    case 'PortfolioUpdated':
      return (
        `{"equity":${decimalText(payload.equity)},"peak_equity":${decimalText(payload.peak_equity)}` +
        `,"positions":${payload.positions === null ? 'null' : mapText(payload.positions, decimalText)}` +
        `,"start_of_day_equity":${decimalText(payload.start_of_day_equity)},"type":"PortfolioUpdated"}`
      );
    case 'PolicyActivated':
      return `{"policy_text":${jsonString(payload.policy_text)},"type":"PolicyActivated"}`;
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
      return `{"type":"${payload.type}"}`;
  }
};
