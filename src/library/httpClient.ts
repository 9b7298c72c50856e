/**
 * The client over HTTP: POST /intent, and where that is not enough, the same bytes again. Every try carries the same body, so that an intent that arrived and was not
 * acknowledged is decided once. Source: docs/http.md, "POST /intent" and "Errors".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { lineOf } from '../apps/failure';
import type { JsonObject } from '../contracts/json/value';
import { jsonString } from '../contracts/json/write';
import type { OrderIntent } from '../contracts/messages';
import type { Answer, Client, SubmitOptions } from './client';
import { ClientError, closedError, mayPass } from './clientError';
import { exchange } from './exchange';
import type { Exchanged } from './exchange';
import { answerObject, decisionOf, LARGEST_ANSWER, problemObject, seqOf, unexpected } from './httpDecision';
import { sentText } from './intents';
import { waitOf } from './options';

/** `policygate serve`, and who asks it. */
export interface HttpOptions {
  /** Its address, such as `http://127.0.0.1:8100`. A certificate of your own authority: set NODE_EXTRA_CA_CERTS. */
  readonly url: string;
  /** The bearer token, with the role `submit`: the characters of RFC 6750, in one line. It is sent to that address alone, and stands in no error and no print of the client. */
  readonly token?: string;
  /** Which run is meant; default: the server's own. */
  readonly run?: string;
}

/** Its words for what went wrong, amid addresses and places in its sources. */
const OPENSSL = /:error:[0-9A-F]{8}:[^:]*:[^:]*:([^:]*):/;
/** What one request asks the server to wait at most. */
const MOST_WAIT_MS = 30_000;
/** How much later than asked for the server may answer: it first finds out whether the log took the intent. */
const GRACE_MS = 8_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LOOK_EVERY_MS = 250;
/** After these the same request may succeed, and the code that stands for them where the answer has none of the gate's. Source: RFC 9110, section 15; docs/http.md, "Errors". */
const PASSING_STATUS: ReadonlyMap<number, string> = new Map([
  [408, 'request_timeout'],
  [429, 'rate_limited'],
  [500, 'internal_error'],
  [502, 'unreachable'],
  [503, 'unreachable'],
  [504, 'unreachable'],
]);

/** Connects over HTTP. Throws a ClientError on an address that is none. */
export const connectHttp = (options: HttpOptions): Client => new HttpClient(options, addressOf(options.url));

class HttpClient implements Client {
  // Private to the language too: a client that is printed must not show its token.
  readonly #closing = new AbortController();
  readonly #options: HttpOptions;
  readonly #base: string;

  constructor(options: HttpOptions, base: string) {
    this.#options = { ...options };
    this.#base = base;
  }

  async submit(intent: OrderIntent, options?: SubmitOptions): Promise<Answer> {
    const waitMs = waitOf(options);
    const { run } = this.#options;
    const runField = run === undefined ? '' : `,"run_id":${jsonString(run)}`;
    const body = `{"intent":${sentText(intent)}${runField}}`;
    const deadline = performance.now() + waitMs;
    for (let tries = 1; ; tries++) {
      const left = Math.max(0, deadline - performance.now());
      const reply = await this.send(intent, body, left);
      if (!(reply instanceof Refusal)) {
        return reply.answer ?? (await this.look(reply.path, intent, deadline));
      }
      const pauseMs = reply.retryAfterMs ?? Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
      if (!reply.error.retryable || performance.now() + pauseMs > deadline) throw reply.error;
      await this.pause(pauseMs);
    }
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  private async send(intent: OrderIntent, body: string, waitMs: number): Promise<Reply | Refusal> {
    const wait = Math.min(waitMs, MOST_WAIT_MS);
    const response = await this.ask(`/intent?wait=${(wait / 1_000).toFixed(3)}`, wait, body);
    if (response instanceof Refusal) return response;
    const { status, headers, text } = response;
    if (status === 200) return { answer: decided(intent, answerObject(text), headers) };
    if (status === 202) return { path: pathOf(headers) };
    const problem = problemObject(text);
    if (problem.code === 'intent_conflict') return { answer: { type: 'conflict', decidedSeq: seqOf(problem.decided_seq) } };
    if (problem.code === 'intent_set_aside') return { answer: { type: 'set-aside', reason: textOf(problem.reason) } };
    return refusalOf(status, headers, problem);
  }

  /** It is on the log: its decision is looked for until the time is up. */
  private async look(path: string, intent: OrderIntent, deadline: number): Promise<Answer> {
    while (performance.now() + LOOK_EVERY_MS < deadline) {
      await this.pause(LOOK_EVERY_MS);
      const response = await this.ask(path, 0);
      // Whatever else it says, the intent stays on the log.
      if (response instanceof Refusal || response.status !== 200) continue;
      const { decision, seq, run_id } = answerObject(response.text);
      return { type: 'decided', decision: decisionOf(decision, intent), runId: textOf(run_id), seq: seqOf(seq), replayed: false };
    }
    return { type: 'pending' };
  }

  private async ask(path: string, waitMs: number, body?: string): Promise<Exchanged | Refusal> {
    if (this.#closing.signal.aborted) throw closedError();
    const { token } = this.#options;
    const request = {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    } as const;
    const timeoutMs = Math.ceil(waitMs) + GRACE_MS;
    try {
      return await exchange(`${this.#base}${path}`, request, {
        timeoutMs,
        mostBytes: LARGEST_ANSWER,
        closing: this.#closing.signal,
      });
    } catch (error) {
      if (isAborted(this.#closing.signal)) throw closedError();
      const { message, code = 'no connection' } = error as NodeJS.ErrnoException;
      const why = OPENSSL.exec(message)?.[1];
      // Of a name with several addresses there is only the code.
      const reason = why !== undefined ? `${code}: ${why}` : message === '' ? code : lineOf(error);
      const what = `${this.#base}: no answer (${reason}); is \`policygate serve\` running there? The same intent may be submitted again`;
      return new Refusal(new ClientError('unreachable', what, true));
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {
      throw closedError();
    });
  }
}

type Reply = { readonly answer: Answer; readonly path?: undefined } | { readonly answer?: undefined; readonly path: string };

class Refusal {
  constructor(
    readonly error: ClientError,
    readonly retryAfterMs?: number,
  ) {}
}

const decided = (intent: OrderIntent, document: JsonObject, headers: Headers): Answer => ({
  type: 'decided',
  decision: decisionOf(document, intent),
  runId: runOf(headers.get('policygate-run') ?? ''),
  seq: seqOf(headers.get('policygate-seq')),
  replayed: headers.get('policygate-replayed') === 'true',
});

const runOf = (header: string): string => {
  try {
    return decodeURIComponent(header);
  } catch {
    throw unexpected('a run that is not percent-encoded');
  }
};

/** By its status first: what stands before the gate answers in words of its own. */
const refusalOf = (status: number, headers: Headers, problem: JsonObject): Refusal => {
  const standsFor = PASSING_STATUS.get(status);
  const code = typeof problem.code === 'string' ? problem.code : standsFor;
  if (code === undefined) throw unexpected(`status ${status} without a code`);
  const detail =
    typeof problem.code === 'string'
      ? textOf(problem.detail).replace(/\s+/g, ' ')
      : `status ${status} without a code of the gate, as of a proxy before it; the same intent may be submitted again`;
  const seconds = /^[0-9]{1,6}$/.exec(headers.get('retry-after') ?? '')?.[0];
  const error = new ClientError(code, `${code}: ${detail}`, standsFor !== undefined || mayPass(code));
  return new Refusal(error, seconds === undefined ? undefined : Number(seconds) * 1_000);
};

const pathOf = (headers: Headers): string => {
  const path = headers.get('location') ?? '';
  if (!path.startsWith('/decisions/')) throw unexpected('202 without the place of the decision');
  return path;
};

const textOf = (value: JsonObject[string] | undefined): string => (typeof value === 'string' ? value : '');

/** Asked anew each time: it changes while something is waited for. */
const isAborted = ({ aborted }: AbortSignal): boolean => aborted;

const addressOf = (url: string): string => {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = address?.username === '' && address.password === '' && address.search === '' && address.hash === '';
  if (address === undefined || !/^https?:$/.test(address.protocol) || !isPlain)
    // The address is not repeated: a password may be in it.
    throw new ClientError(
      'invalid_url',
      'url: expected the address of `policygate serve` such as "http://127.0.0.1:8100", without a user name (see `token`)',
      false,
    );
  return address.href.replace(/\/+$/, '');
};
