/** Looks again and again and shows what it found, on a terminal or as plain text, until it is told to stop. A server that restarts is waited for. */
import type { Io } from '../cli/io';
import { Failure } from '../failure';
import { pause } from '../service/backoff';
import { fitted } from './drawing';
import { nowView } from './nowView';
import { Unreachable } from './nowClient';
import type { Now, NowClient } from './nowClient';
import { Terminal } from './terminal';

export interface WatchOptions {
  readonly client: NowClient;
  readonly intervalMs: number;
  readonly json: boolean;
  readonly color: boolean;
  readonly stopping: AbortController;
}

/** Columns where nobody says how many there are. */
const WIDTH = 80;
const LEAST_WIDTH = 60;

/** In ASCII, as the server writes it: a character that steers the terminal stands as its escape. */
export const jsonLine = ({ texts }: Now): string => {
  const line = `{"status":${texts.status.trim()},"portfolio":${texts.portfolio.trim()},"kill_switch":${texts.kill_switch.trim()}}`;
  return `${line.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
};

export const plainText = (now: Now): string => `${nowView(now, { width: WIDTH, color: false }).join('\n')}\n`;

/** One look after the other, to whoever reads the output. */
export const printNow = async ({ client, intervalMs, json, stopping }: WatchOptions, io: Io): Promise<void> => {
  let trouble = '';
  while (!stopping.signal.aborted) {
    try {
      const now = await client.look();
      if (trouble !== '') io.err('It answers again\n');
      trouble = '';
      io.out(json ? jsonLine(now) : `${plainText(now)}\n`);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      if (error.message !== trouble) io.err(`${error.message}; trying again\n`);
      trouble = error.message;
    }
    await pause(intervalMs, stopping.signal);
  }
};

/** The whole screen, until q or Ctrl-C. */
export const watchNow = async ({ client, intervalMs, color, stopping }: WatchOptions): Promise<void> => {
  const { stdout, stdin } = process;
  let last: Now | undefined;
  let trouble: string | undefined;
  const show = (): void => {
    const width = Math.max(LEAST_WIDTH, terminal.width);
    const waiting = `${trouble ?? 'asking'}; trying again`;
    terminal.draw(
      last === undefined ? [fitted(waiting, width)] : nowView(last, { width, height: terminal.height, color, stale: trouble }),
    );
  };
  const terminal = new Terminal(stdout, stdin.isTTY ? stdin : undefined, () => stopping.abort(), show);
  // A first look that can never succeed is a line of the shell, and no screen.
  await client.look().then(
    (now) => (last = now),
    (error: unknown) => {
      if (!(error instanceof Unreachable)) throw error;
      trouble = error.message;
    },
  );
  terminal.enter();
  try {
    while (!stopping.signal.aborted) {
      show();
      await pause(intervalMs, stopping.signal);
      try {
        last = await client.look();
        trouble = undefined;
      } catch (error) {
        // Also what a look refuses now: a token may be gone, and come again.
        if (!(error instanceof Unreachable) && !(error instanceof Failure)) throw error;
        trouble = error.message;
      }
    }
  } finally {
    terminal.leave();
  }
};
