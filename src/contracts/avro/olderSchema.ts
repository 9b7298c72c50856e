/**
 * Reads bytes that were written with an older schema of a record. They are walked with bounds, resolved by avsc to the current schema and written
 * out again by it, so that there is one way from bytes to values: the current one. It is slow and rare.
 */
import { incompatibility, parseSchema } from './compatibility';
import type { RecordLimits } from './limits';
import { DecodeFailure } from './decoded';
import { compileWalk } from './walk';

/** The body by the current schema of a body by the older one; throws a DecodeFailure. */
export type Upcast = (bytes: Buffer, start: number, limits: RecordLimits) => Buffer;

/** Throws a TypeError if the schemas do not resolve. */
export const upcastFrom = (older: string, current: string): Upcast => {
  const reason = incompatibility(current, older);
  if (reason !== undefined) throw new TypeError(`a registered schema does not resolve to the current one: ${reason}`);
  const walk = compileWalk(older);
  const writer = parseSchema(older);
  const reader = parseSchema(current);
  const resolver = reader.createResolver(writer);
  return (bytes, start, limits) => {
    walk(bytes, start, limits);
    try {
      return reader.toBuffer(reader.fromBuffer(bytes.subarray(start), resolver));
    } catch (error) {
      // What the walk let through and avsc still refuses; its texts may quote the record, so none is passed on.
      throw new DecodeFailure(
        'INVALID_VALUE',
        `a record of an older schema that does not resolve (${error instanceof Error ? error.name : 'Error'})`,
      );
    }
  };
};
