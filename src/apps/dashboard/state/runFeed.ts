/**
 * Keeps the rows of one run up to date: the newest page first, the older ones after it, and at the same time the stream of what comes. The stream begins
 * at a position that was read before the pages, so that nothing falls between; what comes twice is told by its seq.
 */
import type { Api } from '../api/client';
import { ApiProblem, problemText } from '../api/client';
import { EventLines } from '../api/eventLines';
import type { Row } from '../api/documents';
import { JournalStore } from '../journal/journalStore';
import { Value } from './value';

const FIRST_PAGE = 500;
const PAGE = 4_000;
/** The server says something every 15 s; this long without a word, and the connection is taken for dead. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/** `refused`: the server does not show this run to this caller, and it is not asked again. */
export type Connection = 'connecting' | 'live' | 'lost' | 'refused';

export class RunFeed {
  readonly store = new JournalStore();
  /** Counts the times that the store has changed, at most once a frame. */
  readonly version = new Value(0);
  readonly connection = new Value<Connection>('connecting');
  /** Rows below this seq are still to be read; 0 or the store's floor: none. */
  readonly readDownTo = new Value(Infinity);
  readonly #stop = new AbortController();
  #drawing = false;

  /** Why it is not live, in one line; undefined: it is, or nobody said. */
  readonly problem = new Value<string | undefined>(undefined);
  /** There is no such run. */
  readonly unknown = new Value(false);

  constructor(
    private readonly api: Api,
    readonly runId: string,
    /** Told of every row as it comes. */
    private readonly noticed: (rows: readonly Row[]) => void = () => undefined,
  ) {}

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        const { position } = await this.api.status();
        const { next_seq } = await this.api.run(this.runId);
        const following = this.#follow(position);
        await this.#readBack(next_seq);
        await following;
        return;
      } catch (error) {
        if (this.#failed(error)) return;
        await pause(wait, signal);
      }
    }
  }

  /** Whether there is no use in another try. */
  #failed(error: unknown): boolean {
    if (this.#stop.signal.aborted) return true;
    const final = isFinal(error);
    this.unknown.set(error instanceof ApiProblem && error.code === 'run_not_found');
    this.problem.set(error instanceof ApiProblem ? problemText(error) : undefined);
    this.connection.set(final ? 'refused' : 'lost');
    return final;
  }

  async #readBack(nextSeq: number): Promise<void> {
    const { signal } = this.#stop;
    let to = nextSeq;
    let size = FIRST_PAGE;
    for (; to > this.store.floor && !signal.aborted; size = PAGE) {
      const from = Math.max(this.store.floor, to - size);
      const { rows } = await this.#again(() => this.api.journal(this.runId, from, to - from, signal));
      this.#take(rows);
      to = from;
      this.readDownTo.set(to);
      await pause(0, signal); // typing and scrolling come first
    }
    this.readDownTo.set(to);
  }

  async #follow(position: string): Promise<void> {
    const { signal } = this.#stop;
    let after = position;
    let wait = FIRST_WAIT_MS;
    for (; !isAborted(signal); wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        await this.#stream(after, (id) => {
          after = id;
          wait = FIRST_WAIT_MS;
        });
        this.problem.set(undefined);
      } catch (error) {
        if (this.#failed(error)) return;
      }
      if (isAborted(signal)) return;
      this.connection.set('lost');
      await pause(wait, signal);
    }
  }

  /** Until it ends or breaks. */
  async #stream(after: string, passed: (id: string) => void): Promise<void> {
    const silence = new AbortController();
    const reader = (await this.api.events(this.runId, after, AbortSignal.any([this.#stop.signal, silence.signal]))).getReader();
    this.connection.set('live');
    this.problem.set(undefined);
    const lines = new EventLines();
    const decoder = new TextDecoder();
    for (;;) {
      const timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const events = lines.take(decoder.decode(value, { stream: true }));
      this.#take(events.map(({ data }) => JSON.parse(data) as Row));
      const id = events.at(-1)?.id;
      if (id !== undefined) passed(id);
    }
  }

  async #again<T>(ask: () => Promise<T>): Promise<T> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        return await ask();
      } catch (error) {
        if (this.#stop.signal.aborted || isFinal(error)) throw error;
        await pause(wait, this.#stop.signal);
      }
    }
  }

  #take(rows: readonly Row[]): void {
    const own = rows.filter(({ run_id = this.runId }) => run_id === this.runId);
    this.noticed(own);
    if (this.store.add(own) === 0 || this.#drawing) return;
    this.#drawing = true;
    const drawn = (): void => {
      this.#drawing = false;
      this.version.set(this.version.current + 1);
    };
    if (document.hidden) setTimeout(drawn, 500);
    else requestAnimationFrame(drawn);
  }
}

/** It would be refused again. */
const isFinal = (error: unknown): boolean => error instanceof ApiProblem && [401, 403, 404].includes(error.status);

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const aborted = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', aborted, { once: true });
  });

/** Asked by a call, since it changes while one waits. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
