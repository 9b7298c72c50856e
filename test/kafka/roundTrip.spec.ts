/** Every kind of message, through the broker and with the ids of a real registry: what was written is what is read, by today's schema and by others. */
import fc from 'fast-check';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { schemaIdentity } from '../../src/bus/kafka/schemaIdentity';
import {
  anyAudit,
  anyCheckpoint,
  anyControl,
  anyDecision,
  anyEntity,
  anyExecution,
  anyHash,
  anyIntent,
  anyIntentKey,
  anyPrice,
  anyStateKey,
} from '../../src/contracts/avro/arbitraries';
import { Codec } from '../../src/contracts/avro/codec';
import { parseSchema } from '../../src/contracts/avro/compatibility';
import {
  exampleAudit,
  exampleCheckpoint,
  exampleControl,
  exampleDecision,
  exampleDenial,
  exampleEntities,
  exampleExecution,
  exampleHash,
  exampleIntent,
  exampleTrip,
} from '../../src/contracts/avro/examples';
import type { KeyTopic, TopicKeys, TopicValues, ValueTopic } from '../../src/contracts/avro/formats';
import { KEY_FORMATS, VALUE_FORMATS } from '../../src/contracts/avro/formats';
import { genericOf } from '../../src/contracts/avro/generic';
import type { Subject } from '../../src/contracts/avro/schemas';
import { schemaText, SUBJECTS } from '../../src/contracts/avro/schemas';
import { decimal } from '../../src/contracts/decimal';
import { AUDIT_RECORDS, CONTROL_EVENTS, DEAD_LETTERS, ORDER_INTENTS, TOPICS } from '../../src/contracts/topics';
import type { Topic } from '../../src/contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { freshTopics } from '../support/kafka/freshTopics';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';

const SAMPLES = { numRuns: 60, seed: 20_260_224 };

const VALUES: { readonly [T in ValueTopic]: readonly TopicValues[T][] } = {
  'order-intents': [exampleIntent, ...fc.sample(anyIntent, SAMPLES)],
  'market-prices': [{ symbol: 'AAPL', price: decimal('200') }, ...fc.sample(anyPrice, SAMPLES)],
  'control-events': [exampleControl, ...fc.sample(anyControl, SAMPLES)],
  'execution-events': [exampleExecution, ...fc.sample(anyExecution, SAMPLES)],
  decisions: [exampleDecision, exampleDenial, ...fc.sample(anyDecision, SAMPLES)],
  'audit-records': [
    { record: exampleAudit, hash: exampleHash },
    { record: exampleTrip, hash: exampleHash },
    ...fc.sample(fc.record({ record: anyAudit, hash: anyHash }), SAMPLES),
  ],
  'policy-state': [...Object.values(exampleEntities), ...fc.sample(anyEntity, SAMPLES)],
  'audit-checkpoints': [exampleCheckpoint, ...fc.sample(anyCheckpoint, SAMPLES)],
};
const KEYS: { readonly [T in KeyTopic]: readonly TopicKeys[T][] } = {
  'execution-events': fc.sample(anyIntentKey, SAMPLES),
  decisions: fc.sample(anyIntentKey, SAMPLES),
  'audit-records': fc.sample(anyIntentKey, SAMPLES),
  'policy-state': fc.sample(anyStateKey, SAMPLES),
};
const isValueTopic = (topic: Topic): topic is ValueTopic => topic in VALUE_FORMATS;
const isKeyTopic = (topic: Topic): topic is KeyTopic => topic in KEY_FORMATS;

interface SchemaOfRecord {
  readonly name: string;
  readonly fields: { readonly name: string; readonly default?: unknown }[];
}

describeKafka('through Kafka, with the ids of a registry', () => {
  const { registryUrl } = kafkaOrNone();
  const url = registryUrl.replace(/\/+$/, '');
  const registry = { url };
  let options: KafkaOptions;
  let bus: Bus;
  beforeEach(async () => {
    options = await freshTopics();
    bus = await openKafkaBus(options);
  }, 60_000);
  afterEach(() => bus.close());

  const codecNow = async (): Promise<Codec> => new Codec(await registeredSchemas(registry, options.topicPrefix));
  const ask = async (path: string, body?: object): Promise<{ readonly id: number; readonly schema: string }> => {
    const answer = await fetch(`${url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { id: number; schema: string };
  };
  const write = async (records: readonly OutgoingRecord[]): Promise<void> => {
    const writer = await bus.writer('round-trip');
    await writer.commit(records);
    await writer.close();
  };
  const readAll = async (topic: Topic): Promise<readonly BusRecord[]> => {
    const records: BusRecord[] = [];
    for await (const record of recordsTo(bus, { topic, partition: 0, offset: 0 })) records.push(record);
    return records;
  };
  const recordOf = (topic: Topic, value: Uint8Array, key: Uint8Array | null = null): OutgoingRecord => ({
    topic,
    partition: 0,
    // policy-state is compacted, and takes no record without a key.
    key: key ?? Buffer.from('k'),
    value,
    timestamp: 1_771_925_400_000,
  });

  it('comes back what was written, on every topic and of every kind', async () => {
    await registerSchemas(registry, options.topicPrefix);
    const codec = await codecNow();
    for (const topic of TOPICS) {
      if (!isValueTopic(topic)) {
        expect(topic).toBe(DEAD_LETTERS);
        continue;
      }
      const values: readonly TopicValues[ValueTopic][] = VALUES[topic];
      const keys = isKeyTopic(topic) ? (KEYS[topic] as readonly TopicKeys[KeyTopic][]) : [];
      const keyAt = (place: number): Uint8Array | null =>
        isKeyTopic(topic) ? codec.encodeKey(topic, keys[place % keys.length] as never) : null;
      await write(values.map((value, place) => recordOf(topic, codec.encodeValue(topic, value as never), keyAt(place))));
      const records = await readAll(topic);
      expect(records.map(({ value }) => codec.decodeValue(topic, value))).toEqual(
        values.map((value) => ({ ok: true, value, body: expect.any(Uint8Array) })),
      );
      if (!isKeyTopic(topic)) continue;
      expect(records.map(({ key }) => codec.decodeKey(topic, key))).toEqual(
        values.map((_, place) => ({ ok: true, value: keys[place % keys.length], body: expect.any(Uint8Array) })),
      );
    }
  }, 60_000);

  it('carries the id that the registry gave the subject', async () => {
    await registerSchemas(registry, options.topicPrefix);
    const codec = await codecNow();
    for (const { subject, record } of SUBJECTS) {
      const topic = subject.replace(/-(value|key)$/, '') as Topic;
      let bytes: Buffer;
      if (subject.endsWith('-value') && isValueTopic(topic)) bytes = codec.encodeValue(topic, VALUES[topic][0] as never);
      else if (isKeyTopic(topic)) bytes = codec.encodeKey(topic, KEYS[topic][0] as never);
      else throw new Error(subject);
      const { id } = await ask(`/subjects/${options.topicPrefix}${subject}/versions/latest`);
      expect([subject, bytes.readUInt8(0), bytes.readUInt32BE(1)]).toEqual([subject, 0, id]);
      expect(schemaIdentity((await ask(`/schemas/ids/${id}`)).schema)).toBe(schemaIdentity(schemaText(record)));
    }
  }, 60_000);

  it('is read today what was written before a field was there', async () => {
    const older = new Map<Subject, { readonly text: string; readonly lacks: string; readonly id: number }>();
    for (const { subject, record } of SUBJECTS) {
      const found = withoutOneField(schemaText(record));
      if (found === undefined) continue;
      const { id } = await ask(`/subjects/${options.topicPrefix}${subject}/versions`, { schema: found.text });
      older.set(subject, { ...found, id });
    }
    // Every record that has grown, or can: those whose fields all lack a default have not.
    expect([...older.keys()]).toEqual(expect.arrayContaining(['order-intents-value', 'decisions-value', 'audit-records-value']));
    await registerSchemas(registry, options.topicPrefix);
    const codec = await codecNow();
    for (const { subject, record } of SUBJECTS) {
      const topic = subject.replace(/-value$/, '') as Topic;
      const before = older.get(subject);
      if (before === undefined || !isValueTopic(topic)) continue;
      const { text, lacks, id } = before;
      const generics = (VALUES[topic] as readonly object[]).map((value) => ({
        value,
        generic: genericOf(schemaText(record), flat(topic, value)) as Readonly<Record<string, unknown>>,
      }));
      // A later kind of control event stands in a field beside the others: who lacks the field cannot write it.
      const writable = generics.filter(({ generic }) => topic !== CONTROL_EVENTS || generic[lacks] === null);
      const values = writable.map(({ value }) => value);
      const wire = writable.map(({ generic }) => Buffer.concat([headerOf(id), parseSchema(text).toBuffer(generic)]));
      await write(wire.map((value) => recordOf(topic, value)));
      const back = (await readAll(topic)).map(({ value }) => codec.decodeValue(topic, value));
      // What the field is without having been written: the value's own by the current schema, with the default in its place.
      const standard = (JSON.parse(schemaText(record)) as SchemaOfRecord).fields.find(({ name }) => name === lacks)?.default;
      expect(back.map((decoded) => (decoded.ok ? flat(topic, decoded.value) : decoded))).toEqual(
        values.map((value) => (topic === CONTROL_EVENTS ? flat(topic, value) : { ...flat(topic, value), [lacks]: standard })),
      );
    }
  }, 60_000);

  it('is read what a later version wrote, once the reader has been started after it was registered; before that its id is unknown', async () => {
    await registerSchemas(registry, options.topicPrefix);
    const before = await codecNow();
    const grown = JSON.parse(schemaText('OrderIntent')) as SchemaOfRecord;
    grown.fields.push({ name: 'venue', type: ['null', 'string'], default: null } as never);
    const text = JSON.stringify(grown);
    const { id } = await ask(`/subjects/${options.topicPrefix}order-intents-value/versions`, { schema: text });
    const generic = genericOf(schemaText('OrderIntent'), exampleIntent) as object;
    const bytes = Buffer.concat([headerOf(id), parseSchema(text).toBuffer({ ...generic, venue: { string: 'XNAS' } })]);
    await write([recordOf(ORDER_INTENTS, bytes)]);
    const [read] = await readAll(ORDER_INTENTS);
    expect((await codecNow()).decodeValue(ORDER_INTENTS, read?.value ?? null)).toMatchObject({ ok: true, value: exampleIntent });
    expect(before.decodeValue(ORDER_INTENTS, read?.value ?? null)).toMatchObject({
      ok: false,
      error: { reason: 'UNKNOWN_SCHEMA_ID' },
    });
  }, 60_000);

  it('is refused what could not be read by those before: the registry answers 409', async () => {
    await registerSchemas(registry, options.topicPrefix);
    const broken = JSON.parse(schemaText('OrderIntent')) as SchemaOfRecord;
    broken.fields.push({ name: 'venue', type: 'string' } as never);
    const path = `/subjects/${options.topicPrefix}order-intents-value/versions`;
    await expect(ask(path, { schema: JSON.stringify(broken) })).rejects.toThrow('409');
  }, 60_000);
});

const headerOf = (id: number): Buffer => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return header;
};

/** The fields as the schema has them: an audit record's hash stands beside the others. */
const flat = (topic: Topic, value: object): object => {
  if (topic !== AUDIT_RECORDS) return value;
  const { record, hash } = value as TopicValues[typeof AUDIT_RECORDS];
  return { ...record, hash };
};

/** The schema without the last of its fields that has a default and names no type that a later field needs. */
const withoutOneField = (text: string): { readonly text: string; readonly lacks: string } | undefined => {
  const schema = JSON.parse(text) as SchemaOfRecord;
  for (const { name, default: standard } of schema.fields.toReversed()) {
    if (standard === undefined) continue;
    const less = JSON.stringify({ ...schema, fields: schema.fields.filter((field) => field.name !== name) });
    try {
      parseSchema(less);
    } catch {
      continue; // what it defines is needed elsewhere
    }
    return { text: less, lacks: name };
  }
  return undefined;
};

/** Outside the tests there is no cluster to name, where they are skipped. */
function kafkaOrNone(): { readonly registryUrl: string } {
  try {
    return kafkaUnderTest();
  } catch {
    return { registryUrl: '' };
  }
}
