/**
 * Evidence of one decision: a file that proves by itself, with nothing but a public key, that the decision stood on a signed log, what it was and why. Its
 * form is JSON that people can read; what is checked is described in docs/contracts.md, "Evidence".
 */
import { describeError, quoted } from '../../contracts/contractError';
import { readJson } from '../../contracts/json/readJson';
import { isJsonObject, JsonNumber } from '../../contracts/json/value';
import type { JsonObject, JsonValue } from '../../contracts/json/value';
import { jsonString } from '../../contracts/json/write';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { base64Bytes } from '../checkpoint/signedNote';

const EVIDENCE_FORMAT = 'policygate-evidence/1';
/** A policy is at most 65,536 bytes, which escapes may make six times as many. */
export const LARGEST_EVIDENCE = 1024 * 1024;

export interface Evidence {
  /** The audit record for people, as `tail` shows it. */
  readonly record: JsonValue;
  /** The bytes that the hash is of, after `prevHash`. */
  readonly body: Uint8Array;
  readonly prevHash: Uint8Array;
  readonly hash: Uint8Array;
  readonly schemaSha256: string;
  /** Raw deflate, base64. */
  readonly schema: string;
  /** Null: none was in force. */
  readonly policyText: string | null;
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
}

/** `recordText`: the record as JSON; it stands first, since it is what people look for. */
export const evidenceText = (evidence: Omit<Evidence, 'record'>, recordText: string): string => {
  const { body, prevHash, hash, schemaSha256, schema, policyText, leafIndex, treeSize, proof, note } = evidence;
  const fields: readonly (readonly [string, string])[] = [
    ['format', jsonString(EVIDENCE_FORMAT)],
    ['record', recordText],
    ['policy_text', policyText === null ? 'null' : jsonString(policyText)],
    ['prev_hash', jsonString(hexText(prevHash))],
    ['body_base64', jsonString(Buffer.from(body).toString('base64'))],
    ['hash', jsonString(hexText(hash))],
    ['schema_sha256', jsonString(schemaSha256)],
    ['schema_deflate_base64', jsonString(schema)],
    ['leaf_index', String(leafIndex)],
    ['tree_size', String(treeSize)],
    ['inclusion_proof', `[${proof.map((hashed) => jsonString(hexText(hashed))).join(',')}]`],
    ['checkpoint', jsonString(note)],
  ];
  return `{\n${fields.map(([name, text]) => `  ${jsonString(name)}: ${text}`).join(',\n')}\n}\n`;
};

/** Strictly: a missing, unknown or malformed field is an error of one line. Whether it proves anything is for verifyEvidence to say. */
export const readEvidence = (input: string | Uint8Array): Result<Evidence, string> => {
  const json = readJson(input, LARGEST_EVIDENCE);
  if (!json.ok) return failed(describeError(json.error));
  try {
    return succeeded(evidenceOf(json.value));
  } catch (error) {
    if (error instanceof Malformed) return failed(error.message);
    throw error;
  }
};

class Malformed extends Error {}

const FIELDS = [
  'format',
  'record',
  'policy_text',
  'prev_hash',
  'body_base64',
  'hash',
  'schema_sha256',
  'schema_deflate_base64',
  'leaf_index',
  'tree_size',
  'inclusion_proof',
  'checkpoint',
] as const;

const evidenceOf = (json: JsonValue): Evidence => {
  const fields = objectOf('the document', json, FIELDS);
  if (fields.format !== EVIDENCE_FORMAT) throw new Malformed(`format: expected "${EVIDENCE_FORMAT}"`);
  const { policy_text, inclusion_proof } = fields;
  if (!Array.isArray(inclusion_proof)) throw new Malformed('inclusion_proof: expected a list of hashes');
  return {
    record: fields.record ?? null,
    body: bytesOf('body_base64', fields.body_base64),
    prevHash: hashOf('prev_hash', fields.prev_hash),
    hash: hashOf('hash', fields.hash),
    schemaSha256: textOf('schema_sha256', fields.schema_sha256),
    schema: textOf('schema_deflate_base64', fields.schema_deflate_base64),
    policyText: policy_text === null ? null : textOf('policy_text', policy_text),
    leafIndex: countOf('leaf_index', fields.leaf_index),
    treeSize: countOf('tree_size', fields.tree_size),
    proof: (inclusion_proof as readonly JsonValue[]).map((each, at) => hashOf(`inclusion_proof[${at}]`, each)),
    note: textOf('checkpoint', fields.checkpoint),
  };
};

const objectOf = (name: string, value: JsonValue | undefined, fields: readonly string[]): JsonObject => {
  if (!isJsonObject(value)) throw new Malformed(`${name}: expected an object with ${fields.join(', ')}`);
  const missing = fields.find((field) => value[field] === undefined);
  if (missing !== undefined) throw new Malformed(`${name}: \`${missing}\` is missing`);
  const unknown = Object.keys(value).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw new Malformed(`${name}: ${quoted(unknown)} is no field of evidence`);
  return value;
};

const textOf = (name: string, value: JsonValue | undefined): string => {
  if (typeof value === 'string') return value;
  throw new Malformed(`${name}: expected a text`);
};

const countOf = (name: string, value: JsonValue | undefined): number => {
  const number = value instanceof JsonNumber && /^[0-9]{1,16}$/.test(value.text) ? Number(value.text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new Malformed(`${name}: expected a whole number`);
};

const hashOf = (name: string, value: JsonValue | undefined): Uint8Array => {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return Buffer.from(value, 'hex');
  throw new Malformed(`${name}: expected 64 hexadecimal digits`);
};

const bytesOf = (name: string, value: JsonValue | undefined): Uint8Array => {
  const bytes = typeof value === 'string' ? base64Bytes(value) : undefined;
  if (bytes !== undefined) return bytes;
  throw new Malformed(`${name}: expected bytes in base64`);
};

const hexText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
