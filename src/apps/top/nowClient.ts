/** Asks a server for what the *Now* view shows. The journal is read on from where the last look ended. */
import { Failure, lineOf } from '../failure';
import { DecisionRate } from './decisionRate';
import type { JournalDocument, KillSwitchDocument, PortfolioDocument, RowDocument, StatusDocument } from './nowDocuments';

export interface NowClientOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** Undefined: the server's own, else the only active one. */
  readonly run: string | undefined;
  readonly token: string | undefined;
}

/** One look: everything is as of about the same moment. */
export interface Now {
  readonly at: number;
  readonly status: StatusDocument;
  readonly portfolio: PortfolioDocument;
  readonly killSwitch: KillSwitchDocument;
  readonly rate: DecisionRate;
  /** The answers as they came, for `--json`: no digit is lost. */
  readonly texts: { readonly status: string; readonly portfolio: string; readonly kill_switch: string };
}

/** The server does not answer, or not yet: it may restart. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

const ANSWER_MS = 10_000;
const ROWS = 5_000;

interface Answer<T> {
  readonly text: string;
  readonly value: T;
}

export class NowClient {
  private rate = new DecisionRate();
  /** Of the run that the rate is of. */
  private run: string | undefined;
  private nextSeq = 0;

  constructor(private readonly options: NowClientOptions) {}

  /** Rejects with Unreachable where another try may succeed, else with a Failure. */
  async look(): Promise<Now> {
    const status = await this.ask<StatusDocument>('/status');
    const run = this.options.run ?? status.value.default_run ?? (await this.onlyRun());
    const path = `/runs/${encodeURIComponent(run)}`;
    const [portfolio, killSwitch] = await Promise.all([
      this.ask<PortfolioDocument>(`${path}/portfolio`),
      this.ask<KillSwitchDocument>(`${path}/kill-switch`),
    ]);
    await this.readOn(run, path);
    const texts = { status: status.text, portfolio: portfolio.text, kill_switch: killSwitch.text };
    return {
      at: Date.now(),
      status: status.value,
      portfolio: portfolio.value,
      killSwitch: killSwitch.value,
      rate: this.rate,
      texts,
    };
  }

  private async onlyRun(): Promise<string> {
    const { value } = await this.ask<{ readonly runs: readonly { readonly run_id: string; readonly status: string }[] }>('/runs');
    const active = value.runs.filter(({ status }) => status === 'ACTIVE');
    const [only] = active;
    if (only === undefined) throw new Unreachable('no run is active');
    if (active.length > 1) throw new Failure(`${active.length} runs are active; say which one with --run`);
    return only.run_id;
  }

  /** Of a journal that is long already, the end is enough. */
  private async readOn(run: string, path: string): Promise<void> {
    if (run !== this.run) {
      const { value } = await this.ask<{ readonly next_seq: number }>(path);
      this.rate = new DecisionRate();
      this.run = run;
      this.nextSeq = Math.max(0, value.next_seq - ROWS);
    }
    for (;;) {
      const { value } = await this.ask<JournalDocument>(`${path}/journal?from_seq=${this.nextSeq}&limit=${ROWS}`);
      this.rate.add(value.rows);
      const last: RowDocument | undefined = value.rows.at(-1);
      if (last === undefined) return;
      this.nextSeq = last.seq + 1;
      if (this.nextSeq >= value.next_seq) return;
    }
  }

  private async ask<T>(path: string): Promise<Answer<T>> {
    const { url, token } = this.options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(ANSWER_MS),
        redirect: 'error',
      });
      text = await response.text();
    } catch (error) {
      throw new Unreachable(`${url} does not answer (${reasonOf(error)})`);
    }
    if (response.ok) return { text, value: parsed(text, url) as T };
    const { status } = response;
    const detail = detailOf(text) ?? `it answers ${status}`;
    if (status >= 500 || status === 429) throw new Unreachable(`${url}: ${detail}`);
    if (status === 401) throw new Failure(`${url}: ${detail}; set POLICYGATE_TOKEN, or give --token-file`);
    throw new Failure(`${url}${path}: ${detail}`);
  }
}

/** What the connection failed with stands in the cause. */
const reasonOf = (error: unknown): string => {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : lineOf(cause ?? error);
};

const parsed = (text: string, url: string): unknown => {
  try {
    // Only shown: what it says goes to no decision and to no log.
    return JSON.parse(text);
  } catch {
    throw new Failure(`${url}: what answers there is no policygate server`);
  }
};

const detailOf = (text: string): string | undefined => {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === 'string' ? detail.replace(/\s+/g, ' ') : undefined;
  } catch {
    return undefined;
  }
};
