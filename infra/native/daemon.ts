/** A server process with a log file that outlives the process which started it, and is found again by its number. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { lastWords, run } from './command';

export interface DaemonStart {
  /** For messages: `broker`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Where its output is appended. */
  readonly log: string;
  /** Whether it serves its clients; gets what this start has logged so far. */
  readonly ready: (logged: string) => boolean | Promise<boolean>;
  readonly timeoutMs: number;
  /** Called at once with its number, long before it is ready: who starts it may die meanwhile. */
  readonly spawned: (pid: number) => void;
}

const POLL_MS = 50;
/** How long a server may take to close in good order before it is killed. */
const CLOSE_MS = 20_000;

/** Returns its number once it is ready. Throws an Error with the end of its log when it ends before, or takes too long (it is killed then). */
export const startDaemon = async ({ name, command, args, cwd, log, ready, timeoutMs, spawned }: DaemonStart): Promise<number> => {
  const file = openSync(log, 'a');
  const before = statSync(log).size;
  // Detached: a session of its own, which neither Ctrl-C nor the end of the terminal reaches.
  const child = spawn(command, [...args], { cwd, detached: true, stdio: ['ignore', file, file] });
  closeSync(file);
  let failure: string | undefined;
  child.on('error', (error) => (failure = error.message));
  child.on('exit', (code, signal) => (failure ??= `it ended with ${signal ?? code ?? 'no code'}`));
  child.unref();
  if (child.pid !== undefined) spawned(child.pid);

  const logged = (): string => readFileSync(log).subarray(before).toString('utf8');
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (failure === undefined && (await ready(logged()))) break;
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      failure ??= `it was not ready within ${timeoutMs / 1_000} s`;
    }
    if (failure !== undefined)
      throw new Error(`the ${name} did not start: ${failure}; its log ${log}: ${lastWords(logged(), 1_500)}`);
    await pause(POLL_MS);
  }
  if (child.pid === undefined) throw new Error(`the ${name} did not start`);
  return child.pid;
};

/** Whether that process is alive and still the one whose command line holds `mark`: numbers are used again. */
export const isRunning = async (pid: number, mark: string): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return (await commandLine(pid)).includes(mark);
};

/** Empty for a process that has ended and was not yet collected by its parent. */
const commandLine = async (pid: number): Promise<string> => {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], 5_000)).text;
};

/** In good order; killed if it takes longer than 20 s. Nothing happens when it does not run. */
export const stopDaemon = async (pid: number, mark: string): Promise<void> => {
  await signalled(pid, mark, 'SIGTERM');
  if (!(await ended(pid, mark, CLOSE_MS))) await killDaemon(pid, mark);
};

/** SIGKILL, as a crash or the kernel's out-of-memory killer does it. */
export const killDaemon = async (pid: number, mark: string): Promise<void> => {
  await signalled(pid, mark, 'SIGKILL');
  if (!(await ended(pid, mark, CLOSE_MS))) throw new Error(`process ${pid} does not end, not even by SIGKILL`);
};

const signalled = async (pid: number, mark: string, signal: NodeJS.Signals): Promise<void> => {
  if (!(await isRunning(pid, mark))) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the two lines.
  }
};

const ended = async (pid: number, mark: string, withinMs: number): Promise<boolean> => {
  const deadline = Date.now() + withinMs;
  while (await isRunning(pid, mark)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
};
