/** Who looks, at which server, and what the server says of itself; shared by all views. */
import { Api, ApiProblem, problemText } from '../api/client';
import type { Row, Run, Status } from '../api/documents';
import { heardServerTime } from './clock';
import { drafts } from './drafts';
import { GivenOrders } from './givenOrders';
import { Value } from './value';

const TOKEN = 'policygate.token';
const EVERY_MS = 2_000;
const HIDDEN_MS = 10_000;

/** What a token looks like (docs/http.md); one that does not is not sent. */
const MOST_CHARACTERS = 512;
const tokenFault = (token: string): string | undefined => {
  if (token.length > MOST_CHARACTERS) return `A token has at most ${MOST_CHARACTERS} characters; this has ${token.length}.`;
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? undefined : 'A token has letters, digits and - . _ ~ + / alone; this has others.';
};

export class Session {
  readonly status = new Value<Status | undefined>(undefined);
  readonly runs = new Value<readonly Run[]>([]);
  /** A token is needed, or the one that we have is not taken. */
  readonly signedOut = new Value(false);
  /** Why the token is not taken, in one line. */
  readonly rejected = new Value<string | undefined>(undefined);
  /** Why the server cannot be asked, in one line. */
  readonly problem = new Value<string | undefined>(undefined);
  /** When `status` and `runs` came, ms since 1970. */
  readonly asOf = new Value<number | undefined>(undefined);
  /** What was ordered from this page. */
  readonly orders = new GivenOrders();
  /** Counts up when a token was given or taken back: whatever was shown by another's rights is read again. */
  readonly generation = new Value(0);
  readonly api = new Api({
    heard: heardServerTime,
    token: () => this.token,
    unauthorized: () => {
      this.rejected.set(this.token === undefined ? undefined : 'The server does not know this token.');
      this.signedOut.set(true);
    },
  });
  readonly #nextSeqs = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks the server how it is, now and every other second. */
  start(): void {
    void this.#poll();
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.#poll();
    });
  }

  /** Kept for this tab, until it is closed. */
  get token(): string | undefined {
    return sessionStorage.getItem(TOKEN) ?? undefined;
  }

  async signIn(token: string): Promise<void> {
    const fault = tokenFault(token);
    if (fault !== undefined) {
      this.rejected.set(fault);
      return;
    }
    sessionStorage.setItem(TOKEN, token);
    this.rejected.set(undefined);
    this.problem.set(undefined);
    this.signedOut.set(false);
    this.generation.set(this.generation.current + 1);
    await this.#poll();
  }

  signOut(): void {
    sessionStorage.removeItem(TOKEN);
    this.status.set(undefined);
    this.runs.set([]);
    this.asOf.set(undefined);
    this.problem.set(undefined);
    this.orders.all.set([]);
    drafts.clear();
    this.rejected.set(undefined);
    this.signedOut.set(true);
    this.generation.set(this.generation.current + 1);
  }

  /** Rows of a run that have come, whichever view is shown. */
  noticed(run: string, rows: readonly Row[]): void {
    const newest = rows.reduce((seq, row) => Math.max(seq, row.seq), -1);
    this.#nextSeqs.set(run, Math.max(this.nextSeqOf(run), newest + 1));
    this.orders.noticed(run, rows);
  }

  /** One past the newest row of the run that this page has seen. */
  nextSeqOf(run: string | undefined): number {
    return run === undefined ? 0 : (this.#nextSeqs.get(run) ?? 0);
  }

  get mayOperate(): boolean {
    return this.status.current?.caller.roles.includes('operate') === true;
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.signedOut.current) {
      try {
        const [status, runs] = await Promise.all([this.api.status(), this.api.runs()]);
        this.status.set(status);
        this.runs.set(runs);
        this.asOf.set(Date.now());
        this.problem.set(undefined);
        this.orders.runsAre(runs);
      } catch (error) {
        if (!(error instanceof ApiProblem && error.status === 401)) this.problem.set(problemText(error));
      }
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), document.hidden ? HIDDEN_MS : EVERY_MS);
  }
}
