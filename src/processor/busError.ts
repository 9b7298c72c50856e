/** What can go wrong with the log, on every bus. Apart from the port, so that the library's types need not know of it. */

/** Everything that can go wrong on a bus. `retryable`: taking the shard over again may succeed later. */
const BUS_ERRORS = {
  BUS_FENCED: { retryable: false, help: 'another instance has taken over this transactional id; stop one of the two' },
  BUS_LOCKED: { retryable: false, help: 'another process uses this data directory; stop it, or choose another --data-dir' },
  BUS_DAMAGED: { retryable: false, help: 'the data directory is damaged; restore it from a copy, nothing was changed' },
  BUS_FULL: { retryable: true, help: 'the disk is full; free some space, nothing that was acknowledged is lost' },
  BUS_UNUSABLE: { retryable: false, help: 'the data directory cannot be opened' },
  BUS_FAILED: { retryable: true, help: 'it did not complete and its outcome is unknown; the shard is taken over again' },
  BUS_UNREACHABLE: {
    retryable: true,
    help: 'no broker answered; check the addresses (KAFKA_BROKERS), TLS settings and the network',
  },
  BUS_REFUSED: { retryable: false, help: 'the broker refused the credentials or the permission; check SASL settings and ACLs' },
  BUS_NOT_READY: {
    retryable: false,
    help: 'run `policygate topics create`, or correct the setting; `policygate topics verify` lists all',
  },
  BUS_UNREADABLE: {
    retryable: false,
    help: 'nothing behind it can be read; see the topic settings (`policygate topics verify`) and the broker’s log',
  },
  BUS_TRUNCATED: {
    retryable: false,
    help: 'records are missing from the log; it must be kept whole (retention -1): restore it from a copy',
  },
  BUS_CLOSED: { retryable: false, help: 'the bus, writer or reader was closed before this call' },
} as const;
/** What can be wrong with the log, for programs. */
export type BusErrorCode = keyof typeof BUS_ERRORS;
export const BUS_ERROR_CODES: readonly BusErrorCode[] = Object.keys(BUS_ERRORS) as readonly BusErrorCode[];

/** The log could not be reached, read or written. `code` says how, `where` on what; where `retryable`, the same may succeed later. The message is one line that says what to do. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly retryable: boolean;

  /** `where`: what the error is about, as the user knows it: a directory, a topic and partition with offset, a transactional id. */
  constructor(
    readonly code: BusErrorCode,
    readonly where: string,
    cause?: unknown,
  ) {
    const { help, retryable } = BUS_ERRORS[code];
    const detail = cause instanceof Error ? ` (${cause.message})` : '';
    super(`${code} at ${where}${detail}: ${help}`, { cause });
    this.retryable = retryable;
  }
}
