/** A record as one line of JSON, and whether it is one of those that were asked for. Source: docs/commands.md, "What tail prints". */
import type { Codec } from '../../contracts/avro/codec';
import { jsonString } from '../../contracts/json/write';
import { mapText } from '../../contracts/documents/writeDocument';
import type { Verdict } from '../../contracts/messages';
import { formatRfc3339 } from '../../contracts/timestamp';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS, CONTROL_EVENTS, DEAD_LETTERS, DECISIONS, EVERY_RUN } from '../../contracts/topics';
import { EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS, POLICY_STATE } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import { decodeRecord } from './decodedRecord';
import type { About, DecodedRecord } from './decodedRecord';

/** What is asked of a record; undefined: anything. */
export interface RecordFilter {
  /** This run, or every run (`*`). */
  readonly run?: string | undefined;
  readonly intent?: string | undefined;
  readonly decision?: Verdict | undefined;
  readonly rule?: string | undefined;
}

/** What the records of a topic can be asked for. */
export const FILTERS: Readonly<Record<Topic, readonly (keyof RecordFilter)[]>> = {
  [ORDER_INTENTS]: ['run', 'intent'],
  [MARKET_PRICES]: [],
  [CONTROL_EVENTS]: ['run'],
  [EXECUTION_EVENTS]: ['run', 'intent'],
  [DECISIONS]: ['run', 'intent', 'decision', 'rule'],
  [AUDIT_RECORDS]: ['run', 'intent', 'decision', 'rule'],
  [POLICY_STATE]: ['run', 'intent', 'decision', 'rule'],
  [DEAD_LETTERS]: ['run', 'intent'],
  [AUDIT_CHECKPOINTS]: [],
};

/** The line of a record that the filter lets through; else undefined. What cannot be decoded is judged by what can. */
export const recordLine = (codec: Codec, record: BusRecord, filter: RecordFilter): string | undefined => {
  const decoded = decodeRecord(codec, record);
  const about: About = {
    ...(decoded.key.ok ? decoded.key.value.about : {}),
    ...(decoded.value?.ok === true ? decoded.value.value.about : {}),
  };
  return matches(about, filter) ? lineOf(record, decoded) : undefined;
};

const matches = (about: About, { run, intent, decision, rule }: RecordFilter): boolean =>
  (run === undefined || about.run === run || about.run === EVERY_RUN) &&
  (intent === undefined || about.intent === intent) &&
  (decision === undefined || about.decision === decision) &&
  (rule === undefined || (about.rules?.includes(rule) ?? false));

const lineOf = (record: BusRecord, { key, value }: DecodedRecord): string => {
  const { topic, partition, offset, headers } = record;
  const faults = [key, value].flatMap((part) => (part === undefined || part.ok ? [] : [part.error]));
  return (
    `{"topic":${jsonString(topic)},"partition":${partition},"offset":${offset},"timestamp":${timeText(record.timestamp)}` +
    (key.ok ? `,"key":${key.value.text}` : `,"key_base64":${base64(record.key)}`) +
    (Object.keys(headers).length === 0 ? '' : `,"headers":${mapText(new Map(Object.entries(headers)), jsonString)}`) +
    (faults.length === 0 ? '' : `,"fault":${jsonString(faults.join('; '))}`) +
    (value?.ok === true ? `,"value":${value.value.text}}` : `,"value_base64":${base64(record.value)}}`)
  );
};

const FIRST_YEAR = Date.parse('0000-01-01T00:00:00Z');
const LAST_YEAR = Date.parse('9999-12-31T23:59:59.999Z');

/** RFC 3339; a number of milliseconds that has no such text stays one. */
const timeText = (time: number): string =>
  time >= FIRST_YEAR && time <= LAST_YEAR ? jsonString(formatRfc3339(time)) : String(time);

const base64 = (bytes: Uint8Array | null): string =>
  bytes === null ? 'null' : `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`;
