/**
 * Records as the checks see them: decoded by avsc from the schema files, not by the codec under test, with decimals left as the bytes that they are.
 */
import avsc from 'avsc';
import { schemaText } from '../../src/contracts/avro/schemas';
import type { RecordName } from '../../src/contracts/avro/schemas';
import type { BusRecord } from '../../src/processor/bus';

const HEADER_BYTES = 5;
const HASH_BYTES = 32;

export interface Audit {
  readonly offset: number;
  /** Of the record on the topic. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly run_id: string;
  readonly seq: number;
  readonly kind: string;
  readonly clock: number;
  readonly engine_version: string;
  readonly input: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly positions: Readonly<Record<string, number>>;
  readonly intent: { readonly intent_id: string; readonly strategy_id: string } | null;
  readonly execution: { readonly intent_id: string } | null;
  readonly decision: Decided | null;
  readonly control: Control | null;
  readonly kill_switch: { readonly active: boolean; readonly cause: string } | null;
  readonly duplicate: { readonly decided_seq: number; readonly conflict: boolean } | null;
  readonly prev_hash: Buffer;
  readonly hash: Buffer;
  /** What the hash is of, after `prev_hash`. */
  readonly hashed: Buffer;
}

export interface Decided {
  readonly run_id: string;
  readonly intent_id: string;
  readonly seq: number;
  readonly decision: 'ALLOW' | 'DENY' | 'MODIFY';
  readonly order: { readonly qty: Buffer } | null;
  readonly reference_price: Buffer | null;
  readonly violations: readonly { readonly rule_id: string }[];
}

export interface Decision extends Decided {
  readonly offset: number;
  /** Of the record on the topic. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly clock: number;
  readonly body: Buffer;
}

export interface Execution {
  readonly offset: number;
  readonly event: string;
  readonly run_id: string;
  readonly intent_id: string;
  readonly order_id: string;
  /** Empty with the paper broker. */
  readonly client_order_id: string;
  readonly code: string | null;
  readonly qty: Buffer | null;
  readonly decision_offset: number;
}

/** A union of records comes as an object with the one name that it is. */
export interface Control {
  readonly actor: string;
  readonly reason: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Later kinds of events, each a field beside `payload`: if one is set, it is what happened. */
  readonly session_rolled?: unknown;
  readonly position_drift?: unknown;
  readonly order_resolved?: unknown;
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
    return typeOf(record).fromBuffer(bodyOf(value));
  } catch {
    return undefined;
  }
};

/** Without the magic byte and the schema's id; not a copy. */
export const bodyOf = (value: Uint8Array): Buffer =>
  Buffer.from(value.buffer, value.byteOffset + HEADER_BYTES, Math.max(0, value.length - HEADER_BYTES));

/** Undefined: no audit record. What avsc has made is given further fields, and not copied: there are many. */
export const decodedAudit = ({ offset, timestamp, key, value }: BusRecord): Audit | undefined => {
  const audit = decoded('AuditRecord', value) as object | undefined;
  if (audit === undefined || value === null) return undefined;
  const body = bodyOf(value);
  return Object.assign(audit, { offset, timestamp, key, hashed: body.subarray(0, body.length - HASH_BYTES) }) as Audit;
};

export const decodedDecision = ({ offset, timestamp, key, value }: BusRecord): Decision | undefined => {
  const decision = decoded('Decision', value) as object | undefined;
  return decision === undefined || value === null
    ? undefined
    : (Object.assign(decision, { offset, timestamp, key, body: bodyOf(value) }) as Decision);
};

export const decodedExecution = ({ offset, value }: BusRecord): Execution | undefined => {
  const execution = decoded('ExecutionEvent', value) as object | undefined;
  return execution === undefined ? undefined : (Object.assign(execution, { offset }) as Execution);
};

const BESIDE_PAYLOAD = [
  ['session_rolled', 'SessionRolled'],
  ['position_drift', 'PositionDrift'],
  ['order_resolved', 'OrderResolved'],
] as const;

/** What a control event says has happened, such as `KillSwitchTripped`. */
export const payloadName = (control: Control): string => {
  for (const [field, name] of BESIDE_PAYLOAD) if ((control[field] ?? null) !== null) return name;
  const [name = ''] = Object.keys(control.payload);
  return name.slice(name.lastIndexOf('.') + 1) || 'unknown';
};
