/** Whatever went wrong, as the problem that the client is told. */
import { BusError } from '../../processor/bus';
import { Problem } from './problem';

/** Undefined: none of the errors that are to be expected, so we were wrong somewhere. `safe`: the request could have changed nothing. */
export const problemOf = (error: unknown, safe: boolean): Problem | undefined => {
  if (error instanceof Problem) return error;
  if (error instanceof BusError) return ofBus(safe);
  const code = codeOf(error);
  return code === undefined ? undefined : OF_FRAMEWORK.get(code)?.();
};

/** Where it failed is for the log: addresses and folders are not the client's. */
const ofBus = (safe: boolean): Problem =>
  safe
    ? new Problem('not_ready', { detail: 'the log cannot be read right now; try again', headers: { 'retry-after': '1' } })
    : new Problem('outcome_unknown', {
        detail: 'the log failed while this was written; ask what became of it, or send it again',
        headers: { 'retry-after': '1' },
      });

export const codeOf = (error: unknown): string | undefined => {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
};

const OF_FRAMEWORK: ReadonlyMap<string, () => Problem> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', () => new Problem('payload_too_large', { detail: 'the body is too large; send less at once' })],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    () =>
      new Problem('invalid_content_length', {
        detail: 'Content-Length: expected as many bytes as the body has',
        field: 'Content-Length',
      }),
  ],
  ['FST_ERR_BAD_URL', () => badEscape()],
  ['FST_ERR_MAX_PARAM_LENGTH', () => new Problem('not_found', { detail: 'the path is too long' })],
]);

const badEscape = (): Problem =>
  new Problem('bad_request', {
    detail: 'the path holds a percent sign that does not begin an escape of UTF-8; write a percent sign itself as `%25`',
  });

/** What the framework, or its plugin for files, says is wrong with a request, such as a condition that a file does not meet. */
export const refusedByFramework = (error: unknown): unknown => {
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  if (problemOf(error, true) !== undefined || typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499)
    return error;
  return new Problem('bad_request', { detail: 'a header asks for what cannot be done here; send the request without it' });
};

/** Errors of the connection: what Node's parser or its clocks found. */
export const problemOfConnection = (error: NodeJS.ErrnoException): Problem => {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers_too_large', {
        detail: 'the first line and the headers have more than 8,192 bytes; send fewer or shorter ones',
      });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', { detail: 'the request was not whole within 5 seconds; send it faster' });
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
      return new Problem('invalid_content_length', {
        detail: 'Content-Length: expected one whole number, and no Transfer-Encoding beside it',
        field: 'Content-Length',
      });
    default:
      return new Problem('bad_request', { detail: 'this is not valid HTTP/1.1; on this port expected a client that speaks it' });
  }
};
