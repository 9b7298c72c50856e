/** A command of the built program, run to its end. */
import { execFile } from 'node:child_process';

export interface CommandEnd {
  readonly code: number;
  /** What it wrote, the end of it, on one line. */
  readonly text: string;
}

export type RunCommand = (args: readonly string[]) => Promise<CommandEnd>;

const LIMIT_MS = 900_000;
const LAST_CHARACTERS = 600;

/** `env` is added to our own. */
export const commandsOf =
  (program: string, env: Readonly<Record<string, string>>): RunCommand =>
  (args) =>
    new Promise((resolve) => {
      const options = { env: { ...process.env, ...env }, timeout: LIMIT_MS, maxBuffer: 2 ** 26 };
      execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
        const text = `${stdout}\n${stderr}`
          .trim()
          .slice(-LAST_CHARACTERS)
          .replace(/\s*\n\s*/g, ' | ');
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text });
      });
    });
