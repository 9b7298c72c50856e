/**
 * Records that no given contract covers, as JSON: what the processor and the gateway write for each other, for people to look at. Field names are
 * those of the Avro schemas. Source: docs/commands.md, "What tail prints".
 */
import { hexOf } from '../json/hex';
import { jsonString } from '../json/write';
import type {
  AuditCheckpoint,
  AuditRecord,
  DuplicateIntent,
  ExecutionEvent,
  InputCoordinates,
  InputPositions,
  KillSwitchChange,
  PublishedDecision,
  StateEntity,
} from '../messages';
import { controlText } from './controlEvents';
import { objectText } from './objectText';
import type { FieldText } from './objectText';
import {
  decimalText,
  evidenceText,
  factsText,
  listText,
  mapText,
  notionalText,
  orderIntentText,
  violationText,
} from './writeDocument';

export const inputText = ({ topic, partition, offset, timestamp }: InputCoordinates): string =>
  `{"offset":${offset},"partition":${partition},"timestamp":${timestamp},"topic":${jsonString(topic)}}`;

export const positionsText = ({ control_events, execution_events, market_prices, order_intents }: InputPositions): string =>
  `{"control_events":${control_events},"execution_events":${execution_events},"market_prices":${market_prices},"order_intents":${order_intents}}`;

export const duplicateText = ({ conflict, decided_seq }: DuplicateIntent): string =>
  `{"conflict":${conflict},"decided_seq":${decided_seq}}`;

export const killSwitchText = (change: KillSwitchChange): string =>
  `{"active":${change.active},"actor":${jsonString(change.actor)},"cause":"${change.cause}","reason":${jsonString(change.reason)}` +
  `,"rule_ids":[${change.rule_ids.map(jsonString).join(',')}],"violations_in_window":${change.violations_in_window}}`;

/** What is known where the event stands, and left out of it when it is the same. */
interface KnownOfExecution {
  readonly run_id?: string;
  readonly policy_hash?: Uint8Array | null;
}

export const executionText = (event: ExecutionEvent, known: KnownOfExecution = {}): string =>
  `{"client_order_id":${jsonString(event.client_order_id)},"code":${event.code === null ? 'null' : jsonString(event.code)}` +
  `,"cum_qty":${decimalText(event.cum_qty)},"decision_offset":${event.decision_offset},"event":"${event.event}"` +
  `,"intent_id":${jsonString(event.intent_id)},"leaves_qty":${decimalText(event.leaves_qty)},"order_id":${jsonString(event.order_id)}` +
  `,"order_type":"${event.order_type}"` +
  (sameDigest(event.policy_hash, known.policy_hash) ? '' : `,"policy_hash":${digestText(event.policy_hash)}`) +
  `,"price":${event.price === null ? 'null' : decimalText(event.price)},"qty":${event.qty === null ? 'null' : decimalText(event.qty)}` +
  `,"reason":${event.reason === null ? 'null' : jsonString(event.reason)}` +
  (event.run_id === known.run_id ? '' : `,"run_id":${jsonString(event.run_id)}`) +
  `,"side":"${event.side}","symbol":${jsonString(event.symbol)}}`;

/** The Decision of the contract, with what a gateway and an auditor need beside it. How long it took stands in the record's headers. */
export const publishedDecisionText = (decision: PublishedDecision): string => {
  const { clock, decision: verdict, evidence, intent_id, kill_switch_triggered, order, run_id, seq, violations } = decision;
  const { control_position, kill_switch_tripped, policy_hash, reference_price } = decision;
  const orderText = order === null ? 'null' : orderIntentText(order);
  return (
    `{"clock":${clock},"control_position":${control_position},"decision":"${verdict}","evidence":${listText(evidence, evidenceText)},"intent_id":${jsonString(intent_id)}` +
    `,"kill_switch_triggered":${kill_switch_triggered},"kill_switch_tripped":${kill_switch_tripped},"modified_intent":${verdict === 'MODIFY' ? orderText : 'null'},"order":${orderText}` +
    `,"policy_hash":${policy_hash === null ? 'null' : digestText(policy_hash)}` +
    `,"reference_price":${reference_price === null ? 'null' : decimalText(reference_price)}` +
    `,"run_id":${jsonString(run_id)},"seq":${seq},"violations":${listText(violations, violationText)}}`
  );
};

/** An audit record by itself: what is null is left out. */
export const auditText = (record: AuditRecord, hash: Uint8Array): string => {
  const { control, decision, duplicate, execution, facts, intent, kill_switch, note, policy_hash } = record;
  const present = <T>(name: string, value: T | null, text: (value: T) => string): readonly FieldText[] =>
    value === null ? [] : [[name, text(value)]];
  return objectText([
    ['clock', String(record.clock)],
    ['engine_version', jsonString(record.engine_version)],
    ['hash', digestText(hash)],
    ['input', inputText(record.input)],
    ['kind', jsonString(record.kind)],
    ['positions', positionsText(record.positions)],
    ['prev_hash', digestText(record.prev_hash)],
    ['run_id', jsonString(record.run_id)],
    ['seq', String(record.seq)],
    ...present('control', control, controlText),
    ...present('decision', decision, publishedDecisionText),
    ...present('duplicate', duplicate, duplicateText),
    ...present('execution', execution, (event) => executionText(event)),
    ...present('facts', facts, factsText),
    ...present('intent', intent, orderIntentText),
    ...present('kill_switch', kill_switch, killSwitchText),
    ...present('note', note, jsonString),
    ...present('policy_hash', policy_hash, digestText),
  ]);
};

/** A checkpoint without its frontier, which follows from the records. */
export const checkpointText = ({ audit_offset, made_at, note, origin, root_hash, tree_size }: AuditCheckpoint): string =>
  `{"audit_offset":${audit_offset},"made_at":${made_at},"note":${jsonString(note)},"origin":${jsonString(origin)}` +
  `,"root_hash":${digestText(root_hash)},"tree_size":${tree_size}}`;

/** An entity of `policy-state`. */
export const stateEntityText = (entity: StateEntity): string => {
  const kind: FieldText = ['kind', jsonString(entity.kind)];
  switch (entity.kind) {
    case 'run':
      return objectText([
        kind,
        ['account_id', jsonString(entity.account_id)],
        ['cash', entity.cash === null ? 'null' : notionalText(entity.cash)],
        ['chain_hash', digestText(entity.chain_hash)],
        ['clock', String(entity.clock)],
        ['equity', decimalText(entity.equity)],
        ['equity_mode', jsonString(entity.equity_mode)],
        [
          'initial_violations',
          listText(entity.initial_violations, ({ at, rule_id }) => `{"at":${at},"rule_id":${jsonString(rule_id)}}`),
        ],
        ['initial_orders_by_strategy', mapText(entity.initial_orders_by_strategy, String)],
        ['initial_orders_global', String(entity.initial_orders_global)],
        ['kill_switch_active', String(entity.kill_switch_active)],
        ['next_seq', String(entity.next_seq)],
        ['peak_equity', decimalText(entity.peak_equity)],
        ['policy_hash', entity.policy_hash === null ? 'null' : digestText(entity.policy_hash)],
        ['realized_pnl_today', decimalText(entity.realized_pnl_today)],
        ['start_of_day_equity', decimalText(entity.start_of_day_equity)],
        ['started_at', String(entity.started_at)],
        ['status', jsonString(entity.status)],
        ['unrealized_pnl', decimalText(entity.unrealized_pnl)],
        ['violations_from_seq', String(entity.violations_from_seq)],
      ]);
    case 'intent':
      return objectText([
        kind,
        ['cum_qty', decimalText(entity.cum_qty)],
        ['decided_at', String(entity.decided_at)],
        ['decision', jsonString(entity.decision)],
        ['digest', digestText(entity.digest)],
        ['qty', decimalText(entity.qty)],
        ['rule_ids', listText(entity.rule_ids, jsonString)],
        ['seq', String(entity.seq)],
        ['side', jsonString(entity.side)],
        ['status', jsonString(entity.status)],
        ['strategy_id', jsonString(entity.strategy_id)],
        ['symbol', jsonString(entity.symbol)],
      ]);
    case 'position':
      return objectText([kind, ['qty', decimalText(entity.qty)]]);
    case 'price':
      return objectText([kind, ['price', decimalText(entity.price)]]);
    case 'policy':
      return objectText([kind, ['text', jsonString(entity.text)]]);
    case 'positions':
      return objectText([kind, ['positions', positionsText(entity.positions)]]);
    case 'fence':
      return objectText([kind, ['owner', jsonString(entity.owner)]]);
    case 'shard':
      return objectText([kind, ['kill_switch_active', String(entity.kill_switch_active)]]);
  }
};

/** A digest, in hexadecimal digits. */
export const digestText = (digest: Uint8Array): string => `"${hexOf(digest)}"`;

export const sameDigest = (a: Uint8Array, b: Uint8Array | null | undefined): boolean =>
  a === b || (b !== null && b !== undefined && Buffer.compare(a, b) === 0);
