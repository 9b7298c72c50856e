/**
 * The Avro body of AuditRecord, with its `hash` and without. Fields in the order of avro/AuditRecord.avsc and of the records that it holds.
 *
 * What an audit record embeds has mostly been encoded before: an input was read from bytes, a decision was just published. Such parts can be
 * given as bytes and are copied, since in Avro a record within a record is its bytes.
 */
import type { AuditRecord, DuplicateIntent, Facts, InputCoordinates, KillSwitchChange } from '../messages';
import { readControlEvent, writeControlEvent } from './controlFormat';
import { readDecision, writeDecision } from './decisionFormat';
import { readExecutionEvent, writeExecutionEvent } from './executionFormat';
import { readOrderIntent, writeOrderIntent } from './intentFormat';
import { readTexts, writeTexts } from './lists';
import {
  readOptional,
  readOptionalDecimal,
  readOptionalSha256,
  readOptionalString,
  SHA256_BYTES,
  writeOptional,
  writeOptionalDecimal,
  writeOptionalSha256,
  writeOptionalString,
  writePresence,
} from './optional';
import { readInputPositions, writeInputPositions } from './positionsFormat';
import type { Reader } from './reader';
import { AUDIT_KINDS, KILL_SWITCH_CAUSES, readSymbol, writeSymbol } from './symbols';
import type { Writer } from './writer';

/** An audit record as it is on the topic: with its hash. */
export interface SealedAudit {
  readonly record: AuditRecord;
  readonly hash: Uint8Array;
}

/** What a fold of the log again must know before it folds: whose record it is, after which inputs, by which version. */
export type AuditHead = Pick<AuditRecord, 'run_id' | 'seq' | 'kind' | 'input' | 'clock' | 'positions' | 'engine_version'>;

/** Bodies that are known already; each stands for the field of its name, which is not null. */
export interface AuditParts {
  readonly intent?: Uint8Array;
  readonly decision?: Uint8Array;
  readonly execution?: Uint8Array;
  readonly control?: Uint8Array;
}

/** All fields but `hash`: what the hash is taken of. */
export const writeAuditBody = (writer: Writer, record: AuditRecord, parts: AuditParts): void => {
  writer.string(record.run_id);
  writer.long(record.seq);
  writeSymbol(writer, AUDIT_KINDS, record.kind);
  writeInput(writer, record.input);
  writer.long(record.clock);
  writeInputPositions(writer, record.positions);
  writeOptionalSha256(writer, record.policy_hash);
  writer.string(record.engine_version);
  writePart(writer, record.intent, parts.intent, writeOrderIntent);
  writeOptional(writer, record.facts, writeFacts);
  writePart(writer, record.decision, parts.decision, writeDecision);
  writePart(writer, record.execution, parts.execution, writeExecutionEvent);
  writePart(writer, record.control, parts.control, writeControlEvent);
  writeOptional(writer, record.kill_switch, writeKillSwitchChange);
  writeOptional(writer, record.duplicate, writeDuplicate);
  writeOptionalString(writer, record.note);
  writer.fixed(record.prev_hash, SHA256_BYTES);
};

/** All fields, `hash` the last. */
export const readSealedAudit = (reader: Reader): SealedAudit => ({
  record: readAuditBody(reader),
  hash: reader.fixed(SHA256_BYTES),
});

/** The first fields; what comes after them is not looked at. */
export const readAuditHead = (reader: Reader): AuditHead => {
  const run_id = reader.name();
  const seq = reader.long();
  const kind = readSymbol(reader, AUDIT_KINDS);
  const input = readInput(reader);
  const clock = reader.long();
  const positions = readInputPositions(reader);
  readOptionalSha256(reader);
  return { run_id, seq, kind, input, clock, positions, engine_version: reader.name() };
};

const readAuditBody = (reader: Reader): AuditRecord => ({
  run_id: reader.name(),
  seq: reader.long(),
  kind: readSymbol(reader, AUDIT_KINDS),
  input: readInput(reader),
  clock: reader.long(),
  positions: readInputPositions(reader),
  policy_hash: readOptionalSha256(reader),
  engine_version: reader.name(),
  intent: readOptional(reader, readOrderIntent),
  facts: readOptional(reader, readFacts),
  decision: readOptional(reader, readDecision),
  execution: readOptional(reader, readExecutionEvent),
  control: readOptional(reader, readControlEvent),
  kill_switch: readOptional(reader, readKillSwitchChange),
  duplicate: readOptional(reader, readDuplicate),
  note: readOptionalString(reader),
  prev_hash: reader.fixed(SHA256_BYTES),
});

const writePart = <T>(
  writer: Writer,
  value: T | null,
  part: Uint8Array | undefined,
  write: (writer: Writer, value: T) => void,
): void => {
  if (!writePresence(writer, value)) return;
  if (part === undefined) write(writer, value);
  else writer.encoded(part);
};

const writeInput = (writer: Writer, input: InputCoordinates): void => {
  writer.string(input.topic);
  writer.int(input.partition);
  writer.long(input.offset);
  writer.long(input.timestamp);
};

const readInput = (reader: Reader): InputCoordinates => ({
  topic: reader.name(),
  partition: reader.int(),
  offset: reader.long(),
  timestamp: reader.long(),
});

const writeFacts = (writer: Writer, facts: Facts): void => {
  writer.long(facts.clock);
  writeOptionalDecimal(writer, facts.price);
  writeOptionalString(writer, facts.unpriced_symbol);
  writer.decimal(facts.position_qty);
  writer.decimal(facts.working_buy_qty);
  writer.decimal(facts.working_sell_qty);
  writer.notional(facts.other_gross);
  writer.notional(facts.other_net);
  writer.decimal(facts.equity);
  writer.decimal(facts.start_of_day_equity);
  writer.decimal(facts.peak_equity);
  writer.long(facts.orders_last_60s_global);
  writer.long(facts.orders_last_60s_strategy);
  writer.long(facts.violations_in_window);
  writer.boolean(facts.kill_switch_active);
};

const readFacts = (reader: Reader): Facts => ({
  clock: reader.long(),
  price: readOptionalDecimal(reader),
  unpriced_symbol: readOptionalString(reader),
  position_qty: reader.decimal(),
  working_buy_qty: reader.decimal(),
  working_sell_qty: reader.decimal(),
  other_gross: reader.notional(),
  other_net: reader.notional(),
  equity: reader.decimal(),
  start_of_day_equity: reader.decimal(),
  peak_equity: reader.decimal(),
  orders_last_60s_global: reader.long(),
  orders_last_60s_strategy: reader.long(),
  violations_in_window: reader.long(),
  kill_switch_active: reader.boolean(),
});

const writeKillSwitchChange = (writer: Writer, change: KillSwitchChange): void => {
  writer.boolean(change.active);
  writeSymbol(writer, KILL_SWITCH_CAUSES, change.cause);
  writeTexts(writer, change.rule_ids);
  writer.long(change.violations_in_window);
  writer.string(change.actor);
  writer.string(change.reason);
};

const readKillSwitchChange = (reader: Reader): KillSwitchChange => ({
  active: reader.boolean(),
  cause: readSymbol(reader, KILL_SWITCH_CAUSES),
  rule_ids: readTexts(reader),
  violations_in_window: reader.long(),
  actor: reader.string(),
  reason: reader.string(),
});

const writeDuplicate = (writer: Writer, duplicate: DuplicateIntent): void => {
  writer.long(duplicate.decided_seq);
  writer.boolean(duplicate.conflict);
};

const readDuplicate = (reader: Reader): DuplicateIntent => ({ decided_seq: reader.long(), conflict: reader.boolean() });
