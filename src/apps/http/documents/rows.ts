/** A record of the journal as one row: what a list of them shows. The same in /runs/{run}/journal, in timelines and in /events. */
import { digestText } from '../../../contracts/documents/recordTexts';
import { decimalText, listText } from '../../../contracts/documents/writeDocument';
import type { Decimal } from '../../../contracts/decimal';
import { jsonString } from '../../../contracts/json/write';
import type { AuditRecord } from '../../../contracts/messages';
import { LiveError } from '../../live/live';
import type { JournalRecord } from '../../live/live';

/** JSON in one line. `withRun`: where the row stands by itself. Throws a LiveError where the record cannot be read. */
export const rowText = ({ sealed }: JournalRecord, withRun = false): string => {
  const { record } = sealed();
  const { seq, kind, clock, run_id } = record;
  const run = withRun ? `"run_id":${jsonString(run_id)},` : '';
  return `{${run}"seq":${seq},"kind":"${kind}","clock_ms":${clock},${contentOf(record)}}`;
};

const contentOf = (record: AuditRecord): string => {
  switch (record.kind) {
    case 'DECISION':
      return decisionFields(record);
    case 'EXECUTION':
      return executionFields(record);
    case 'CONTROL':
      return controlFields(record);
    case 'KILL_SWITCH':
      return killSwitchFields(record);
    case 'DUPLICATE':
      return duplicateFields(record);
    case 'REJECTED_INPUT':
      return rejectedFields(record);
  }
};

const decisionFields = (record: AuditRecord): string => {
  const intent = present(record, 'intent');
  const { decision, order, reference_price, violations, kill_switch_tripped } = present(record, 'decision');
  return (
    `"intent_id":${jsonString(intent.intent_id)},"strategy_id":${jsonString(intent.strategy_id)},"symbol":${jsonString(intent.instrument.symbol)}` +
    `,"side":"${intent.side}","order_type":"${intent.order_type}","qty":${decimalText(intent.qty)},"limit_price":${amount(intent.limit_price)}` +
    `,"decision":"${decision}","order_qty":${amount(order?.qty ?? null)},"price":${amount(reference_price)}` +
    `,"rules":${listText(violations, ({ rule_id }) => jsonString(rule_id))},"tripped":${kill_switch_tripped}`
  );
};

const executionFields = (record: AuditRecord): string => {
  const event = present(record, 'execution');
  return (
    `"intent_id":${jsonString(event.intent_id)},"symbol":${jsonString(event.symbol)},"side":"${event.side}","event":"${event.event}"` +
    `,"order_id":${jsonString(event.order_id)},"qty":${amount(event.qty)},"price":${amount(event.price)},"cum_qty":${decimalText(event.cum_qty)}` +
    `,"leaves_qty":${decimalText(event.leaves_qty)},"code":${text(event.code)},"reason":${text(event.reason)},"note":${text(record.note)}`
  );
};

const controlFields = (record: AuditRecord): string => {
  const { actor, reason, payload } = present(record, 'control');
  const { policy_hash: hash } = record;
  // The record says which policy holds after it: for these two it is the one that they bring.
  const brings = payload.type === 'RunStarted' || payload.type === 'PolicyActivated';
  return (
    `"type":"${payload.type}","actor":${jsonString(actor)},"reason":${jsonString(reason)}` +
    `,"policy_hash":${brings && hash !== null ? digestText(hash) : 'null'},"note":${text(record.note)}`
  );
};

const killSwitchFields = (record: AuditRecord): string => {
  const { active, cause, rule_ids, violations_in_window, actor, reason } = present(record, 'kill_switch');
  return (
    `"active":${active},"cause":"${cause}","rules":${listText(rule_ids, jsonString)},"violations_in_window":${violations_in_window}` +
    `,"actor":${jsonString(actor)},"reason":${jsonString(reason)}`
  );
};

const duplicateFields = (record: AuditRecord): string => {
  const { decided_seq, conflict } = present(record, 'duplicate');
  return `"intent_id":${jsonString(present(record, 'intent').intent_id)},"decided_seq":${decided_seq},"conflict":${conflict}`;
};

const rejectedFields = ({ intent, execution, input, note }: AuditRecord): string =>
  `"intent_id":${text(intent?.intent_id ?? execution?.intent_id ?? null)},"topic":${jsonString(input.topic)},"note":${text(note)}`;

/** What a record of this kind always has. */
export const present = <K extends keyof AuditRecord>(record: AuditRecord, field: K): NonNullable<AuditRecord[K]> => {
  const value = record[field];
  if (value !== null) return value;
  throw new LiveError(`audit record ${record.seq} of run \`${record.run_id}\` is a ${record.kind} without ${field}`);
};

const amount = (value: Decimal | null): string => (value === null ? 'null' : decimalText(value));
const text = (value: string | null): string => (value === null ? 'null' : jsonString(value));
