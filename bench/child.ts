/**
 * Each benchmark runs in a process of its own: none finds a heap or compiled code that another one left, and its memory is its own. What it
 * answers comes back as a message; whatever it prints goes to stderr.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Figure, Setting } from './benchmark';

const MAIN = join(__dirname, 'main.js');
/** First arguments of a child; not for people. */
export const ONE_BENCHMARK = '--in-child';
export const PROGRAM = '--program-in-child';
export const KAFKA_PROCESSOR = '--kafka-processor-in-child';
export const KAFKA_RESTORE = '--kafka-restore-in-child';

export interface ProgramEnd {
  readonly code: number;
  readonly peakBytes: number;
}

export const runInChild = (name: string, setting: Setting): Promise<readonly Figure[]> =>
  messageOf<readonly Figure[]>([ONE_BENCHMARK, name, JSON.stringify(setting)], ['--expose-gc']);

/** One command line of `policygate`, with the memory that it took at most. */
export const runProgramInChild = async (args: readonly string[]): Promise<ProgramEnd> => {
  const end = await messageOf<ProgramEnd>([PROGRAM, ...args], []);
  if (end.code !== 0) throw new Error(`policygate ${args.join(' ')} ended with ${end.code}`);
  return end;
};

/** With an IPC channel. Whoever profiles this process profiles that one, too. */
export const forkMain = (args: readonly string[], execArgv: readonly string[] = []): ChildProcess => {
  const profiling = process.execArgv.filter((option) => option.startsWith('--cpu-prof'));
  return fork(MAIN, args, { execArgv: [...execArgv, ...profiling], stdio: ['ignore', 2, 2, 'ipc'] });
};

export const messageOf = <T>(args: readonly string[], execArgv: readonly string[]): Promise<T> =>
  new Promise((resolve, reject) => {
    const child = forkMain(args, execArgv);
    let message: T | undefined;
    child.once('message', (sent) => {
      message = sent as T;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (message !== undefined && code === 0) resolve(message);
      else reject(new Error(`the process ended with ${code ?? signal ?? 'nothing'} before it had answered`));
    });
  });
