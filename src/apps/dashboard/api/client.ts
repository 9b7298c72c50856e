/** The HTTP API (docs/http.md) as functions. Addresses are relative to the page, so that it may be served below any path. */
import type {
  Accounts,
  AuditDocument,
  ControlAnswer,
  DecisionDetail,
  JournalPage,
  KillSwitch,
  Policies,
  PolicyDiff,
  PolicyHistory,
  PolicyText,
  Portfolio,
  ResolvedLimits,
  Run,
  Status,
} from './documents';

/** What the server refused, or why it could not be asked, in one line. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Every fault, where the server lists them. */
    readonly errors: readonly string[] = [],
  ) {
    super(message);
  }
}

/** `path`runs/${run}/journal`` with what is put in encoded. */
const path = (parts: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  parts.reduce((text, part, index) => text + encodeURIComponent(values[index - 1] ?? '') + part);

export interface Client {
  /** Undefined: without. */
  readonly token: () => string | undefined;
  /** The server wants a valid token. */
  readonly unauthorized: () => void;
  /** The `Date` of an answer. */
  readonly heard?: (date: string | null) => void;
}

export class Api {
  constructor(private readonly client: Client) {}

  async status(): Promise<Status> {
    return (await this.#json('status')) as Status;
  }
  async runs(): Promise<readonly Run[]> {
    return ((await this.#json('runs')) as { readonly runs: readonly Run[] }).runs;
  }
  async run(run: string): Promise<Run> {
    return (await this.#json(path`runs/${run}`)) as Run;
  }
  async portfolio(run: string): Promise<Portfolio> {
    return (await this.#json(path`runs/${run}/portfolio`)) as Portfolio;
  }
  async accounts(): Promise<Accounts> {
    return (await this.#json('accounts')) as Accounts;
  }
  async killSwitch(run: string): Promise<KillSwitch> {
    return (await this.#json(path`runs/${run}/kill-switch`)) as KillSwitch;
  }
  async turnKillSwitch(run: string | undefined, order: { readonly action: 'trip' | 'reset' } & Signed): Promise<ControlAnswer> {
    const at = run === undefined ? 'kill-switch' : path`runs/${run}/kill-switch`;
    return this.#control(at, { method: 'POST', body: order });
  }
  async journal(run: string, fromSeq: number, limit: number, signal?: AbortSignal): Promise<JournalPage> {
    return (await this.#json(path`runs/${run}/journal?from_seq=${fromSeq}&limit=${limit}`, { signal })) as JournalPage;
  }
  async record(run: string, seq: number): Promise<AuditDocument> {
    return (await this.#json(path`runs/${run}/journal/${seq}`)) as AuditDocument;
  }
  async decision(run: string, intent: string): Promise<DecisionDetail> {
    return (await this.#json(path`decisions/${run}/${intent}`)) as DecisionDetail;
  }
  async evidence(run: string, intent: string): Promise<Blob> {
    return (await this.#ask(path`decisions/${run}/${intent}/evidence`)).blob();
  }
  async policies(): Promise<Policies> {
    return (await this.#json('policies')) as Policies;
  }
  async policy(hash: string): Promise<PolicyText> {
    return (await this.#json(path`policies/${hash}`)) as PolicyText;
  }
  async limits(run: string, symbol: string, strategy: string): Promise<ResolvedLimits> {
    const asked = new URLSearchParams({
      ...(symbol === '' ? {} : { symbol }),
      ...(strategy === '' ? {} : { strategy }),
    }).toString();
    return (await this.#json(`${path`runs/${run}/limits`}${asked === '' ? '' : `?${asked}`}`)) as ResolvedLimits;
  }
  async policyHistory(run: string): Promise<PolicyHistory> {
    return (await this.#json(path`runs/${run}/policy-history`)) as PolicyHistory;
  }
  async diff(run: string, policyText: string): Promise<PolicyDiff> {
    return (await this.#json('policies/diff', { method: 'POST', body: { policy_text: policyText, run_id: run } })) as PolicyDiff;
  }
  async activate(policyText: string, run: string | undefined, signed: Signed): Promise<ControlAnswer> {
    const body = { policy_text: policyText, ...(run === undefined ? {} : { run_id: run }), ...signed };
    return this.#control('policies', { method: 'PUT', body });
  }
  /** The stream of a run's events, after a position or the event with this id. */
  async events(run: string, after: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#ask(path`events?run=${run}`, {
      signal,
      headers: { 'last-event-id': after, accept: 'text/event-stream' },
    });
    if (response.body === null) throw new ApiProblem(response.status, 'internal_error', 'The stream of events is empty.');
    return response.body;
  }

  /** 200: in force. 202: on the log. */
  async #control(at: string, asked: Asked): Promise<ControlAnswer> {
    const response = await this.#ask(at, asked);
    const answer = (await response.json()) as Omit<ControlAnswer, 'folded'>;
    return { ...answer, folded: response.status === 200 };
  }

  async #json(at: string, asked: Asked = {}): Promise<unknown> {
    return (await this.#ask(at, asked)).json();
  }

  async #ask(at: string, { method = 'GET', body, headers = {}, signal }: Asked = {}): Promise<Response> {
    const token = this.client.token();
    const response = await fetch(new URL(at, document.baseURI), {
      method,
      cache: 'no-store',
      headers: {
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new ApiProblem(0, 'unreachable', 'The server does not answer; is it running?');
    });
    this.client.heard?.(response.headers.get('date'));
    if (response.ok) return response;
    if (response.status === 401) this.client.unauthorized();
    throw await problemOf(response);
  }
}

export interface Signed {
  readonly actor: string;
  readonly reason: string;
}

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const problemOf = async (response: Response): Promise<ApiProblem> => {
  const found: unknown = await response.json().catch(() => undefined);
  const { code, detail, title, errors } = (typeof found === 'object' && found !== null ? found : {}) as Record<string, unknown>;
  const told = [detail, title].find((text): text is string => typeof text === 'string' && text !== '');
  const said = told?.replace(/^line \d+, column \d+: /, ''); // of a body that nobody has typed
  return new ApiProblem(
    response.status,
    typeof code === 'string' ? code : 'unknown',
    said ?? `The server answered ${response.status}.`,
    Array.isArray(errors) ? errors.map(String) : [],
  );
};

/** In one line, whatever it was. */
export const problemText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
