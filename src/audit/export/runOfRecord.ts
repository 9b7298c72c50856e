/** Which run a record is about, by its key alone: that is there for what cannot be decoded, too. */
import type { Codec } from '../../contracts/avro/codec';
import type { KeyTopic } from '../../contracts/avro/formats';
import { KEY_FORMATS } from '../../contracts/avro/formats';
import { runIdFault } from '../../contracts/runId';
import { CONTROL_EVENTS, DEAD_LETTERS, EVERY_RUN, ORDER_INTENTS, TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';

/** Null: of no run, or of every one. */
export const runOfRecord = (codec: Codec, record: BusRecord): string | null => {
  const text = keyedRun(codec, topicOfKey(record), record.key);
  return text === undefined || runIdFault(text) !== undefined ? null : text;
};

/** A control event that is meant for every run. */
export const isForEveryRun = (codec: Codec, record: BusRecord): boolean =>
  record.topic === CONTROL_EVENTS && keyedRun(codec, CONTROL_EVENTS, record.key) === EVERY_RUN;

/** A dead letter has the key of where it came from. */
const topicOfKey = ({ topic, headers }: BusRecord): Topic =>
  topic === DEAD_LETTERS ? (TOPICS.find((name) => name === headers.topic) ?? DEAD_LETTERS) : topic;

const keyedRun = (codec: Codec, topic: Topic, key: Uint8Array | null): string | undefined => {
  if (key === null) return undefined;
  if (topic === ORDER_INTENTS || topic === CONTROL_EVENTS) return textOf(key);
  if (!isKeyTopic(topic)) return undefined;
  const decoded = codec.decodeKey(topic, key);
  return decoded.ok ? decoded.value.run_id : undefined;
};

const isKeyTopic = (topic: Topic): topic is KeyTopic => topic in KEY_FORMATS;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textOf = (key: Uint8Array): string | undefined => {
  try {
    return UTF8.decode(key);
  } catch {
    return undefined;
  }
};
