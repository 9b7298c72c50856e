/** How each topic's values and keys are written and read: body format, limits, and what is checked of a value that can be read. */
import { intentFault } from '../intentFault';
import type {
  AuditCheckpoint,
  ControlEvent,
  ExecutionEvent,
  IntentKey,
  OrderIntent,
  PriceUpdated,
  PublishedDecision,
  StateEntity,
  StateKey,
} from '../messages';
import {
  AUDIT_CHECKPOINTS,
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
} from '../topics';
import type { SealedAudit } from './auditFormat';
import { readSealedAudit, writeAuditBody } from './auditFormat';
import { readCheckpoint, writeCheckpoint } from './checkpointFormat';
import { readControlEvent, writeControlEvent } from './controlFormat';
import { readDecision, writeDecision } from './decisionFormat';
import { readStateEntity, writeStateEntity } from './entityFormat';
import { readExecutionEvent, writeExecutionEvent } from './executionFormat';
import { controlFault, executionFault, priceFault } from './inputFaults';
import { readOrderIntent, readPriceUpdated, writeOrderIntent, writePriceUpdated } from './intentFormat';
import { readIntentKey, readStateKey, writeIntentKey, writeStateKey } from './keyFormat';
import type { RecordLimits } from './limits';
import { KEY_LIMITS, RECORD_LIMITS } from './limits';
import { SHA256_BYTES } from './optional';
import type { Reader } from './reader';
import type { Subject } from './schemas';
import type { Writer } from './writer';

/** What the values of each topic are. */
export interface TopicValues {
  readonly [ORDER_INTENTS]: OrderIntent;
  readonly [MARKET_PRICES]: PriceUpdated;
  readonly [CONTROL_EVENTS]: ControlEvent;
  readonly [EXECUTION_EVENTS]: ExecutionEvent;
  readonly [DECISIONS]: PublishedDecision;
  readonly [AUDIT_RECORDS]: SealedAudit;
  readonly [POLICY_STATE]: StateEntity;
  readonly [AUDIT_CHECKPOINTS]: AuditCheckpoint;
}
export type ValueTopic = keyof TopicValues;

/** What the keys of each topic are, where they are Avro; those of the other inputs are plain text. */
export interface TopicKeys {
  readonly [EXECUTION_EVENTS]: IntentKey;
  readonly [DECISIONS]: IntentKey;
  readonly [AUDIT_RECORDS]: IntentKey;
  readonly [POLICY_STATE]: StateKey;
}
export type KeyTopic = keyof TopicKeys;

export interface Format<T> {
  readonly subject: Subject;
  readonly limits: RecordLimits;
  readonly write: (writer: Writer, value: T) => void;
  readonly read: (reader: Reader) => T;
  /** What is wrong with a value that can be read; undefined: nothing. */
  readonly fault?: (value: T) => string | undefined;
}

export const VALUE_FORMATS: { readonly [T in ValueTopic]: Format<TopicValues[T]> } = {
  [ORDER_INTENTS]: {
    subject: 'order-intents-value',
    limits: RECORD_LIMITS[ORDER_INTENTS],
    write: writeOrderIntent,
    read: readOrderIntent,
    fault: intentFault,
  },
  [MARKET_PRICES]: {
    subject: 'market-prices-value',
    limits: RECORD_LIMITS[MARKET_PRICES],
    write: writePriceUpdated,
    read: readPriceUpdated,
    fault: priceFault,
  },
  [CONTROL_EVENTS]: {
    subject: 'control-events-value',
    limits: RECORD_LIMITS[CONTROL_EVENTS],
    write: writeControlEvent,
    read: readControlEvent,
    fault: controlFault,
  },
  [EXECUTION_EVENTS]: {
    subject: 'execution-events-value',
    limits: RECORD_LIMITS[EXECUTION_EVENTS],
    write: writeExecutionEvent,
    read: readExecutionEvent,
    fault: executionFault,
  },
  [DECISIONS]: { subject: 'decisions-value', limits: RECORD_LIMITS[DECISIONS], write: writeDecision, read: readDecision },
  [AUDIT_RECORDS]: {
    subject: 'audit-records-value',
    limits: RECORD_LIMITS[AUDIT_RECORDS],
    write: (writer, { record, hash }) => {
      writeAuditBody(writer, record, {});
      writer.fixed(hash, SHA256_BYTES);
    },
    read: readSealedAudit,
  },
  [POLICY_STATE]: {
    subject: 'policy-state-value',
    limits: RECORD_LIMITS[POLICY_STATE],
    write: writeStateEntity,
    read: readStateEntity,
  },
  [AUDIT_CHECKPOINTS]: {
    subject: 'audit-checkpoints-value',
    limits: RECORD_LIMITS[AUDIT_CHECKPOINTS],
    write: writeCheckpoint,
    read: readCheckpoint,
  },
};

const INTENT_KEY = { limits: KEY_LIMITS, write: writeIntentKey, read: readIntentKey };

export const KEY_FORMATS: { readonly [T in KeyTopic]: Format<TopicKeys[T]> } = {
  [EXECUTION_EVENTS]: { subject: 'execution-events-key', ...INTENT_KEY },
  [DECISIONS]: { subject: 'decisions-key', ...INTENT_KEY },
  [AUDIT_RECORDS]: { subject: 'audit-records-key', ...INTENT_KEY },
  [POLICY_STATE]: { subject: 'policy-state-key', limits: KEY_LIMITS, write: writeStateKey, read: readStateKey },
};
