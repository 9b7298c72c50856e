import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { parse as parseYaml } from 'yaml';
import { describeError } from '../contractError';
import { readPolicy } from '../policyDocument';
import { DOCUMENT_KINDS, jsonSchemaFor, type DocumentKind } from './jsonSchemas';
import { readDocument } from './readDocument';

const page = readFileSync(join(__dirname, '../../../docs/contracts.md'), 'utf8');
const examples = [...page.matchAll(/^```(?:json|yaml) (\w+)\n(.*?)^```$/gms)].map(
  ([, kind, text]) => [kind as DocumentKind, text!] as const,
);
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });

it('docs/contracts.md shows every document', () =>
  expect(new Set(examples.map(([kind]) => kind))).toEqual(new Set(DOCUMENT_KINDS)));

it.each(examples)('the example of %s is valid, for the reader and for its schema', (kind, text) => {
  if (kind === 'policy') {
    const read = readPolicy(text, 'example');
    expect(read.ok ? read.value.warnings : read.error.map(describeError)).toEqual([]);
  } else {
    const read = readDocument(kind, text);
    expect(read.ok || describeError(read.error)).toBe(true);
  }
  const validate = ajv.compile(jsonSchemaFor(kind));
  validate(kind === 'policy' ? parseYaml(text) : JSON.parse(text));
  expect(validate.errors ?? []).toEqual([]);
});
