/** `npm run soak`: see options.ts for what it takes. Exit 0: nothing grew and nothing was found. 1: otherwise. 2: it could not run. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNativeRegistry } from '../../infra/native/registry';
import { buildProgram } from '../campaign/builtProgram';
import { startCluster } from '../campaign/cluster';
import { machine } from '../campaign/report';
import { soakOnDirectory } from './embeddedSoak';
import { soakOnKafka } from './kafkaSoak';
import type { SoakArguments, SoakBus } from './options';
import { HELP, readArguments } from './options';
import type { SoakOutcome } from './outcome';
import type { SoakReport } from './report';
import { document, summary } from './report';

const RATES: Readonly<Record<SoakBus, number>> = { kafka: 80, embedded: 150 };

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const main = async (words: readonly string[]): Promise<number> => {
  const given = readArguments(words);
  if (given === undefined) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  say(`seed ${given.seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'policygate-soak-'));
  try {
    const commit = commitOf();
    const program = await buildProgram(join(folder, 'program'));
    const outcomes: SoakOutcome[] = [];
    for (const bus of given.buses) outcomes.push(await soakOn(bus, given, { folder, program }));
    // Where the report went is nobody's business.
    const told = words.filter((word, at) => word !== '--json' && words[at - 1] !== '--json');
    const command = `npm run soak -- ${told.join(' ')}`.trim();
    const report: SoakReport = { date: new Date().toISOString(), commit, machine: machine(), command, outcomes };
    const text = `${JSON.stringify(report, null, 2)}\n`;
    if (given.json === undefined) process.stdout.write(text);
    else writeFileSync(given.json, text);
    if (given.document) document(report);
    say(summary(report));
    return outcomes.every(({ findings }) => findings.length === 0) ? 0 : 1;
  } finally {
    if (given.keep) say(`logs and samples: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
};

const soakOn = async (
  bus: SoakBus,
  { seed, minutes, rate = RATES[bus] }: SoakArguments,
  place: { readonly folder: string; readonly program: string },
): Promise<SoakOutcome> => {
  const common = { program: place.program, folder: join(place.folder, bus), seed, minutes, rate, say };
  if (bus === 'embedded') return soakOnDirectory(common);
  const registry = await startNativeRegistry();
  try {
    const cluster = await startCluster({ registryUrl: registry.url });
    try {
      return await soakOnKafka({ ...common, cluster, registry, topicPrefix: `soak-${randomBytes(3).toString('hex')}-` });
    } finally {
      await cluster.stop();
    }
  } finally {
    await registry.stop();
  }
};

/** With a plus where the tree differs from it; `unknown` outside of a repository. */
const commitOf = (): string => {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: __dirname, encoding: 'utf8' }).trim();
  try {
    return `${git('rev-parse', '--short=9', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
};

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(`Error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  },
);
