/** Who looks, at which server, and what the server says of itself; shared by all views. */
import { Api, ApiProblem, problemText } from '../api/client';
import type { Run, Status } from '../api/documents';
import { Value } from './value';

const TOKEN = 'policygate.token';
const EVERY_MS = 2_000;
const HIDDEN_MS = 10_000;

export class Session {
  readonly status = new Value<Status | undefined>(undefined);
  readonly runs = new Value<readonly Run[]>([]);
  /** A token is needed, or the one that we have is not taken. */
  readonly signedOut = new Value(false);
  readonly rejected = new Value(false);
  /** Why the server cannot be asked, in one line. */
  readonly problem = new Value<string | undefined>(undefined);
  /** Counts up when a token was given or taken back: whatever was shown by another's rights is read again. */
  readonly generation = new Value(0);
  readonly api = new Api({
    token: () => this.token,
    unauthorized: () => {
      this.rejected.set(this.token !== undefined);
      this.signedOut.set(true);
    },
  });
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
    sessionStorage.setItem(TOKEN, token);
    this.rejected.set(false);
    this.signedOut.set(false);
    this.generation.set(this.generation.current + 1);
    await this.#poll();
  }

  signOut(): void {
    sessionStorage.removeItem(TOKEN);
    this.status.set(undefined);
    this.runs.set([]);
    this.rejected.set(false);
    this.signedOut.set(true);
    this.generation.set(this.generation.current + 1);
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
        this.problem.set(undefined);
      } catch (error) {
        if (!(error instanceof ApiProblem && error.status === 401)) this.problem.set(problemText(error));
      }
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), document.hidden ? HIDDEN_MS : EVERY_MS);
  }
}
