/**
 * The log as the checks see it: decoded by avsc from the schema files, not by the codec under test, with decimals left as the bytes that they are.
 */
import avsc from 'avsc';
import { schemaText } from '../../../src/contracts/avro/schemas';
import type { RecordName } from '../../../src/contracts/avro/schemas';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS, EXECUTION_EVENTS } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import type { RawLog } from '../rawLog';

const HEADER_BYTES = 5;
const HASH_BYTES = 32;

export interface Audit {
  readonly offset: number;
  readonly run_id: string;
  readonly seq: number;
  readonly kind: string;
  readonly input: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly positions: Readonly<Record<string, number>>;
  readonly intent: { readonly intent_id: string } | null;
  readonly decision: Decided | null;
  readonly control: Control | null;
  readonly kill_switch: { readonly active: boolean; readonly cause: string } | null;
  readonly duplicate: { readonly decided_seq: number; readonly conflict: boolean } | null;
  readonly prev_hash: Buffer;
  readonly hash: Buffer;
  /** What the hash is of, after `prev_hash`. */
  readonly hashed: Buffer;
  /** The decision's own bytes. */
  readonly decisionBody: Buffer | null;
}

export interface Decided {
  readonly run_id: string;
  readonly intent_id: string;
  readonly seq: number;
  readonly decision: 'ALLOW' | 'DENY' | 'MODIFY';
  readonly order: { readonly qty: Buffer } | null;
  readonly reference_price: Buffer | null;
}

export interface Decision extends Decided {
  readonly offset: number;
  readonly body: Buffer;
}

export interface Execution {
  readonly offset: number;
  readonly event: string;
  readonly run_id: string;
  readonly intent_id: string;
  readonly order_id: string;
  readonly code: string | null;
  readonly qty: Buffer | null;
  readonly decision_offset: number;
}

/** A union of records comes as an object with the one name that it is. */
export interface Control {
  readonly actor: string;
  readonly reason: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const types = new Map<RecordName, avsc.Type>();

const typeOf = (record: RecordName): avsc.Type => {
  let type = types.get(record);
  if (type === undefined) {
    type = avsc.Type.forSchema(JSON.parse(schemaText(record)) as avsc.Schema);
    types.set(record, type);
  }
  return type;
};

/** Undefined: no record of this schema. Not for bytes of strangers under a schema with arrays: avsc believes any length. */
export const decoded = (record: RecordName, value: Uint8Array | null): unknown => {
  if (value === null || value.length < HEADER_BYTES || value[0] !== 0) return undefined;
  try {
    return typeOf(record).fromBuffer(Buffer.from(value.subarray(HEADER_BYTES)));
  } catch {
    return undefined;
  }
};

export const bodyOf = (value: Uint8Array): Buffer => Buffer.from(value.subarray(HEADER_BYTES));

export const auditsOf = (log: RawLog, partition: number): readonly Audit[] =>
  log.records(AUDIT_RECORDS, partition).map((record) => {
    const audit = read('AuditRecord', record) as Omit<Audit, 'offset' | 'hashed' | 'decisionBody'>;
    const body = bodyOf(record.value ?? new Uint8Array());
    return {
      ...audit,
      offset: record.offset,
      hashed: body.subarray(0, body.length - HASH_BYTES),
      decisionBody: audit.decision === null ? null : typeOf('Decision').toBuffer(audit.decision),
    };
  });

export const decisionsOf = (log: RawLog, partition: number): readonly Decision[] =>
  log.records(DECISIONS, partition).map((record) => ({
    ...(read('Decision', record) as Decided),
    offset: record.offset,
    body: bodyOf(record.value ?? new Uint8Array()),
  }));

/** Strangers' records, which were set aside, are left out: whether rightly is another check. */
export const executionsOf = (log: RawLog, partition: number): readonly Execution[] => {
  const letters = log.records(DEAD_LETTERS, partition).filter(({ headers }) => headers.topic === EXECUTION_EVENTS);
  const setAside = new Set(letters.map(({ headers }) => Number(headers.offset)));
  return log.records(EXECUTION_EVENTS, partition).flatMap((record) => {
    const execution = setAside.has(record.offset) ? undefined : decoded('ExecutionEvent', record.value);
    return execution === undefined ? [] : [{ ...(execution as Omit<Execution, 'offset'>), offset: record.offset }];
  });
};

const read = (name: RecordName, { topic, partition, offset, value }: BusRecord): unknown => {
  const record = decoded(name, value);
  if (record === undefined) throw new Error(`${topic}/${partition}@${offset}: no ${name}`);
  return record;
};

/** The name of a control event's payload, such as `KillSwitchTripped`. */
export const payloadName = ({ payload }: Control): string => {
  const [name = ''] = Object.keys(payload);
  return name.slice(name.lastIndexOf('.') + 1) || 'unknown';
};
