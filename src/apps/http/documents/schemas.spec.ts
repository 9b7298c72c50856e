import Ajv2020 from 'ajv/dist/2020';
import { ref, SCHEMAS } from './schemas';
import type { SchemaName } from './schemas';

const names = Object.keys(SCHEMAS) as SchemaName[];

it('every component is a schema, and points to components that there are', () => {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    validateFormats: false,
    keywords: ['components'],
  });
  ajv.addSchema({ $id: 'api', components: { schemas: SCHEMAS } }, undefined, undefined, false);
  for (const name of names) expect(ajv.getSchema(`api#/components/schemas/${name}`)).toBeInstanceOf(Function);
});

it('no component has an address of its own: in the OpenAPI document it would point elsewhere', () =>
  expect(names.filter((name) => '$id' in SCHEMAS[name] || '$schema' in SCHEMAS[name])).toEqual([]));

it('is pointed to as OpenAPI does', () => expect(ref('Decision')).toEqual({ $ref: '#/components/schemas/Decision' }));
