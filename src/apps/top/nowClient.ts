/** Asks a server for what the *Now* view shows. The journal is read on from where the last look ended. */
import { Failure, lineOf } from '../failure';
import { DecisionRate } from './decisionRate';
import { harmless } from './drawing';
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
/** How long one look may read rows, in each direction: a screen that is redrawn says what it has not read yet. */
const READING_MS = 1_000;

interface Answer<T> {
  readonly text: string;
  readonly value: T;
}

export class NowClient {
  private rate = new DecisionRate();
  /** Of the run that the rate is of. */
  private run: string | undefined;
  private nextSeq = 0;
  /** Of the oldest row that was read. */
  private firstSeq = 0;

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

  /** What came since the last look, and of what was before the first one a stretch more, until all that is shown is counted. */
  private async readOn(run: string, path: string): Promise<void> {
    if (run !== this.run) {
      const { value } = await this.ask<{ readonly next_seq: number }>(path);
      this.rate = new DecisionRate();
      this.run = run;
      this.nextSeq = Math.max(0, value.next_seq - ROWS);
      this.firstSeq = this.nextSeq;
    }
    await this.readForwards(path);
    await this.readBackwards(path);
  }

  private async readForwards(path: string): Promise<void> {
    const until = Date.now() + READING_MS;
    do {
      const { value } = await this.ask<JournalDocument>(`${path}/journal?from_seq=${this.nextSeq}&limit=${ROWS}`);
      this.counted(value.rows);
      const last: RowDocument | undefined = value.rows.at(-1);
      if (last !== undefined) this.nextSeq = last.seq + 1;
      this.rate.behind = last === undefined ? 0 : Math.max(0, value.next_seq - this.nextSeq);
    } while (this.rate.behind > 0 && Date.now() < until);
  }

  private async readBackwards(path: string): Promise<void> {
    const until = Date.now() + READING_MS;
    while (this.rate.wantsOlder(Date.now()) && Date.now() < until) {
      const from = Math.max(0, this.firstSeq - ROWS);
      const { value } = await this.ask<JournalDocument>(`${path}/journal?from_seq=${from}&limit=${this.firstSeq - from}`);
      this.firstSeq = from;
      this.counted(value.rows);
    }
  }

  private counted(rows: readonly RowDocument[]): void {
    this.rate.add(rows);
    const [oldest] = rows;
    if (this.firstSeq === 0) this.rate.countedFrom = undefined;
    else if (oldest !== undefined) this.rate.countedFrom = Math.min(oldest.clock_ms, this.rate.countedFrom ?? Infinity);
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
    return typeof detail === 'string' ? harmless(detail.replace(/\s+/g, ' ')) : undefined;
  } catch {
    return undefined;
  }
};
