/**
 * `npm run simulate`: see options.ts for what it takes. Exit 0: every promise was kept, every planted bug was found. 1: not so. 2: it could not run.
 */
import { availableParallelism } from 'node:os';
import { buildSimulation } from './build/buildSimulation';
import { manyWorlds } from './commands/manyWorlds';
import { oneWorld } from './commands/oneWorld';
import { plantedWorlds } from './commands/plantedWorlds';
import { HELP, readArguments } from './options';
import { WorldPool } from './worker/pool';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (text: string): void => void process.stdout.write(text);

const main = async (words: readonly string[]): Promise<number> => {
  const given = readArguments(words, availableParallelism());
  if (given === undefined) {
    print(`${HELP}\n`);
    return 0;
  }
  const pool = new WorldPool(await buildSimulation(), given.mode === 'world' ? 1 : given.workers);
  const surroundings = { pool, words, say, print };
  try {
    switch (given.mode) {
      case 'worlds':
        return (await manyWorlds(given, surroundings)) ? 0 : 1;
      case 'world':
        return (await oneWorld(given, surroundings)) ? 0 : 1;
      case 'planted':
        return (await plantedWorlds(given, surroundings)) ? 0 : 1;
    }
  } finally {
    await pool.close();
  }
};

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(`Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  },
);
