/**
 * Worlds on several threads. A world that does not end in time, and one that brings its thread down, are answered with a violation, and their thread is
 * replaced; the worlds that waited behind it are run all the same.
 */
import { Worker } from 'node:worker_threads';
import type { WorldResult } from '../world/result';
import type { FromWorker, Job } from './protocol';
import { ENDLESS, unfinished } from './protocol';

/** Real time that a world may take. */
const GUARD_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
/** Jobs that a thread has in hand: no thread waits for the next one. */
const IN_HAND = 16;

interface Ticket {
  readonly job: Job;
  readonly resolve: (result: WorldResult) => void;
  readonly reject: (error: Error) => void;
}

interface Lane {
  readonly worker: Worker;
  isReady: boolean;
  /** In the order in which they are answered; the first is being run. */
  inHand: Ticket[];
  /** When the first of them was begun. */
  since: number;
  /** Why it was ended, if we did it. */
  ended: string | undefined;
}

export class WorldPool {
  private lanes: Lane[] = [];
  private readonly waiting: Ticket[] = [];
  private readonly guard: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly bundle: string,
    private readonly size: number,
    private readonly guardMs = GUARD_MS,
  ) {
    this.lanes = Array.from({ length: size }, () => this.lane());
    this.guard = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** So many worlds at a time keep every thread busy. */
  get room(): number {
    return this.size * IN_HAND;
  }

  /** Rejects only if no worker can be started at all. */
  run(job: Job): Promise<WorldResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, resolve, reject });
      if (this.waiting.length === 1) queueMicrotask(() => this.handOut());
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.guard);
    await Promise.all(this.lanes.map(({ worker }) => worker.terminate()));
  }

  private lane(): Lane {
    const worker = new Worker(this.bundle);
    const lane: Lane = { worker, isReady: false, inHand: [], since: 0, ended: undefined };
    let trouble = 'it ended by itself';
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') lane.isReady = true;
      else {
        lane.inHand.shift()?.resolve(message.result);
        lane.since = performance.now();
      }
      this.handOut();
    });
    worker.on('error', (error: unknown) => (trouble = error instanceof Error ? (error.stack ?? error.message) : String(error)));
    worker.on('exit', () => this.gone(lane, lane.ended ?? trouble));
    return lane;
  }

  /** Fills up the threads that have little left, the emptiest first. */
  private handOut(): void {
    for (const lane of this.lanes.toSorted((a, b) => a.inHand.length - b.inHand.length)) {
      if (!lane.isReady || lane.inHand.length > IN_HAND / 2) continue;
      const fair = Math.ceil(this.waiting.length / this.lanes.length);
      const tickets = this.waiting.splice(0, Math.min(IN_HAND - lane.inHand.length, fair));
      if (tickets.length === 0) continue;
      if (lane.inHand.length === 0) lane.since = performance.now();
      lane.inHand.push(...tickets);
      lane.worker.postMessage(tickets.map(({ job }) => job));
    }
  }

  private look(): void {
    for (const lane of this.lanes) {
      if (lane.inHand.length === 0 || performance.now() - lane.since < this.guardMs) continue;
      lane.ended = `the world did not end within ${this.guardMs / 1_000} s of real time`;
      void lane.worker.terminate();
    }
  }

  private gone(lane: Lane, why: string): void {
    if (this.closed) return;
    const [first, ...rest] = lane.inHand;
    lane.inHand = [];
    this.lanes = this.lanes.filter((one) => one !== lane);
    if (!lane.isReady) {
      for (const ticket of [...rest, ...this.waiting.splice(0)]) ticket.reject(new Error(`no worker could be started: ${why}`));
      return;
    }
    first?.resolve(unfinished({ promise: 19, check: lane.ended === undefined ? 'thread' : ENDLESS, what: why }));
    this.waiting.unshift(...rest);
    this.lanes.push(this.lane());
  }
}
