/** Runs that take each other's place: every minute one begins, the strategies go over to it, and the one before it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunCommand } from './programCommand';

const TURN_MS = 60_000;
const BEHIND_MS = 3_000;
const TRIES = 20;
const PAUSE_MS = 2_000;

export class RunTurns {
  begun = 0;
  /** The run that is traded. */
  now = '';

  constructor(
    private readonly command: RunCommand,
    private readonly files: readonly string[],
    private readonly say: (line: string) => void,
  ) {}

  /** A command that finds the bus or the registry away is given again, as its user would. Rejects where that does not help. */
  async next(): Promise<void> {
    const before = this.now;
    const run = `http-${this.begun + 1}`;
    await this.insist(['runs', 'start', '--run', run, '--account', 'acct-1', ...this.files, '--bus', 'kafka']);
    this.begun += 1;
    this.now = run;
    if (before === '') return;
    await sleep(BEHIND_MS);
    await this.insist(['runs', 'end', '--run', before, '--actor', 'soak', '--reason', 'its minute is over', '--bus', 'kafka']);
  }

  async eachMinute(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(TURN_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.next();
    }
  }

  private async insist(args: readonly string[]): Promise<void> {
    for (let left = TRIES; ; left--) {
      const { code, text } = await this.command(args);
      // Given twice, since the answer to the first did not come.
      if (code === 0 || /already|has ended/.test(text)) return;
      if (left === 0) throw new Error(`${args.slice(0, 4).join(' ')}: ${text}`);
      this.say(`  ${args.slice(0, 4).join(' ')} is given again: ${text.slice(0, 160)}`);
      await sleep(PAUSE_MS);
    }
  }
}
