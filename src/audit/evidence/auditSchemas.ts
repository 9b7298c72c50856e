/**
 * Which schema the bytes of an audit record are of. Bytes alone mean nothing: with `buy` and `sell` exchanged in the schema, the same bytes say the
 * opposite. So a schema that comes with evidence is believed only if its identity is one of those that this program knows: its own, and every one that
 * an earlier version wrote. The identity is SHA-256 of the schema's Parsing Canonical Form (Avro 1.12 specification), which any Avro library computes.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Codec } from '../../contracts/avro/codec';
import { parseSchema } from '../../contracts/avro/compatibility';
import { freshSchemas } from '../../contracts/avro/localRegistry';
import type { SealedAudit } from '../../contracts/avro/auditFormat';
import { essenceOf } from '../../contracts/avro/schemas';
import { describeFault } from '../../contracts/avro/decoded';
import { failed, succeeded } from '../../contracts/result';
import type { Result } from '../../contracts/result';
import { base64Bytes } from '../checkpoint/signedNote';

/** Every schema of AuditRecord that was ever released, oldest first. A new one is added here when the schema grows; none is ever taken away. */
export const KNOWN_AUDIT_SCHEMAS: readonly string[] = [
  '76980102ee95a6fdf49c5d0c995354603f3ac4d6a236f09e0de3f3bc7b70f7a5', // engine 0.2 and 0.3
  '7b2ead3359dc727af7106f256c9a0bb57f69c543a78159aae135a794099617c0', // from engine 0.4
];

/** No registry gives it to one of ours. */
const EVIDENCE_SCHEMA_ID = 0x7fffffff;
const LARGEST_TEXT = 256 * 1024;

export interface AuditSchema {
  /** Of the Parsing Canonical Form, as hexadecimal. */
  readonly identity: string;
  /** Without docs; with the defaults, by which versions read each other and which no identity is about. */
  readonly text: string;
}

export const auditSchemaOf = (text: string): AuditSchema => ({ identity: identityOf(text), text: essenceOf(text) });

/** avsc leaves out of a type's schema what the canonical form leaves out. */
const identityOf = (text: string): string =>
  createHash('sha256')
    .update(JSON.stringify(parseSchema(text).schema()), 'utf8')
    .digest('hex');

export const packed = ({ text }: AuditSchema): string => deflateRawSync(Buffer.from(text, 'utf8')).toString('base64');

/** What `packed` gave, if it is what `identity` says and a schema that is known; else why not. */
export const unpacked = (base64: string, identity: string): Result<AuditSchema, string> => {
  const text = inflated(base64);
  const found = text === undefined ? undefined : identityIn(text);
  if (text === undefined || found === undefined) return failed('expected an Avro schema as raw deflate in base64');
  if (found !== identity) return failed(`it has the SHA-256 ${found}, not ${identity} as it is said to have`);
  if (!KNOWN_AUDIT_SCHEMAS.includes(identity))
    return failed(
      `${identity} is none that this version knows: what the bytes mean cannot be told; use a newer version of policygate`,
    );
  return succeeded({ identity, text });
};

const inflated = (base64: string): string | undefined => {
  const bytes = base64Bytes(base64);
  try {
    return bytes === undefined ? undefined : inflateRawSync(bytes, { maxOutputLength: LARGEST_TEXT }).toString('utf8');
  } catch {
    return undefined;
  }
};

/** Whatever a text of unknown origin makes of the parser. */
const identityIn = (text: string): string | undefined => {
  try {
    return identityOf(text);
  } catch {
    return undefined;
  }
};

/** An audit record from the bytes that its hash is of. */
export const readAuditBody = (body: Uint8Array, hash: Uint8Array, { text }: AuditSchema): Result<SealedAudit, string> => {
  const { ids, schemas } = freshSchemas();
  const codec = new Codec({ ids, schemas: new Map([...schemas, [EVIDENCE_SCHEMA_ID, text]]) });
  const header = Buffer.alloc(codec.headerBytes);
  header.writeUInt32BE(EVIDENCE_SCHEMA_ID, 1);
  const decoded = codec.decodeAudit(Buffer.concat([header, body, hash]));
  return decoded.ok ? succeeded(decoded.value) : failed(describeFault(decoded.error));
};
