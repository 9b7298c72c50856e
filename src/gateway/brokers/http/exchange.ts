/**
 * One request and its answer over a pool of kept-alive connections, HTTP/1.1, one request at a time on each. Nothing is ever sent twice.
 *
 * undici puts a request that it has begun back into its queue in some cases (dispatcher.d.ts: onConnect "may be invoked multiple times when a request is
 * retried"), so it is driven by its own handler instead of `request()`: the first call of `onRequestStart` is the moment before the first
 * byte, a second call ends the request, and so does one that comes after the deadline (the process may have been stopped in between).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Pool, type Dispatcher } from 'undici';

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query, as it stands in the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** For connecting, sending and the whole answer. */
  readonly timeoutMs: number;
  readonly mostBytes: number;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Asked right before the first byte goes out. */
  readonly mayBeSent: () => boolean;
}

/** `sent` false: surely no byte of the request reached the broker. `code`: one of EXCHANGE_FAULTS. */
export interface ExchangeFailure {
  readonly type: 'failed';
  readonly code: ExchangeFault;
  readonly reason: string;
  readonly sent: boolean;
}
export type ExchangeResult =
  | { readonly type: 'answer'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
  | ExchangeFailure;

const EXCHANGE_FAULTS = {
  TIMEOUT: 'the broker did not answer in time',
  TOO_LATE: 'it was too late to send the request when a connection was ready',
  UNREACHABLE: 'no connection to the broker could be made',
  RESET: 'the connection broke before the whole answer was there',
  ANSWER_TOO_LARGE: 'the answer of the broker is larger than is read',
  INVALID_REQUEST: 'the request could not be written; check the credentials for characters that no header may hold',
} as const;
export type ExchangeFault = keyof typeof EXCHANGE_FAULTS;

export const openPool = (origin: string, connections: number, connectTimeoutMs: number): Pool =>
  new Pool(origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectTimeoutMs },
    // The deadline of each request covers these; brokers' load balancers keep idle connections for longer than 4 s.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
  });

export const exchange = (pool: Dispatcher, request: ExchangeRequest): Promise<ExchangeResult> =>
  new Promise((resolve) => {
    const { timeoutMs, mostBytes, now } = request;
    const begunAt = now();
    let controller: Dispatcher.DispatchController | undefined;
    let sent = false;
    let settled = false;
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    let bytes = 0;
    const chunks: Buffer[] = [];

    const settle = (result: ExchangeResult): void => {
      settled = true;
      clearTimeout(timer);
      resolve(result);
    };
    const fail = (code: ExchangeFault, cause = ''): void => {
      if (settled) return;
      settle({ type: 'failed', code, reason: EXCHANGE_FAULTS[code] + cause, sent });
      controller?.abort(new Error(code));
    };
    const timer = setTimeout(() => fail('TIMEOUT'), timeoutMs);

    pool.dispatch(
      { method: request.method, path: request.target, headers: { ...request.headers }, body: request.body, idempotent: false },
      {
        onRequestStart: (started) => {
          controller = started;
          if (sent) fail('RESET');
          else if (now() - begunAt >= timeoutMs) fail('TIMEOUT');
          else if (!request.mayBeSent()) fail('TOO_LATE');
          if (settled) started.abort(new Error('not begun'));
          else sent = true;
        },
        onResponseStart: (_, statusCode, received) => {
          status = statusCode;
          headers = received;
        },
        onResponseData: (_, chunk) => {
          bytes += chunk.length;
          if (bytes > mostBytes) fail('ANSWER_TOO_LARGE');
          else chunks.push(chunk);
        },
        onResponseEnd: () => {
          if (!settled) settle({ type: 'answer', status, headers, body: Buffer.concat(chunks).toString('utf8') });
        },
        onResponseError: (_, error) => {
          const code = codeOf(error);
          if (code === 'UND_ERR_INVALID_ARG') fail('INVALID_REQUEST');
          else fail(sent ? 'RESET' : 'UNREACHABLE', code === '' ? '' : ` (${code})`);
        },
      },
    );
  });

/** The code alone: what undici and node write in messages holds addresses and headers. */
const codeOf = (error: unknown): string => {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : '';
};
