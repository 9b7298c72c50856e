/**
 * Virtual time: one event at a time, by time and then in the order of their making; between two events every microtask has ended. What a process does it
 * does within events of its own, so that a crash is that none of them comes any more, and a pause that they come later.
 */
import type { SimulatedProcess } from './process';

export interface Timer {
  /** Virtual ms. */
  at: number;
  readonly order: number;
  readonly owner: SimulatedProcess | undefined;
  readonly task: () => void;
  cancelled: boolean;
}

/** Real: the simulation's own turn of the event loop, taken before anything is replaced. */
const drainMicrotasks = (
  (turn: typeof setImmediate) => () =>
    new Promise<void>((resolve) => void turn(resolve))
)(setImmediate);

export class Scheduler {
  /** Virtual ms since 1970, with a fraction. */
  nowMs: number;
  /** Events so far. */
  events = 0;
  /** Whose event this is; undefined: the world's own. */
  current: SimulatedProcess | undefined;
  /** Nothing happens any more, whoever runs it. */
  isStopped = false;
  private readonly heap: Timer[] = [];
  private made = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** Runs `task` in so many virtual ms, as an event of `owner`: not at all if that has crashed by then, later if it is paused. */
  after(ms: number, task: () => void, owner?: SimulatedProcess): Timer {
    const timer: Timer = { at: this.nowMs + Math.max(0, ms), order: this.made++, owner, task, cancelled: false };
    this.push(timer);
    return timer;
  }

  /**
   * Runs until `done` says so (asked after each event), nothing is left, or this time has come. An exception of an event is the world's: it ends the run.
   */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    for (;;) {
      const timer = this.heap[0];
      if (timer === undefined || this.isStopped) return;
      if (timer.at > untilMs) {
        this.nowMs = untilMs;
        return;
      }
      this.pop();
      const { owner } = timer;
      if (timer.cancelled || owner?.isAlive === false) continue;
      if (owner !== undefined && owner.pausedUntil > timer.at) {
        // In the old order: what came first is done first when it goes on.
        timer.at = owner.pausedUntil;
        this.push(timer);
        continue;
      }
      this.nowMs = timer.at;
      this.events += 1;
      this.current = owner;
      timer.task();
      await drainMicrotasks();
      this.current = undefined;
      if (done()) return;
    }
  }

  /** Ends the world at the end of this event. */
  stop(): void {
    this.isStopped = true;
  }

  /** How many events each living process still has to come. */
  waiting(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { owner, cancelled } of this.heap)
      if (!cancelled && owner?.isAlive === true) counts.set(owner.name, (counts.get(owner.name) ?? 0) + 1);
    return counts;
  }

  private push(timer: Timer): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
