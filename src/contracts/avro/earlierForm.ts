/**
 * Writes what the current code says with an older schema of the record: how a log that an older version began is compared, byte for byte, with what
 * comes of its inputs today. It is slow and rare.
 */
import { chainHash } from '../chain';
import { parseSchema } from './compatibility';
import { SHA256_BYTES } from './optional';

/**
 * The body by the older schema of a body by the current one; undefined: the older one has no word for it. `prevHash`: of an audit record, in place of
 * its own; its hash is taken anew.
 */
export type Downcast = (body: Buffer, prevHash?: Uint8Array) => Buffer | undefined;

export const downcastTo = (older: string, current: string): Downcast => {
  const writer = parseSchema(older);
  const reader = parseSchema(current);
  return (body, prevHash) => {
    try {
      const fields = reader.fromBuffer(body) as { prev_hash?: Buffer };
      if (prevHash !== undefined) fields.prev_hash = Buffer.from(prevHash);
      const form = writer.toBuffer(fields);
      // Audit records alone have one.
      return fields.prev_hash === undefined ? form : sealed(form, fields.prev_hash);
    } catch {
      return undefined;
    }
  };
};

/** `hash` is the last field in every version: of `prev_hash` and all bytes before it. */
const sealed = (form: Buffer, prevHash: Uint8Array): Buffer => {
  const end = form.length - SHA256_BYTES;
  form.set(chainHash(prevHash, form.subarray(0, end)), end);
  return form;
};
