/** Runs a program to its end and takes what it prints. */
import { execFile } from 'node:child_process';

export interface CommandEnd {
  readonly ok: boolean;
  /** What it wrote to stdout and stderr; when it could not be run, or was ended for taking too long, why. */
  readonly text: string;
}

/** Never throws: a program that is not there, fails, or takes longer than `timeoutMs` is an answer too. */
export const run = (command: string, args: readonly string[], timeoutMs: number): Promise<CommandEnd> =>
  new Promise((resolve) => {
    execFile(command, [...args], { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const printed = [stdout.trim(), stderr.trim()].filter((part) => part !== '').join('\n');
      if (error === null) resolve({ ok: true, text: printed });
      else if (error.code === 'ENOENT') resolve({ ok: false, text: `\`${command}\` was not found` });
      else if (error.killed === true) resolve({ ok: false, text: `\`${command}\` did not end within ${timeoutMs / 1_000} s` });
      else resolve({ ok: false, text: printed === '' ? error.message : printed });
    });
  });

/** The end of a long text, on one line. */
export const lastWords = (text: string, characters = 400): string => text.slice(-characters).replace(/\s*\n\s*/g, ' | ');
