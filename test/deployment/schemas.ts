/** The schemas of others that deployments are checked against; where they come from: schemas/README.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import type { AnySchemaObject, ValidateFunction } from 'ajv';

const read = (name: string): AnySchemaObject =>
  JSON.parse(readFileSync(join(__dirname, 'schemas', name), 'utf8')) as AnySchemaObject;

// Formats, and keywords of their own, are not what a mistake here would be in.
const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });

const faults = (validate: ValidateFunction, document: unknown): readonly string[] => {
  if (validate(document)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath}: ${message ?? ''} ${JSON.stringify(params)}`,
  );
};

const compose = ajv.compile(read('compose-spec.json'));
ajv.addSchema(read('kubernetes-1.31.json'), 'kubernetes');

/** One line for each mistake; empty: it is valid. */
export const composeFaults = (document: unknown): readonly string[] => faults(compose, document);

/** Of a manifest of this kind; the kind's own schema says which `apiVersion` it has. */
export const kubernetesFaults = (kind: string, manifest: unknown): readonly string[] => {
  const validate = ajv.getSchema(`kubernetes#/$defs/${kind}`);
  return validate === undefined
    ? [`no schema for ${kind}: see schemas/README.md`]
    : faults(validate as ValidateFunction, manifest);
};
