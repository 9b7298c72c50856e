/** What a client of the gate can run into. */

/**
 * An intent got no answer, or the gate refused to take it.
 *
 * `code` is for programs: a code of the HTTP API (docs/http.md, "Errors"), or one of the client's own: `invalid_intent` (it is no order intent; nothing was sent),
 * `invalid_options`, `invalid_url` and `invalid_token` (what was passed to `connect` or `submit`; nothing was sent), `unreachable` (no gate answered, or not within its time), `unexpected_answer` (what answered is no gate, or one of another version) and `closed` (the client was closed).
 * `retryable`: the same intent, unchanged and under the same `intent_id`, may be submitted again later, and that is safe even where this one arrived.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** Codes of the HTTP API after which the same request may succeed. */
const PASSING: ReadonlySet<string> = new Set([
  'rate_limited',
  'queue_full',
  'not_ready',
  'outcome_unknown',
  'request_timeout',
  'internal_error',
]);

export const mayPass = (code: string): boolean => PASSING.has(code);

export const closedError = (): ClientError => new ClientError('closed', 'the client was closed; connect again', false);
