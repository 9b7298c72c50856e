/** The first minute of a newcomer: build and demo in a fresh copy of the checkout. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { median, spread } from './measure';

const CHECKOUT = join(__dirname, '../..');
const COPIED = ['src', 'bench', 'scripts', 'avro', 'policies', 'scenarios', 'package.json'];

interface Watched {
  /** Milliseconds from the start of the process. */
  readonly firstLine: number;
  readonly exit: number;
}

export const coldDemoBenchmark: Benchmark = {
  name: 'cold_demo',
  what: 'build and demo in a fresh copy of the checkout',
  run: async (setting) => {
    const copy = copyOfCheckout(setting.directory);
    const builds: number[] = [];
    const demos: Watched[] = [];
    const together: number[] = [];
    const byNpm: number[] = [];
    for (let round = 0; round < sized(setting, 5, 1); round++) {
      const build = await watch(copy, process.execPath, ['scripts/build.mjs']);
      const fresh = join(setting.directory, `demo-${round}`);
      const demo = await watch(copy, process.execPath, ['dist/src/apps/cli/policygate.js', 'demo', '--data-dir', fresh]);
      builds.push(build.exit);
      demos.push(demo);
      together.push(build.exit + demo.firstLine);
      const npm = await watch(copy, 'npm', ['run', '--silent', 'demo', '--', '--data-dir', `${fresh}-npm`]);
      byNpm.push(npm.firstLine);
      progress(
        `build ${Math.round(build.exit)} ms, demo ${Math.round(demo.firstLine)} ms, by npm ${Math.round(npm.firstLine)} ms`,
      );
    }
    const budget = { at_most: 3_000 } as const;
    return [
      figure('cold_demo/first line', 'build, then demo to the first line of its table', [median(together), 'ms'], {
        budget,
        details: {
          ...spread(together),
          build_ms: Math.round(median(builds)),
          demo_first_line_ms: Math.round(median(demos.map(({ firstLine }) => firstLine))),
          demo_exit_ms: Math.round(median(demos.map(({ exit }) => exit))),
        },
      }),
      figure('cold_demo/npm', '`npm run demo` to the first line, build included', [median(byNpm), 'ms'], {
        budget,
        details: spread(byNpm),
      }),
    ];
  },
};

/** Apart from the tree that this process runs from, which a build would take away under it. */
const copyOfCheckout = (directory: string): string => {
  const copy = join(directory, 'checkout');
  mkdirSync(copy, { recursive: true });
  for (const name of COPIED)
    if (existsSync(join(CHECKOUT, name))) cpSync(join(CHECKOUT, name), join(copy, name), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
};

const watch = (cwd: string, command: string, args: readonly string[]): Promise<Watched> =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    let firstLine: number | undefined;
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (text: Buffer) => {
      if (firstLine === undefined && text.includes('\n')) firstLine = performance.now() - start;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const exit = performance.now() - start;
      if (code === 0) resolve({ firstLine: firstLine ?? exit, exit });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? 'a signal'}`));
    });
  });
