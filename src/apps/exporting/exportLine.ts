/**
 * A record of an export as a line of JSON: decoded for people, and its bytes in base64 for programs. What people read must be what the bytes say, so the
 * line is made again from the bytes whenever it is read. Source: docs/contracts.md, "Exports".
 */
import { ExportFault } from '../../audit/export/exportFault';
import type { Codec } from '../../contracts/avro/codec';
import { jsonString } from '../../contracts/json/write';
import { formatRfc3339, parseRfc3339 } from '../../contracts/timestamp';
import type { Topic } from '../../contracts/topics';
import { TOPICS } from '../../contracts/topics';
import type { BusRecord, Headers } from '../../processor/bus';
import { decodeRecord } from '../records/decodedRecord';
import { dayOf } from '../../audit/export/filePath';

/** Without the line end. Throws an ExportFault for a time that is no whole number of milliseconds. */
export const exportLine = (codec: Codec, record: BusRecord): string => {
  const { topic, partition, offset, timestamp, headers } = record;
  if (!Number.isSafeInteger(timestamp))
    throw new ExportFault(`${topic}/${partition}@${offset}: the time ${timestamp} is no whole number of milliseconds`);
  const { key, value } = decodeRecord(codec, record);
  const faults = [key, value].flatMap((part) => (part === undefined || part.ok ? [] : [part.error]));
  return (
    `{"topic":${jsonString(topic)},"partition":${partition},"offset":${offset},"timestamp":${timeText(timestamp)}` +
    `,"headers":${headersText(headers)}` +
    (key.ok ? `,"key":${key.value.text}` : '') +
    (faults.length === 0 ? '' : `,"fault":${jsonString(faults.join('; '))}`) +
    (value?.ok === true ? `,"value":${value.value.text}` : '') +
    `,"key_base64":${base64(record.key)},"value_base64":${base64(record.value)}}`
  );
};

/** The record of a line. Throws an ExportFault where the line is not what `exportLine` makes of it. */
export const readExportLine = (codec: Codec, line: string): BusRecord => {
  let json: Partial<Readonly<Record<string, unknown>>>;
  try {
    json = JSON.parse(line) as Partial<Readonly<Record<string, unknown>>>;
  } catch {
    throw new ExportFault('it is no JSON');
  }
  const topic = topicOf(json);
  const { partition, offset } = json;
  const timestamp = typeof json.timestamp === 'string' ? parseRfc3339(json.timestamp) : json.timestamp;
  const [key, value] = [bytesOf(json.key_base64), bytesOf(json.value_base64)];
  const headers = headersOf(json.headers);
  if (topic === undefined || !isCount(partition) || !isCount(offset) || typeof timestamp !== 'number')
    throw new ExportFault('topic, partition, offset or timestamp are missing; expected a line of `policygate export`');
  if (key === undefined || value === undefined || headers === undefined)
    throw new ExportFault('headers, key_base64 or value_base64 are missing; expected a line of `policygate export`');
  const record: BusRecord = { topic, partition, offset, timestamp, headers, key, value };
  if (exportLine(codec, record) !== line)
    throw new ExportFault('what it says is not what its bytes say: it was altered, or written by another version');
  return record;
};

/** The topic that a line says it is of. */
export const topicOf = (json: unknown): Topic | undefined =>
  TOPICS.find((name) => name === (json as { readonly topic?: unknown } | null)?.topic);

/** RFC 3339; a number of milliseconds that has no such text stays one. */
const timeText = (time: number): string => (dayOf(time) === null ? String(time) : jsonString(formatRfc3339(time)));

const headersText = (headers: Headers): string =>
  `{${Object.entries(headers)
    .map(([name, text]) => `${jsonString(name)}:${jsonString(text)}`)
    .join(',')}}`;

const headersOf = (json: unknown): Headers | undefined =>
  typeof json === 'object' && json !== null && Object.values(json).every((text) => typeof text === 'string')
    ? (json as Headers)
    : undefined;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const base64 = (bytes: Uint8Array | null): string =>
  bytes === null ? 'null' : `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`;

/** Undefined: no such value. Other spellings of the same bytes do not come back the same. */
const bytesOf = (json: unknown): Buffer | null | undefined =>
  json === null ? null : typeof json === 'string' ? Buffer.from(json, 'base64') : undefined;
