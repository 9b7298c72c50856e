/**
 * Keeps a file beside the log, which has everything anyway: what fails is said, and done again from the beginning after a while, and decisions never
 * wait for it.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import { lineOf } from '../failure';
import { LogFile } from '../logFile';
import { Backoff, pause } from '../service/backoff';
import type { Logger } from '../service/logger';

/** What a pass over the log has to go by. */
export interface Pace {
  /** Everything that the log has was offered and is in the file: resolves when there may be more; false: this ends. */
  more(): Promise<boolean>;
  /** Lets others have their turn; rejects when there is no time left. */
  breathe(): Promise<void>;
}

export interface LogFollowerOptions {
  readonly file: string;
  readonly runId: string;
  readonly log: Logger;
  /** Offers the file every line of the run from the first on, and goes on for as long as the pace says so. */
  readonly pass: (file: LogFile, pace: Pace) => Promise<void>;
  readonly leastBackoffMs?: number;
}

/** How long a look for more may be waited with where nothing wakes it. */
const LOOK_EVERY_MS = 500;
/** What the end may take to write what there still is; the next start writes the rest. */
const LAST_MS = 2_000;
const LEAST_BACKOFF_MS = 1_000;
const MOST_BACKOFF_MS = 60_000;

export class LogFollower {
  private readonly stopping = new AbortController();
  private deadline = Infinity;
  private wake: () => void = () => undefined;
  private done: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: LogFollowerOptions,
    private file: LogFile | undefined,
  ) {}

  /** Rejects with a Failure where the file cannot be one of ours. */
  static async open(options: LogFollowerOptions): Promise<LogFollower> {
    return new LogFollower(options, await fileOf(options));
  }

  start(): void {
    this.done = this.run();
  }

  /** There is something new on the log. */
  look(): void {
    this.wake();
  }

  /** Writes what the log has by now, and ends. Never rejects. */
  async stop(): Promise<void> {
    this.deadline = performance.now() + LAST_MS;
    this.stopping.abort();
    this.wake();
    await this.done;
  }

  private async run(): Promise<void> {
    const { log, pass, leastBackoffMs = LEAST_BACKOFF_MS } = this.options;
    const backoff = new Backoff(leastBackoffMs, MOST_BACKOFF_MS);
    for (;;) {
      try {
        this.file ??= await fileOf(this.options);
        await pass(this.file, this.pace());
        this.close();
        return;
      } catch (error) {
        this.close();
        if (error instanceof OutOfTime) return;
        log.error({ file: this.options.file, reason: lineOf(error) }, 'the file cannot be kept; decisions go on');
        if (this.isStopping()) return;
        await pause(backoff.nextMs(), this.stopping.signal);
        if (this.isStopping()) return;
      }
    }
  }

  private pace(): Pace {
    let isLast = false;
    return {
      more: async () => {
        // What was written between the last look and the signal to stop is taken, too.
        if (this.isStopping()) return isLast ? false : (isLast = true);
        const slept = new AbortController();
        const woken = new Promise<void>((resolve) => (this.wake = resolve));
        await Promise.race([woken, pause(LOOK_EVERY_MS, slept.signal)]);
        slept.abort();
        return true;
      },
      breathe: async () => {
        if (performance.now() > this.deadline) throw new OutOfTime();
        await immediate();
      },
    };
  }

  private close(): void {
    this.file?.close();
    this.file = undefined;
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

class OutOfTime extends Error {}

const fileOf = ({ file, runId }: LogFollowerOptions): Promise<LogFile> =>
  LogFile.open(file, false, (line) => line.run_id === runId);
