/** `policygate top` on a terminal: a pseudo terminal that `script` of util-linux makes, with a person's keys. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { PROGRAM, ROOT, temporaryFolder } from '../support/program';
import { DEMO_FILES, endServers, post, serving } from '../support/serve';
import { until } from '../support/services';

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) {
  if (process.env.CI === 'true') throw new Error('CI needs `script` of util-linux: install bsdutils');
  console.warn('left out: `script` of util-linux, which makes a terminal, is not installed');
}
const describeTerminal = hasScript ? describe : describe.skip;

const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';

/** Columns and rows. */
const [WIDTH, HEIGHT] = [90, 30];

interface Screen {
  /** Of the program on the terminal. */
  readonly pid: () => number;
  /** All that was written. */
  readonly written: () => string;
  /** The lines that were drawn last, without colours. */
  readonly lines: () => readonly string[];
  /** Presses a key. */
  readonly press: (key: string) => void;
  readonly ended: Promise<number | null>;
}

const started: ChildProcess[] = [];

const top = (...args: readonly string[]): Screen => {
  const command = [process.execPath, PROGRAM, 'top', '--interval', '0.2', ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', `echo $$; stty cols ${WIDTH} rows ${HEIGHT}; exec ${command}`, '/dev/null'], {
    cwd: ROOT,
  });
  started.push(child);
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString('utf8')));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  // The last drawing may not be whole yet.
  const lines = (): readonly string[] =>
    (written.split(HOME).at(-2) ?? '').split(/\r+\n/).map((line) => line.replace(/\u001b\[[0-9;]*[mK]/g, ''));
  const pid = (): number => Number(/^\d+/.exec(written)?.[0]);
  return { pid, written: () => written, lines, press: (key) => child.stdin.write(key), ended };
};

describeTerminal('policygate top on a terminal', () => {
  jest.setTimeout(60_000);
  const folder = temporaryFolder();
  afterAll(() => {
    endServers();
    for (const child of started) child.kill('SIGKILL');
    folder.remove();
  });

  it('has the whole screen, follows what happens, says when it is old, and gives the screen back', async () => {
    const served = await serving([...DEMO_FILES, '--data-dir', folder.path('day'), '--run', 't-1']);
    const { written, lines, press, ended } = top('--url', served.url);
    await until('the view', () => /^policygate {2}run t-1 .* ready$/.test(lines()[0] ?? ''), 20_000);
    expect(written()).toMatch(/^\d+\r\n\u001b\[\?1049h\u001b\[\?25l\u001b\[H/);
    expect(lines()).toHaveLength(HEIGHT);
    expect(lines().filter((line) => line.length > WIDTH)).toEqual([]);
    await post(`${served.url}/runs/t-1/kill-switch`, { action: 'trip', actor: 'alice', reason: 'a test' });
    await until('the banner', () => lines().some((line) => /^KILL SWITCH TRIPPED since .* by alice /.test(line)), 20_000);
    served.child.kill('SIGTERM');
    await served.outcome;
    await until('what is old', () => (lines()[0] ?? '').endsWith('STALE'), 20_000);
    expect(lines().join('\n')).toMatch(/does not answer .*; trying again[^]*KILL SWITCH TRIPPED/);
    expect(written()).not.toContain(LEAVE);
    press('q');
    expect([await ended, written().endsWith(LEAVE)]).toEqual([0, true]);
  });

  it.each([
    ['Ctrl-C', ({ press }: Screen) => press('\u0003')],
    ['the end of the program', ({ pid }: Screen) => void process.kill(pid())],
  ])('ends with %s, and waits for a server before it', async (_, end) => {
    const screen = top('--url', 'http://127.0.0.1:2');
    await until(
      'a line',
      () => /^http:\/\/127\.0\.0\.1:2 does not answer .*; trying again$/.test(screen.lines()[0] ?? ''),
      20_000,
    );
    end(screen);
    expect([await screen.ended, screen.written().endsWith(LEAVE)]).toEqual([0, true]);
  });
});
