import { schemaText, SUBJECTS } from '../../contracts/avro/schemas';
import { schemaIdentity } from './schemaIdentity';

type Json = Readonly<Record<string, unknown>>;

/** As Java's Avro writes a schema: keys in another order, names without the namespace that they inherit, no docs. */
const asOtherRegistriesWrite = (schema: unknown, namespace: string): unknown => {
  if (typeof schema === 'string') return schema.startsWith(`${namespace}.`) ? schema.slice(namespace.length + 1) : schema;
  if (Array.isArray(schema)) return schema.map((branch) => asOtherRegistriesWrite(branch, namespace));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { type, namespace: own, ...rest } = schema as Json;
  const inner = typeof own === 'string' ? own : namespace;
  const written: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest).reverse()) {
    if (key === 'doc') continue;
    if (key === 'fields')
      written[key] = (value as readonly Json[]).map(({ name, type: of, ...more }) => ({
        ...more,
        doc: 'Other words.',
        type: asOtherRegistriesWrite(of, inner),
        name,
      }));
    else if (key === 'items' || key === 'values') written[key] = asOtherRegistriesWrite(value, inner);
    else written[key] = value;
  }
  if (typeof own === 'string' && own !== namespace) written.namespace = own;
  return { ...written, type: typeof type === 'string' ? type : asOtherRegistriesWrite(type, inner) };
};

describe('schemaIdentity', () => {
  const records = [...new Set(SUBJECTS.map(({ record }) => record))];
  it.each(records)('is the same for %s however a registry writes it', (record) => {
    const text = schemaText(record);
    const other = JSON.stringify(asOtherRegistriesWrite(JSON.parse(text), ''), null, 2);
    expect(other).not.toBe(text);
    expect(schemaIdentity(other)).toBe(schemaIdentity(text));
  });
  it('is another for each of our records', () =>
    expect(new Set(records.map((record) => schemaIdentity(schemaText(record)))).size).toBe(records.length));
  const field = (type: unknown, more: object = {}): string =>
    JSON.stringify({ type: 'record', name: 'A', namespace: 'n', fields: [{ name: 'a', type, ...more }] });
  it.each([
    ['a type in two ways', field('string'), field({ type: 'string' }), true],
    ['a doc', field('string'), field('string', { doc: 'Words.' }), true],
    ['another type', field('string'), field('bytes'), false],
    ['a default', field('string'), field('string', { default: '' }), false],
    ['another default', field('string', { default: 'doc' }), field('string', { default: '' }), false],
    ['a logical type', field('bytes'), field({ type: 'bytes', logicalType: 'decimal', precision: 4 }), false],
    ['branches in another order', field(['null', 'string']), field(['string', 'null']), false],
  ])('tells apart what matters: %s', (_, one, other, same) => expect(schemaIdentity(one) === schemaIdentity(other)).toBe(same));
  it('is none for what is no schema', () =>
    expect(['', '{', '7', 'null', '['.repeat(200_000)].map(schemaIdentity)).toEqual(Array(5).fill(undefined)));
});
