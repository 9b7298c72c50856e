/** `npm run campaign`: see options.ts for what it takes. Exit 0: nothing was found, and every planted bug was. 1: otherwise. 2: it could not run. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from './builtProgram';
import { runCampaign } from './campaign';
import type { Cluster } from './cluster';
import { startCluster } from './cluster';
import type { CampaignArguments } from './options';
import { HELP, readArguments } from './options';
import { PLANTED_BUGS } from './plantedBugs';
import { stepsOf } from './plans';
import { Random } from '../support/random';
import type { Report } from './report';
import { document, machine, summary } from './report';
import type { Trial } from './trials';
import { tryBug } from './trials';

/** Long enough for a busy machine to send its heartbeats, short enough for many takeovers. */
const SESSION_MS = 4_000;
const LIVENESS_MS = 60_000;
const BATCH_RECORDS = 100;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const main = async (words: readonly string[]): Promise<number> => {
  const given = readArguments(words);
  if (given === undefined) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  say(`seed ${given.seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'policygate-campaign-'));
  try {
    const intact = await buildProgram(join(folder, 'intact'));
    const cluster = await startCluster({});
    try {
      const report = await carriedOut(given, words, { folder, intact, cluster });
      const text = `${JSON.stringify(report, null, 2)}\n`;
      if (given.json === undefined) process.stdout.write(text);
      else writeFileSync(given.json, text);
      if (given.document) document(report);
      say(summary(report));
      return isGood(report) ? 0 : 1;
    } finally {
      await cluster.stop();
    }
  } finally {
    if (given.keep) say(`logs: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
};

interface Place {
  readonly folder: string;
  readonly intact: string;
  readonly cluster: Cluster;
}

const carriedOut = async (
  given: CampaignArguments,
  words: readonly string[],
  { folder, intact, cluster }: Place,
): Promise<Report> => {
  const run = randomBytes(3).toString('hex');
  const bugs =
    given.bugs === 'none' ? [] : PLANTED_BUGS.filter(({ name }) => given.bugs === 'all' || given.bugs.split(',').includes(name));
  const { seed, shards, runs, intents, rate, processors } = given;
  const common = { cluster, sessionMs: SESSION_MS, say };
  const campaign = given.onlyBugs
    ? undefined
    : await runCampaign({
        ...common,
        ...{ seed, shards, runs, intents, rate, processors, program: intact, folder: join(folder, 'campaign') },
        ...{ topicPrefix: `campaign-${run}-`, batchRecords: BATCH_RECORDS, livenessMs: LIVENESS_MS },
        steps: stepsOf(given, new Random(seed)),
      });
  const trials: Trial[] = [];
  for (const [at, bug] of bugs.entries()) {
    say(`planted bug ${at + 1} of ${bugs.length}: ${bug.name}`);
    const trial = await tryBug(bug, {
      ...common,
      ...{ intact, seed: seed + at + 1, folder: join(folder, `bug-${at}`), topicPrefix: `bug-${run}-${at}-` },
    });
    say(trial.caught ? `  caught by ${Object.keys(trial.by).join(', ')}: ${trial.first}` : '  NOT CAUGHT');
    trials.push(trial);
  }
  return {
    date: new Date().toISOString(),
    machine: machine(),
    command: `npm run campaign -- ${words.join(' ')}`,
    campaign,
    trials,
  };
};

const isGood = ({ campaign, trials }: Report): boolean =>
  Object.keys(campaign?.findings ?? {}).length === 0 &&
  (campaign?.missed.length ?? 0) === 0 &&
  trials.every(({ caught }) => caught);

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(`Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  },
);
