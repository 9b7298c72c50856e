/** `npm run campaign:gateway`: see options.ts for what it takes. Exit 0: nothing was found, and every planted bug was. 1: otherwise. 2: it could not run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { breakProgram, buildProgram } from '../builtProgram';
import { machine } from '../report';
import type { Trial } from '../trials';
import { planned, runCrashMatrix } from './crashMatrix';
import { killCells, nameOfCell, tryKill } from './killMatrix';
import { inLanes } from './lanes';
import type { GatewayCampaignArguments } from './options';
import { HELP, readArguments } from './options';
import { PLANTED_GATEWAY_BUGS } from './plantedBugs';
import type { GatewayReport } from './report';
import { document, isGood, summary } from './report';
import { tryGatewayBug } from './trials';
import { QUICK } from './venue';

/** Cells of the kill-switch matrix at a time: they wait for answers that do not come. */
const KILL_LANES = 8;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const main = async (words: readonly string[]): Promise<number> => {
  const given = readArguments(words);
  if (given === undefined) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  say(`seed ${given.seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'policygate-gateway-'));
  try {
    const report = await carriedOut(given, words, folder);
    const text = `${JSON.stringify(report, null, 2)}\n`;
    if (given.json === undefined) process.stdout.write(text);
    else writeFileSync(given.json, text);
    if (given.document) document(report);
    say(summary(report));
    return isGood(report) ? 0 : 1;
  } finally {
    if (given.keep) say(`data directories: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
};

const carriedOut = async (given: GatewayCampaignArguments, words: readonly string[], folder: string): Promise<GatewayReport> => {
  const { seed, lanes, bugs, onlyBugs, dialects, only } = given;
  const intact = breakProgram(await buildProgram(join(folder, 'built')), join(folder, 'intact'), QUICK);
  const cells = killCells().filter((cell) => dialects.includes(cell.dialect) && nameOfCell(cell).includes(only));
  const trips = onlyBugs ? [] : await inLanes(cells, KILL_LANES, tryKill);
  if (!onlyBugs)
    say(`kill-switch matrix: ${trips.filter(({ wrong }) => wrong.length > 0).length} of ${trips.length} cells are wrong`);
  const crashes = onlyBugs
    ? undefined
    : await runCrashMatrix(planned(given), { seed, program: intact, folder: made(folder, 'matrix'), lanes, say });
  const wanted =
    bugs === 'none' ? [] : PLANTED_GATEWAY_BUGS.filter(({ name }) => bugs === 'all' || bugs.split(',').includes(name));
  const trials = await inLanes(wanted, lanes, async (bug, at): Promise<Trial> => {
    const trial = await tryGatewayBug(bug, { intact, folder: made(folder, `bug-${at}`), seed: seed + at + 1 });
    say(`planted bug ${bug.name}: ${trial.caught ? `caught by ${Object.keys(trial.by).join(', ')}` : 'NOT CAUGHT'}`);
    return trial;
  });
  const command = `npm run campaign:gateway -- ${words.join(' ')}`;
  return { date: new Date().toISOString(), machine: machine(), command, crashes, trips, trials };
};

const made = (folder: string, name: string): string => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(`Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  },
);
