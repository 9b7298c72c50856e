/** Kills a committing process, at named points and at any moment: what it acknowledged is there, whole, and nothing is there in part. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedBus } from '../../../src/bus/embedded/embeddedBus';
import { newDirectory } from './directories';
import { valuesOf } from './reading';

const PROGRAM = join(__dirname, 'commitUntilKilled.cjs');
const COMPILED_BUS = join(__dirname, '../../../dist/src/bus/embedded/embeddedBus.js');

/** Runs the program until it is dead; gives the number of the last acknowledged commit, or -1. */
const runUntilKilled = (directory: string, fault: readonly string[], killAfterMs?: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, COMPILED_BUS, directory, ...fault], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => {
      // The clock of the kill starts with the first commit, so that it falls into the committing.
      if (printed === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      printed += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the program ended by itself: ${complaints}`));
      else resolve(lastLineOf(printed));
    });
  });

/** The number in the last complete line: of a line that the kill has cut off nobody knows. */
const lastLineOf = (printed: string): number => {
  const line = printed.split('\n').at(-2);
  return line === undefined ? -1 : Number(line);
};

/** Reads everything back and checks that it is the first so many commits, whole. Gives how many. */
const wholeCommitsIn = async (directory: string): Promise<number> => {
  const bus = await openEmbeddedBus({ directory });
  try {
    const states = await valuesOf(bus, 'policy-state');
    const expected = states.flatMap((_, n) => Array.from({ length: 1 + (n % 5) }, (__, at) => `${n}/${at}/${1 + (n % 5)}`));
    const withoutPadding = (values: string[]) => values.map((value) => value.split('/').slice(0, 3).join('/'));
    expect(withoutPadding(states)).toEqual(states.map((_, n) => `${n}/0/${1 + (n % 5)}`));
    expect(withoutPadding(await valuesOf(bus, 'decisions'))).toEqual(expected);
    expect(withoutPadding(await valuesOf(bus, 'audit-records'))).toEqual(expected);
    return states.length;
  } finally {
    await bus.close();
  }
};

describe('the embedded bus after kill -9', () => {
  beforeAll(() => {
    if (!existsSync(COMPILED_BUS)) throw new Error(`${COMPILED_BUS} is missing: run \`npm run build\` first`);
  });

  it('has not got a commit that was killed before it was written', async () => {
    const directory = newDirectory();
    expect(await runUntilKilled(directory, ['bus:before-commit', '8'])).toBe(6);
    expect(await wholeCommitsIn(directory)).toBe(7);
  });

  it('has a commit that was killed after it was written and before it was acknowledged', async () => {
    const directory = newDirectory();
    expect(await runUntilKilled(directory, ['bus:after-commit', '8'])).toBe(6);
    expect(await wholeCommitsIn(directory)).toBe(8);
  });

  it('has all that was acknowledged, whole, whenever it is killed, again and again', async () => {
    const directory = newDirectory();
    let acknowledged = -1;
    for (const killAfterMs of [0, 3, 11, 40, 97, 150]) {
      acknowledged = Math.max(acknowledged, await runUntilKilled(directory, [], killAfterMs));
      expect(await wholeCommitsIn(directory)).toBeGreaterThan(acknowledged);
    }
    expect(acknowledged).toBeGreaterThan(20);
  }, 60_000);
});
