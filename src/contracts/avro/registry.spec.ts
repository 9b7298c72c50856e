import { Codec } from './codec';
import { exampleAudit, exampleHash, exampleIntent } from './examples';
import { parseSchema } from './compatibility';
import { genericOf } from './generic';
import { freshSchemas, localRegistry } from './localRegistry';
import { SchemaError } from './schemaError';
import { essenceOf, recordNameOf, schemaText, SUBJECTS } from './schemas';
import type { SchemaStore } from './schemaStore';

const storeOf = (entries: Iterable<readonly [number, string]> = []): SchemaStore & { readonly kept: Map<number, string> } => {
  const kept = new Map(entries);
  return {
    kept,
    all: async () => new Map(kept),
    put: async (id, schema) => {
      if (kept.has(id)) throw new Error(`id ${id} is put twice`);
      kept.set(id, schema);
    },
  };
};

interface RecordJson {
  doc?: string;
  fields: { name: string; type: unknown; default?: unknown; doc?: string }[];
}
/** The current schema of OrderIntent, changed. */
const changed = (change: (schema: RecordJson) => void): string => {
  const schema = JSON.parse(schemaText('OrderIntent')) as RecordJson;
  change(schema);
  return JSON.stringify(schema);
};
const intentSubject = (text: string) => [{ subject: 'order-intents-value' as const, text }];
const withVenue = changed((schema) => schema.fields.push({ name: 'venue', type: ['null', 'string'], default: null }));
const withoutLimitPrice = changed((schema) => void schema.fields.pop());

describe('the schemas', () => {
  it.each(SUBJECTS.map(({ record }) => record))('%s stands alone', (record) => {
    const type = parseSchema(schemaText(record));
    expect(type).toMatchObject({ name: `policygate.${record}`, typeName: 'record' });
    expect(recordNameOf(schemaText(record))).toBe(`policygate.${record}`);
  });
  it('has the hash of an audit record last', () => {
    const { fields } = JSON.parse(schemaText('AuditRecord')) as RecordJson;
    expect(fields.at(-1)?.name).toBe('hash');
  });
  it('says what every record and field is for', () => {
    for (const { record } of SUBJECTS) {
      JSON.parse(schemaText(record), (_, value: unknown) => {
        if (typeof value === 'object' && value !== null && 'name' in value)
          expect(value).toMatchObject({ doc: expect.stringMatching(/\.$/) });
        return value;
      });
    }
  });
});

describe('a local registry', () => {
  it('gives ids from 1 in a fixed order, the same to equal schemas', async () => {
    const { ids, schemas } = await localRegistry(storeOf());
    expect(Object.fromEntries(ids)).toEqual({
      'order-intents-value': 1,
      'market-prices-value': 2,
      'control-events-value': 3,
      'execution-events-value': 4,
      'decisions-value': 5,
      'audit-records-value': 6,
      'policy-state-value': 7,
      'execution-events-key': 8,
      'decisions-key': 8,
      'audit-records-key': 8,
      'policy-state-key': 9,
      'audit-checkpoints-value': 10,
    });
    expect({ ids, schemas }).toEqual(freshSchemas());
  });
  it('gives the same ids after a restart, and puts nothing', async () => {
    const store = storeOf();
    const first = await localRegistry(store);
    expect(await localRegistry(store)).toEqual(first);
    expect(store.kept.size).toBe(10);
  });
  it('keeps the id when only a doc has changed', async () => {
    const store = storeOf();
    await localRegistry(store);
    const { ids } = await localRegistry(store, intentSubject(changed((schema) => (schema.doc = 'Other words.'))));
    expect(ids.get('order-intents-value')).toBe(1);
  });
  it('gives a grown schema the next id, and keeps the old one', async () => {
    const store = storeOf();
    await localRegistry(store);
    const { ids, schemas } = await localRegistry(store, intentSubject(withVenue));
    expect(ids.get('order-intents-value')).toBe(11);
    expect(essenceOf(schemas.get(1) ?? '')).toBe(essenceOf(schemaText('OrderIntent')));
  });
  it.each([
    [
      'a new field without a default',
      changed((schema) => schema.fields.push({ name: 'venue', type: 'string' })),
      'cannot read the old one',
    ],
    ['a field less that had no default', changed((schema) => void schema.fields.shift()), 'old schema cannot read the new one'],
    ['a field of another type', changed((schema) => (schema.fields[0]!.type = 'long')), 'cannot read'],
  ])('refuses %s', async (_, text, reason) => {
    const store = storeOf();
    await localRegistry(store);
    await expect(localRegistry(store, intentSubject(text))).rejects.toThrow(SchemaError);
    await expect(localRegistry(store, intentSubject(text))).rejects.toThrow(reason);
    expect(store.kept.size).toBe(10);
  });
  it('refuses a schema that any earlier version cannot read, not just the last', async () => {
    const store = storeOf();
    await localRegistry(store);
    await localRegistry(store, intentSubject(withVenue));
    const venueIsANumber = changed((schema) => schema.fields.push({ name: 'venue', type: ['null', 'long'], default: null }));
    await expect(localRegistry(store, intentSubject(venueIsANumber))).rejects.toThrow('version 11');
  });
  it('says which schema is damaged', () =>
    expect(localRegistry(storeOf([[3, '{"type":']]))).rejects.toThrow('schema 3 of the local registry is damaged'));
});

describe('an older schema', () => {
  const fresh = freshSchemas();
  const codecWith = (text: string): Codec => new Codec({ ids: fresh.ids, schemas: new Map([...fresh.schemas, [40, text]]) });
  const wire = (text: string, extra: Readonly<Record<string, unknown>> = {}): Buffer => {
    const value = genericOf(schemaText('OrderIntent'), exampleIntent) as Readonly<Record<string, unknown>>;
    return Buffer.concat([Buffer.of(0, 0, 0, 0, 40), parseSchema(text).toBuffer({ ...value, ...extra })]);
  };
  const current = new Codec(fresh).encodeValue('order-intents', exampleIntent).subarray(5);

  it('that lacks a field is read with the default, and gives the bytes of today', () => {
    const decoded = codecWith(withoutLimitPrice).decodeValue('order-intents', wire(withoutLimitPrice));
    expect(decoded).toMatchObject({ ok: true, value: { ...exampleIntent, limit_price: null } });
  });
  it('that has a field more is read without it', () => {
    const decoded = codecWith(withVenue).decodeValue('order-intents', wire(withVenue, { venue: { string: 'XNAS' } }));
    expect(decoded).toMatchObject({ ok: true, value: exampleIntent });
    expect(decoded.ok && Buffer.compare(decoded.body, current)).toBe(0);
  });
  it('is read under the same bounds', () => {
    const codec = codecWith(withVenue);
    const good = wire(withVenue, { venue: { string: 'XNAS' } });
    const badText = Buffer.from(good);
    badText[6] = 0xff;
    expect(codec.decodeValue('order-intents', badText)).toMatchObject({ ok: false, error: { reason: 'INVALID_VALUE' } });
    expect(codec.decodeValue('order-intents', good.subarray(0, -1))).toMatchObject({ ok: false, error: { reason: 'TRUNCATED' } });
    expect(codec.decodeValue('order-intents', Buffer.concat([good, good]))).toMatchObject({
      ok: false,
      error: { reason: 'TRAILING_BYTES' },
    });
  });
  it('of audit records leaves the bytes that the hash is of as they were', () => {
    const schema = JSON.parse(schemaText('AuditRecord')) as RecordJson;
    schema.fields.splice(-1, 0, { name: 'extra', type: ['null', 'string'], default: null });
    const generic = genericOf(schemaText('AuditRecord'), { ...exampleAudit, hash: exampleHash }) as Readonly<
      Record<string, unknown>
    >;
    const written = parseSchema(JSON.stringify(schema)).toBuffer({ ...generic, extra: { string: 'more' } });
    const decoded = codecWith(JSON.stringify(schema)).decodeAudit(Buffer.concat([Buffer.of(0, 0, 0, 0, 40), written]));
    expect(decoded).toEqual({ ok: true, value: { record: exampleAudit, hash: exampleHash, hashed: written.subarray(0, -32) } });
  });
  it('is refused on another topic', () =>
    expect(codecWith(withVenue).decodeValue('market-prices', wire(withVenue, { venue: null }))).toMatchObject({
      ok: false,
      error: { reason: 'UNKNOWN_SCHEMA_ID' },
    }));
  it('that does not resolve is refused when the codec is made', () =>
    expect(() => codecWith(changed((schema) => (schema.fields[0]!.type = 'long')))).toThrow(TypeError));
  it('a codec needs an id for each subject', () =>
    expect(() => new Codec({ ids: new Map(), schemas: new Map() })).toThrow(
      'no schema id is registered for order-intents-value',
    ));
});
