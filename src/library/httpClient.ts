/**
 * The client over HTTP: POST /intent, and where that is not enough, the same bytes again. Every try carries the same body, so that an intent that arrived and was not
 * acknowledged is decided once. Source: docs/http.md, "POST /intent" and "Errors".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../contracts/json/value';
import { jsonString } from '../contracts/json/write';
import type { OrderIntent } from '../contracts/messages';
import type { Answer, Client, SubmitOptions } from './client';
import { ClientError, closedError, mayPass } from './clientError';
import { answerObject, decisionOf, seqOf, unexpected } from './httpDecision';
import { sentText } from './intents';

/** `policygate serve`, and who asks it. */
export interface HttpOptions {
  /** Its address, such as `http://127.0.0.1:8100`. A certificate of your own authority: set NODE_EXTRA_CA_CERTS. */
  readonly url: string;
  /** The bearer token, with the role `submit`. It is sent to that address alone, and stands in no error. */
  readonly token?: string;
  /** Which run is meant; default: the server's own. */
  readonly run?: string;
}

const STANDARD_WAIT_MS = 10_000;
/** What one request asks the server to wait at most. */
const MOST_WAIT_MS = 30_000;
/** How much later than asked for the server may answer: it first finds out whether the log took the intent. */
const GRACE_MS = 8_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LOOK_EVERY_MS = 250;

/** Connects over HTTP. Throws a ClientError on an address that is none. */
export const connectHttp = (options: HttpOptions): Client => new HttpClient(options, addressOf(options.url));

class HttpClient implements Client {
  private readonly closing = new AbortController();

  constructor(
    private readonly options: HttpOptions,
    private readonly base: string,
  ) {}

  async submit(intent: OrderIntent, { waitMs = STANDARD_WAIT_MS }: SubmitOptions = {}): Promise<Answer> {
    const { run } = this.options;
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
    this.closing.abort();
    return Promise.resolve();
  }

  private async send(intent: OrderIntent, body: string, waitMs: number): Promise<Reply | Refusal> {
    const wait = Math.min(waitMs, MOST_WAIT_MS);
    const response = await this.ask(`/intent?wait=${(wait / 1_000).toFixed(3)}`, wait, body);
    if (response instanceof Refusal) return response;
    const { status, headers, text } = response;
    if (status === 200) return { answer: decided(intent, answerObject(text), headers) };
    if (status === 202) return { path: pathOf(headers) };
    const problem = answerObject(text);
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

  private async ask(path: string, waitMs: number, body?: string): Promise<Response | Refusal> {
    if (this.closing.signal.aborted) throw closedError();
    const { token } = this.options;
    try {
      const response = await fetch(`${this.base}${path}`, {
        // A token must not follow to wherever an answer points.
        redirect: 'error',
        signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(Math.ceil(waitMs) + GRACE_MS)]),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      if (isAborted(this.closing.signal)) throw closedError();
      const { cause } = error as { readonly cause?: unknown };
      const why = cause instanceof Error && cause.message !== '' ? cause.message : (error as Error).message;
      const what = `${this.base}: no answer (${why}); is \`policygate serve\` running there? The same intent may be submitted again`;
      return new Refusal(new ClientError('unreachable', what, true));
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.closing.signal }).catch(() => {
      throw closedError();
    });
  }
}

type Reply = { readonly answer: Answer; readonly path?: undefined } | { readonly answer?: undefined; readonly path: string };

interface Response {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

class Refusal {
  constructor(
    readonly error: ClientError,
    readonly retryAfterMs?: number,
  ) {}
}

const decided = (intent: OrderIntent, document: JsonObject, headers: Headers): Answer => ({
  type: 'decided',
  decision: decisionOf(document, intent),
  runId: decodeURIComponent(headers.get('policygate-run') ?? ''),
  seq: seqOf(headers.get('policygate-seq')),
  replayed: headers.get('policygate-replayed') === 'true',
});

const refusalOf = (status: number, headers: Headers, problem: JsonObject): Refusal => {
  const { code, detail } = problem;
  if (typeof code !== 'string') throw unexpected(`status ${status} without a code`);
  const seconds = /^[0-9]{1,6}$/.exec(headers.get('retry-after') ?? '')?.[0];
  const error = new ClientError(code, `${code}: ${textOf(detail)}`, mayPass(code));
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
