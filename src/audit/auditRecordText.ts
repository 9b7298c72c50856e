/** Audit records as JSON, all fields but what an AuditEvent has already, so that their bytes and hashes can be made again. */
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

/** One record of another kind than DECISION. What is null is left out. */
export const auditRecordText = (record: AuditRecord, hash: Uint8Array): string => {
  const { execution, control, kill_switch, duplicate, intent, note, policy_hash } = record;
  return (
    `{"clock":${record.clock}${control === null ? '' : `,"control":${controlText(control)}`}` +
    `${duplicate === null ? '' : `,"duplicate":${duplicateText(duplicate)}`},"engine_version":${jsonString(record.engine_version)}` +
    `${execution === null ? '' : `,"execution":${executionText(execution)}`},"hash":${hexText(hash)},"input":${inputText(record.input)}` +
    `${intent === null ? '' : `,"intent":${orderIntentText(intent)}`},"kind":"${record.kind}"` +
    `${kill_switch === null ? '' : `,"kill_switch":${killSwitchText(kill_switch)}`}${note === null ? '' : `,"note":${jsonString(note)}`}` +
    `${policy_hash === null ? '' : `,"policy_hash":${hexText(policy_hash)}`},"positions":${positionsText(record.positions)}` +
    `,"prev_hash":${hexText(record.prev_hash)},"seq":${record.seq}}`
  );
};

const hexText = (digest: Uint8Array): string => `"${hexOf(digest)}"`;

const executionText = (event: ExecutionEvent): string =>
  `{"cum_qty":${decimalText(event.cum_qty)},"decision_offset":${event.decision_offset},"event":"${event.event}"` +
  `,"intent_id":${jsonString(event.intent_id)},"leaves_qty":${decimalText(event.leaves_qty)},"order_id":${jsonString(event.order_id)}` +
  `,"order_type":"${event.order_type}","policy_hash":${hexText(event.policy_hash)}` +
  `,"price":${event.price === null ? 'null' : decimalText(event.price)},"qty":${event.qty === null ? 'null' : decimalText(event.qty)}` +
  `,"reason":${event.reason === null ? 'null' : jsonString(event.reason)},"run_id":${jsonString(event.run_id)},"side":"${event.side}"` +
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
