/**
 * HTTP as the adapters of brokers need it: `openBrokerHttp(options)` gives one client per account.
 *
 *     const answer = await http.request({ operation: 'find', kind: 'read', method: 'GET', path: '/v2/orders', query: { limit: '500' } });
 *
 * - `request` never rejects. It answers `{type: 'answer', status, body, retryAfterMs}` for any status from 200 up (redirects are not followed), or
 *   `{type: 'failed', code, reason, sent, retryAfterMs}`; `sent` false: surely no byte of the request reached the broker.
 * - `kind: 'submit'` is sent at most once, by anybody, and never waits: without a token it fails with RATE_LIMITED, `sent` false (ask `capacity()`
 *   first). `read` and `cancel` wait for a token, cancels first, and are repeated at most twice, after 429, 5xx and broken connections, with
 *   Retry-After or else backoff; the last answer is returned. All within `totalMs`.
 * - After a 429 nothing is sent before its Retry-After; without one, before the limit's reset, or for a second.
 * - A request is never begun after its deadline, even if the process was stopped in between, nor when its `mayBeSent` says no.
 * - `readAnswer(schema, body)` (readAnswer.ts) reads a body strictly; `forPeople(text)` makes one short line of a broker's words, without secrets.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { exchange, openPool, type ExchangeFault, type ExchangeResult } from './exchange';
import { rateLimitOf } from './rateHeaders';
import { TokenBucket, type Sleep } from './tokenBucket';

export type CallKind = 'submit' | 'read' | 'cancel';

export interface BrokerRequest {
  /** A short fixed word for metrics and logs, such as `find`. */
  readonly operation: string;
  readonly kind: CallKind;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base URL, beginning with `/`; parts that come from outside are escaped by the caller (encodeURIComponent). */
  readonly path: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** At most one of the two. Numbers travel as texts, so that no digit is lost. */
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: Readonly<Record<string, string | boolean>>;
  /** Asked right before the first byte goes out; false: the request fails with TOO_LATE, `sent` false. */
  readonly mayBeSent?: () => boolean;
}

export interface BrokerAnswer {
  readonly type: 'answer';
  readonly status: number;
  readonly body: string;
  /** Of a 429 always, else where the broker says it. */
  readonly retryAfterMs: number | undefined;
}
export interface BrokerFailure {
  readonly type: 'failed';
  readonly code: ExchangeFault | 'RATE_LIMITED' | 'CLOSED';
  readonly reason: string;
  readonly sent: boolean;
  /** Of RATE_LIMITED only. */
  readonly retryAfterMs: number | undefined;
}
export type BrokerResponse = BrokerAnswer | BrokerFailure;

/** `limited`: 429; `refused`: other 4xx; `broken`: 5xx; `unreachable`: not sent; `lost`: sent, and no whole answer came. */
export type CallOutcome = 'ok' | 'refused' | 'limited' | 'broken' | 'unreachable' | 'lost' | 'timeout';
/** One request on the wire; `status` 0: there was no answer. */
export interface BrokerCall {
  readonly operation: string;
  readonly outcome: CallOutcome;
  readonly status: number;
  readonly ms: number;
}

export interface BrokerHttpOptions {
  /** http or https; may have a path, below which all requests go. */
  readonly baseUrl: string;
  /** Sent with every request: credentials, Accept. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must never be shown, whatever a broker or proxy echoes. */
  readonly secrets: readonly string[];
  readonly perMinute: number;
  readonly burst: number;
  readonly connections?: number;
  /** For one request: connecting, sending and the whole answer. */
  readonly timeoutMs?: number;
  /** For a call with its waits and repetitions. */
  readonly totalMs?: number;
  readonly mostBytes?: number;
  readonly onCall?: ((call: BrokerCall) => void) | undefined;
  /** For tests: monotonic ms, ms since 1970, waiting, a number from 0 up to 1, and the road itself. */
  readonly now?: (() => number) | undefined;
  readonly wallNow?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
  readonly random?: (() => number) | undefined;
  readonly dispatcher?: Dispatcher | undefined;
}

export interface BrokerHttp {
  request(request: BrokerRequest): Promise<BrokerResponse>;
  /** Submissions that may go now without waiting. */
  capacity(): number;
  forPeople(text: string): string;
  close(): Promise<void>;
}

const CONNECTIONS = 16;
const TIMEOUT_MS = 10_000;
const TOTAL_MS = 30_000;
const MOST_BYTES = 8 * 1024 * 1024;
const REPETITIONS = 2;
const FIRST_BACKOFF_MS = 250;
const PAUSE_AFTER_429_MS = 1_000;
/** Windows of rate limits are a minute; a clock that is set wrong must not stop us for longer. */
const LONGEST_RESET_MS = 60_000;
/** A wrong Retry-After must not keep the kill switch from cancelling for ever. */
const LONGEST_RETRY_AFTER_MS = 300_000;
const LONGEST_TEXT = 300;

/** Throws a RangeError for a base URL that is none. */
export const openBrokerHttp = (options: BrokerHttpOptions): BrokerHttp => new Client(options);

class Client implements BrokerHttp {
  private readonly pool: Dispatcher;
  private readonly prefix: string;
  private readonly bucket: TokenBucket;
  private readonly now: () => number;
  private readonly sleep: Sleep;
  private readonly timeoutMs: number;
  private readonly closing = new AbortController();
  private underWay = 0;

  constructor(private readonly options: BrokerHttpOptions) {
    const { perMinute, burst, connections = CONNECTIONS, timeoutMs = TIMEOUT_MS } = options;
    const { origin, prefix } = baseOf(options.baseUrl);
    this.prefix = prefix;
    this.timeoutMs = timeoutMs;
    this.now = options.now ?? (() => performance.now());
    this.sleep = options.sleep ?? sleepUnlessAborted;
    this.bucket = new TokenBucket({ perMinute, burst, now: this.now, sleep: this.sleep });
    this.pool = options.dispatcher ?? openPool(origin, connections, timeoutMs);
  }

  async request(request: BrokerRequest): Promise<BrokerResponse> {
    const giveUpAt = this.now() + (this.options.totalMs ?? TOTAL_MS);
    for (let repetition = 0; ; repetition++) {
      if (this.closing.signal.aborted) return failure('CLOSED', 'the connection to the broker was closed by this program');
      if (!(await this.mayGo(request.kind, giveUpAt))) {
        const reason = 'the rate limit of the account leaves no request now';
        return { ...failure('RATE_LIMITED', reason), retryAfterMs: Math.ceil(this.bucket.waitMs()) };
      }
      const response = await this.once(request, Math.min(this.timeoutMs, giveUpAt - this.now()));
      if (request.kind === 'submit' || repetition === REPETITIONS || !mayHelp(response)) return response;
      const wait = response.retryAfterMs ?? this.backoff(repetition);
      if (this.now() + wait >= giveUpAt) return response;
      await this.sleep(wait, this.closing.signal);
    }
  }

  capacity(): number {
    return this.closing.signal.aborted ? 0 : this.bucket.capacity();
  }

  forPeople(text: string): string {
    let line = text;
    for (const secret of this.options.secrets) if (secret !== '') line = line.replaceAll(secret, '[secret]');
    line = line.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim();
    return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}...` : line;
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.bucket.close();
    await this.pool.destroy();
  }

  private mayGo(kind: CallKind, giveUpAt: number): Promise<boolean> | boolean {
    return kind === 'submit' ? this.bucket.takeNow() : this.bucket.take(kind, giveUpAt);
  }

  private backoff(repetition: number): number {
    const random = this.options.random ?? Math.random;
    return FIRST_BACKOFF_MS * 2 ** repetition * (0.5 + random());
  }

  private async once(request: BrokerRequest, timeoutMs: number): Promise<BrokerResponse> {
    const { headers, mostBytes = MOST_BYTES } = this.options;
    const { method, form, json } = request;
    const body = json !== undefined ? JSON.stringify(json) : form !== undefined ? new URLSearchParams(form).toString() : null;
    const contentType = json !== undefined ? 'application/json' : 'application/x-www-form-urlencoded';
    const begunAt = this.now();
    this.underWay += 1;
    const result = await exchange(this.pool, {
      method,
      target: this.prefix + request.path + queryOf(request.query),
      headers: body === null ? headers : { ...headers, 'content-type': contentType },
      body,
      timeoutMs,
      mostBytes,
      now: this.now,
      mayBeSent: request.mayBeSent ?? (() => true),
    });
    this.underWay -= 1;
    const status = result.type === 'answer' ? result.status : 0;
    this.options.onCall?.({ operation: request.operation, outcome: outcomeOf(result), status, ms: this.now() - begunAt });
    return result.type === 'answer' ? this.follow(result) : { ...result, retryAfterMs: undefined };
  }

  /** Learns from the answer how much the broker leaves us. */
  private follow({ status, headers, body }: ExchangeResult & { type: 'answer' }): BrokerAnswer {
    const limit = rateLimitOf(headers, (this.options.wallNow ?? Date.now)());
    const { left } = limit;
    const resetInMs = limit.resetInMs === undefined ? undefined : Math.min(limit.resetInMs, LONGEST_RESET_MS);
    const said = limit.retryAfterMs === undefined ? undefined : Math.min(limit.retryAfterMs, LONGEST_RETRY_AFTER_MS);
    // What is under way may not be counted yet in what the broker says is left.
    if (left !== undefined) this.bucket.atMost(left - this.underWay);
    if (left === 0 && resetInMs !== undefined) this.bucket.pauseUntil(this.now() + resetInMs);
    const retryAfterMs = status === 429 ? (said ?? Math.max(resetInMs ?? 0, PAUSE_AFTER_429_MS)) : said;
    if (status === 429) this.bucket.pauseUntil(this.now() + (retryAfterMs ?? 0));
    return { type: 'answer', status, body, retryAfterMs };
  }
}

const failure = (code: BrokerFailure['code'], reason: string): BrokerFailure => ({
  type: 'failed',
  code,
  reason,
  sent: false,
  retryAfterMs: undefined,
});

const mayHelp = (response: BrokerResponse): boolean =>
  response.type === 'answer'
    ? response.status === 429 || response.status >= 500
    : response.code === 'RESET' || response.code === 'UNREACHABLE';

const outcomeOf = (result: ExchangeResult): CallOutcome => {
  if (result.type === 'failed') return result.code === 'TIMEOUT' ? 'timeout' : result.sent ? 'lost' : 'unreachable';
  if (result.status === 429) return 'limited';
  if (result.status >= 500) return 'broken';
  return result.status >= 300 ? 'refused' : 'ok';
};

const baseOf = (baseUrl: string): { origin: string; prefix: string } => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (url === undefined || !plain || !/^https?:$/.test(url.protocol))
    throw new RangeError('expected a base URL such as https://api.example.com, without user, query and fragment');
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') };
};

const queryOf = (query: BrokerRequest['query'] = {}): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, value);
  const text = given.toString();
  return text === '' ? '' : `?${text}`;
};

const sleepUnlessAborted: Sleep = (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined);
