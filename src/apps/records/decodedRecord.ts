/**
 * A record of any topic, decoded for people: its key and value as JSON texts, and what it is about. Bytes that cannot be decoded are a fault that is
 * shown, with the bytes; nothing here throws for what a record holds.
 */
import type { Codec } from '../../contracts/avro/codec';
import type { Decoded } from '../../contracts/avro/decoded';
import { describeFault } from '../../contracts/avro/decoded';
import type { ValueTopic } from '../../contracts/avro/formats';
import { controlLineText } from '../../contracts/documents/controlEvents';
import { priceText } from '../../contracts/documents/priceUpdates';
import {
  auditText,
  checkpointText,
  executionText,
  publishedDecisionText,
  stateEntityText,
} from '../../contracts/documents/recordTexts';
import { orderIntentText } from '../../contracts/documents/writeDocument';
import { jsonString } from '../../contracts/json/write';
import type { IntentKey, PublishedDecision, StateEntity, StateKey, Verdict } from '../../contracts/messages';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import {
  AUDIT_CHECKPOINTS,
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
  TOPICS,
} from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';

/** What a record is about, as far as it says. */
export interface About {
  /** `*`: every run. */
  readonly run?: string;
  readonly intent?: string;
  readonly decision?: Verdict;
  readonly rules?: readonly string[];
}

/** A part of a record as JSON. */
interface Part {
  readonly text: string;
  readonly about: About;
}

export interface DecodedRecord {
  readonly key: Result<Part, string>;
  /** Undefined: bytes that are no record of a topic (a dead letter). */
  readonly value: Result<Part, string> | undefined;
}

export const decodeRecord = (codec: Codec, record: BusRecord): DecodedRecord => {
  const key = keyOf(codec, keyTopicOf(record), record.key);
  if (record.topic === DEAD_LETTERS) return { key, value: undefined };
  if (record.topic === POLICY_STATE && record.value === null) return { key, value: succeeded({ text: 'null', about: {} }) };
  return { key, value: valueOf(codec, record.topic, record.value, key) };
};

/** A dead letter has the key of where it came from. */
const keyTopicOf = ({ topic, headers }: BusRecord): Topic =>
  topic === DEAD_LETTERS ? (TOPICS.find((name) => name === headers.topic) ?? DEAD_LETTERS) : topic;

const keyOf = (codec: Codec, topic: Topic, key: Uint8Array | null): Result<Part, string> => {
  if (key === null) return succeeded({ text: 'null', about: {} });
  switch (topic) {
    case EXECUTION_EVENTS:
    case DECISIONS:
    case AUDIT_RECORDS:
      return partOf(codec.decodeKey(topic, key), intentKeyText, aboutIntent);
    case POLICY_STATE:
      return partOf(codec.decodeKey(topic, key), stateKeyText, aboutEntity);
    case ORDER_INTENTS:
    case CONTROL_EVENTS:
      return textKey(key, (run) => ({ run }));
    case MARKET_PRICES:
    case DEAD_LETTERS:
    case AUDIT_CHECKPOINTS:
      return textKey(key, () => ({}));
  }
};

const valueOf = (codec: Codec, topic: ValueTopic, value: Uint8Array | null, key: Result<Part, string>): Result<Part, string> => {
  switch (topic) {
    case ORDER_INTENTS:
      return partOf(codec.decodeValue(topic, value), orderIntentText, ({ intent_id }) => ({ intent: intent_id }));
    case MARKET_PRICES:
      return partOf(codec.decodeValue(topic, value), priceText, () => ({}));
    case CONTROL_EVENTS: {
      const run = key.ok ? key.value.about.run : undefined;
      return partOf(
        codec.decodeValue(topic, value),
        (control) => controlLineText(run ?? '', control),
        () => ({}),
      );
    }
    case EXECUTION_EVENTS:
      return partOf(codec.decodeValue(topic, value), (event) => executionText(event), aboutIntent);
    case DECISIONS:
      return partOf(codec.decodeValue(topic, value), publishedDecisionText, aboutDecision);
    case AUDIT_RECORDS:
      return partOf(
        codec.decodeValue(topic, value),
        ({ record, hash }) => auditText(record, hash),
        ({ record }) => ({
          run: record.run_id,
          ...(record.decision === null ? {} : aboutDecision(record.decision)),
          ...(record.kill_switch === null ? {} : { rules: record.kill_switch.rule_ids }),
          ...(record.execution === null ? {} : { intent: record.execution.intent_id }),
          ...(record.intent === null ? {} : { intent: record.intent.intent_id }),
        }),
      );
    case POLICY_STATE:
      return partOf(codec.decodeValue(topic, value), stateEntityText, aboutState);
    case AUDIT_CHECKPOINTS:
      return partOf(codec.decodeValue(topic, value), checkpointText, () => ({}));
  }
};

const partOf = <T>(decoded: Decoded<T>, textOf: (value: T) => string, aboutOf: (value: T) => About): Result<Part, string> =>
  decoded.ok ? succeeded({ text: textOf(decoded.value), about: aboutOf(decoded.value) }) : failed(describeFault(decoded.error));

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const textKey = (key: Uint8Array, aboutOf: (text: string) => About): Result<Part, string> => {
  try {
    const text = UTF8.decode(key);
    return succeeded({ text: jsonString(text), about: aboutOf(text) });
  } catch {
    return failed('key: not UTF-8; expected text');
  }
};

const intentKeyText = ({ intent_id, run_id }: IntentKey): string =>
  `{"intent_id":${jsonString(intent_id)},"run_id":${jsonString(run_id)}}`;

const stateKeyText = ({ id, kind, run_id }: StateKey): string =>
  `{"id":${jsonString(id)},"kind":${jsonString(kind)},"run_id":${jsonString(run_id)}}`;

const aboutIntent = ({ run_id, intent_id }: IntentKey): About => ({ run: run_id, intent: intent_id });

const aboutEntity = ({ run_id, kind, id }: StateKey): About => ({ run: run_id, ...(kind === 'intent' ? { intent: id } : {}) });

const aboutDecision = ({ run_id, intent_id, decision, violations }: PublishedDecision): About => ({
  run: run_id,
  intent: intent_id,
  decision,
  rules: violations.map(({ rule_id }) => rule_id),
});

const aboutState = (entity: StateEntity): About =>
  entity.kind === 'intent' ? { decision: entity.decision, rules: entity.rule_ids } : {};
