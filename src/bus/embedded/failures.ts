/** What LevelDB and the file system say, in the words of the port. */
import { BusError, type BusErrorCode } from '../../processor/bus';
import { DamagedFile } from './verify/logFile';

/** `otherwise`: the code for what has no better one: BUS_UNUSABLE when opening, BUS_FAILED when writing. */
export const busErrorOf = (error: unknown, where: string, otherwise: BusErrorCode): BusError => {
  if (error instanceof BusError) return error;
  // LevelDB's own error is the cause of "Database failed to open".
  const { cause } = errorFields(error);
  const { code, message } = errorFields(cause ?? error);
  const known = error instanceof DamagedFile ? 'BUS_DAMAGED' : codeOf(code, message);
  return new BusError(known ?? otherwise, where, new Error(message, { cause: error }));
};

const codeOf = (code: string | undefined, message: string | undefined): BusErrorCode | undefined => {
  if (code === 'LEVEL_LOCKED') return 'BUS_LOCKED';
  if (code === 'LEVEL_CORRUPTION') return 'BUS_DAMAGED';
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left on device|Disk quota exceeded/.test(message ?? ''))
    return 'BUS_FULL';
  return undefined;
};

/** An error by its fields: one that comes out of the native part of LevelDB need not be an instance of the Error that is known here. */
interface ErrorFields {
  readonly code?: string;
  readonly message?: string;
  readonly cause?: unknown;
}
const errorFields = (error: unknown): ErrorFields =>
  typeof error === 'object' && error !== null ? error : { message: String(error) };
