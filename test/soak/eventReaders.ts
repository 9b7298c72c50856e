/** Dashboards that come and go: readers of /events, some of which come back where they were, and some of which take nothing for a while. */
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random';

export interface EventReadersOptions {
  readonly url: () => string;
  readonly token: string;
  readonly random: Random;
}

const AT_ONCE = 6;
const MOST_PAUSE_MS = 4_000;
const LEAST_STAY_MS = 2_000;
const MOST_STAY_MS = 20_000;

export class EventReaders {
  opened = 0;
  events = 0;
  private readonly stopping = new AbortController();
  private readers: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: EventReadersOptions) {}

  start(): void {
    this.readers = Promise.all(Array.from({ length: AT_ONCE }, (_, number) => this.comeAndGo(number)));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.readers;
  }

  private async comeAndGo(number: number): Promise<void> {
    const { random } = this.options;
    const { signal } = this.stopping;
    let last = '';
    for (;;) {
      await sleep(random.below(MOST_PAUSE_MS), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const after = random.chance(0.5) ? last : '';
      // The first of them is one of those that do not take what they asked for.
      last = (await this.read(after, random.between(LEAST_STAY_MS, MOST_STAY_MS), number === 0)) || last;
    }
  }

  /** Answers with the id of the last event. Never rejects: a server that is away is come back to. */
  private read(after: string, stayMs: number, takesNothing: boolean): Promise<string> {
    const { url, token, random } = this.options;
    const kinds = random.chance(0.3) ? '?kinds=DECISION,KILL_SWITCH' : '';
    const headers = { authorization: `Bearer ${token}`, ...(after === '' ? {} : { 'last-event-id': after }) };
    let last = '';
    return new Promise((resolve) => {
      const take = (response: IncomingMessage): void => {
        this.opened += 1;
        response.setEncoding('utf8');
        if (takesNothing) response.pause();
        else
          response.on('data', (text: string) => {
            this.events += text.split('\ndata: ').length - 1;
            last = /^id: (.*)$/m.exec(text.slice(text.lastIndexOf('\nid: ') + 1))?.[1] ?? last;
          });
        response.on('error', () => undefined);
        response.on('close', end);
      };
      const asked = request(`${url()}/events${kinds}`, { agent: false, headers }, take);
      const timer = setTimeout(() => asked.destroy(), stayMs);
      const end = (): void => {
        clearTimeout(timer);
        this.stopping.signal.removeEventListener('abort', leave);
        resolve(last);
      };
      const leave = (): void => void asked.destroy();
      this.stopping.signal.addEventListener('abort', leave);
      asked.on('error', end);
      asked.on('close', end);
      asked.end();
    });
  }
}
