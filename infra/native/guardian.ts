/**
 * Ends what a test run started when the run itself is gone, however it went: a small shell that reads from a pipe which nobody writes to. The
 * pipe closes when the process that holds its other end ends, by SIGKILL too; then the shell does its one thing.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface Guardian {
  /** What it would have ended has been ended in good order. */
  readonly dismiss: () => void;
}

/** `script` is for `sh`, with `args` as $1, $2 and so on. It runs once, after the death of this process. */
export const postGuardian = (script: string, args: readonly string[]): Guardian => {
  const shell = spawn('sh', ['-c', `read -r nothing\n${script}`, 'guardian', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Its own process group: Ctrl-C in the terminal must reach the tests, and not it.
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  // It keeps no process alive.
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return { dismiss: () => shell.kill('SIGKILL') };
};

/** Kills a process, and removes its folder unless that is undefined. */
export const guardProcess = (pid: number, folder: string | undefined): Guardian =>
  postGuardian('kill -9 "$1"; [ -z "$2" ] || { sleep 0.3; rm -rf "$2"; }', [String(pid), folder ?? '']);
