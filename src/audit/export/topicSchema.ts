/**
 * What an exported file says of itself: its schemas. In a container each record has its place on the log, its key and headers, and its value by the
 * topic's own schema, so that any Avro library reads it. Source: docs/contracts.md, "Exports".
 */
import type { RegisteredSchemas } from '../../contracts/avro/registeredSchemas';
import type { Subject } from '../../contracts/avro/schemas';
import { recordNameOf, schemaText, SUBJECTS } from '../../contracts/avro/schemas';
import type { Topic } from '../../contracts/topics';

/** One version of the schema of a topic's values. */
export interface ValueSchema {
  /** Under which it is registered. */
  readonly id: number;
  readonly text: string;
}

/** The schemas of a topic's values and keys, all versions, by id, in order of the ids. Dead letters have none. */
export const schemasOfTopic = (topic: Topic, schemas: ReadonlyMap<number, string>): ReadonlyMap<number, string> => {
  const names = new Set(
    SUBJECTS.filter(({ subject }) => isOf(topic, subject)).map(({ record }) => recordNameOf(schemaText(record))),
  );
  return new Map([...schemas].filter(([, text]) => names.has(recordNameOf(text))).sort(([a], [b]) => a - b));
};

/**
 * The schema by which the values of a new file are typed: that of its first record, so that the log of an older version reads as well as one of today;
 * today's where the first value names none. Undefined: the topic has no schema.
 */
export const valueSchemaFor = (
  topic: Topic,
  { ids, schemas }: RegisteredSchemas,
  first: Uint8Array | null,
): ValueSchema | undefined => {
  const value = SUBJECTS.find(({ subject }) => subject === `${topic}-value`);
  if (value === undefined) return undefined;
  const name = recordNameOf(schemaText(value.record));
  const written = first === null ? undefined : schemaIdOf(first);
  for (const id of [written, ids.get(value.subject)]) {
    const text = id === undefined || id > MOST_SCHEMA_ID ? undefined : schemas.get(id);
    if (id !== undefined && text !== undefined && recordNameOf(text) === name) return { id, text };
  }
  return undefined;
};

/** What an Avro int holds. */
const MOST_SCHEMA_ID = 0x7fff_ffff;
/** A zero byte and the id. */
export const HEADER_BYTES = 5;

/** The schema id that stands before a value; undefined: none does. */
export const schemaIdOf = (value: Uint8Array): number | undefined =>
  value.length < HEADER_BYTES || value[0] !== 0
    ? undefined
    : (((value[1] ?? 0) << 24) | ((value[2] ?? 0) << 16) | ((value[3] ?? 0) << 8) | (value[4] ?? 0)) >>> 0;

/** The schema of a container whose values are typed by `value`. */
export const containerSchema = (value: ValueSchema | undefined): string =>
  JSON.stringify({
    type: 'record',
    name: 'ExportedRecord',
    namespace: 'policygate',
    doc: 'A record of a topic, as it is on the log.',
    fields: [
      { name: 'partition', type: 'int' },
      { name: 'offset', type: 'long' },
      { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'key', type: ['null', 'bytes'], doc: 'As on the log, with its schema id where it is Avro.' },
      { name: 'headers', type: { type: 'map', values: 'string' } },
      { name: 'schema_id', type: ['null', 'int'], doc: 'On the log, a zero byte and this id stand before a typed value.' },
      {
        name: 'value',
        type: ['null', 'bytes', ...(value === undefined ? [] : [JSON.parse(value.text) as unknown])],
        doc: 'By its schema; as bytes, header included, where it is of another version or cannot be read; null: a tombstone.',
      },
    ],
  });

const isOf = (topic: Topic, subject: Subject): boolean => subject === `${topic}-value` || subject === `${topic}-key`;
