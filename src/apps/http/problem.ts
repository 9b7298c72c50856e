/**
 * Everything that the HTTP API can refuse, as application/problem+json (RFC 9457). A code is a contract: never renamed, never used for anything else; the
 * table in docs/http.md is held equal to this one by a test. Codes and statuses of the first program are kept (contracts.md), also as its field `error`.
 */
export const PROBLEMS = {
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  forbidden: { status: 403, title: 'This is not allowed' },
  not_found: { status: 404, title: 'There is nothing at this path' },
  run_not_found: { status: 404, title: 'No such run' },
  intent_not_found: { status: 404, title: 'No decision on this intent, so far' },
  record_not_found: { status: 404, title: 'No such audit record' },
  policy_not_found: { status: 404, title: 'No such policy' },
  method_not_allowed: { status: 405, title: 'This method is not for this path' },
  bad_request: { status: 400, title: 'The request is not valid HTTP' },
  invalid_content_type: { status: 400, title: 'The body is of another type than expected' },
  missing_content_length: { status: 400, title: 'A Content-Length is needed' },
  invalid_content_length: { status: 400, title: 'The Content-Length is no whole number' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  invalid_json: { status: 400, title: 'The body is not what is expected' },
  invalid_parameter: { status: 400, title: 'A parameter is not what is expected' },
  invalid_policy: { status: 400, title: 'The policy is invalid' },
  run_missing: { status: 400, title: 'It is not said which run is meant' },
  sender_prices_refused: { status: 400, title: 'Prices of the sender are not taken' },
  intent_conflict: { status: 409, title: 'This intent_id was decided with another body' },
  intent_set_aside: { status: 409, title: 'The intent was set aside, undecided' },
  control_refused: { status: 409, title: 'The run refused the event' },
  evidence_not_ready: { status: 409, title: 'No checkpoint covers the decision' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  rate_limited: { status: 429, title: 'Too many requests' },
  queue_full: { status: 429, title: 'Too many intents are waiting for their decisions' },
  outcome_unknown: { status: 503, title: 'It is not known whether the log took it' },
  not_ready: { status: 503, title: 'Not ready' },
  internal_error: { status: 500, title: 'We were wrong somewhere' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;
export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemParts {
  /** What was wrong, what was expected and what to do, in one line; never the sender's secrets. */
  readonly detail: string;
  /** Path of the field, such as `intent.qty`, or the name of the parameter or header. */
  readonly field?: string;
  readonly expected?: string;
  /** For `retry-after`, `allow`, `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the document. */
  readonly members?: Readonly<Record<string, Member>>;
}
type Member = string | number | boolean | null | readonly Member[] | { readonly [name: string]: Member };

/** Thrown by a handler: the answer is this problem. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: ProblemCode,
    readonly parts: ProblemParts,
  ) {
    super(parts.detail);
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** The document. `error` and `message` are what the first program called `code` and `detail`. */
export const problemText = ({ code, parts, status }: Problem): string => {
  const { detail, field, expected, members = {} } = parts;
  return JSON.stringify({
    type: `urn:policygate-capital:problem:${code}`,
    title: PROBLEMS[code].title,
    status,
    detail,
    code,
    ...(field === undefined ? {} : { field }),
    ...(expected === undefined ? {} : { expected }),
    ...members,
    error: code,
    message: detail,
  });
};
