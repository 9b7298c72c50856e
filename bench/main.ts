/**
 * `npm run bench [-- names...]`: runs the benchmarks and prints one JSON document on stdout; progress goes to stderr. Figures beside their budgets,
 * no verdict: the exit code is 0 whatever they are, 1 if a benchmark could not run, 2 for an unknown name or option. What the machine lacks something for
 * is left out, and no failure, unless it was named.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from '../src/apps/cli/program';
import { didYouMean } from '../src/contracts/nearest';
import { auditCheckpointsBenchmark } from './auditCheckpoints';
import { auditReplayBenchmark } from './auditReplay';
import { auditVerifyBenchmark } from './auditVerify';
import type { Benchmark, Figure, Setting } from './benchmark';
import type { ProgramEnd } from './child';
import { KAFKA_PROCESSOR, KAFKA_RESTORE, ONE_BENCHMARK, PROGRAM, runInChild } from './child';
import { codecBenchmark } from './codecBenchmark';
import { coldDemoBenchmark } from './coldDemo';
import { decideBenchmark } from './decide';
import { embeddedBenchmark } from './embedded';
import { foldBenchmark } from './fold';
import { gatewayBenchmark } from './gateway';
import { httpIntakeBenchmark } from './httpIntake';
import { HTTP_LOAD, runLoad } from './httpIntakeLoad';
import { kafkaBenchmark } from './kafka';
import { runProcessor } from './kafkaProcessor';
import { runRestore } from './kafkaRestore';
import { thisCommit, thisMachine } from './machine';
import { memoryBenchmark } from './memory';
import { restoreBenchmark } from './restore';
import { runBenchmark } from './run';
import { scaleBenchmark } from './scale';

/** In the order in which they run: `restore` and `kafka` take over what `memory` leaves behind. */
const BENCHMARKS: readonly Benchmark[] = [
  decideBenchmark,
  codecBenchmark,
  foldBenchmark,
  runBenchmark,
  embeddedBenchmark,
  memoryBenchmark,
  restoreBenchmark,
  auditVerifyBenchmark,
  auditReplayBenchmark,
  auditCheckpointsBenchmark,
  coldDemoBenchmark,
  gatewayBenchmark,
  kafkaBenchmark,
  scaleBenchmark,
  httpIntakeBenchmark,
];

const HELP = `npm run bench -- [--quick] [--list] [names...]
  names     which benchmarks to run; none: all of them
  --list    what there is
  --quick   small sizes, for a look while working: figures that are not comparable
BENCH_DIR   where the benchmarks write, on the disk that is to be measured; default: the system's temporary directory
KAFKA_BROKERS   the broker that \`kafka\`, \`scale\` and \`http\` measure; default: one of their own, for which they need Java 17 and Maven
SCHEMA_REGISTRY_URL   the registry beside it, for \`http\`; default: one of its own
POLICYGATE_FIRST_SERVE   the first program's policygate-serve, which \`http\` then measures, too
`;

const byName = (name: string): Benchmark => {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (found !== undefined) return found;
  const names = BENCHMARKS.map((benchmark) => benchmark.name);
  throw new UsageError(`no benchmark \`${name}\`${didYouMean(name, names)} (--list shows what there is)`);
};

class UsageError extends Error {
  override readonly name = 'UsageError';
}

const report = async (args: readonly string[]): Promise<number> => {
  const { quick, list, help, names } = optionsOf(args);
  if (help) return print(HELP);
  if (list) return print(BENCHMARKS.map(({ name, what }) => `${name.padEnd(10)} ${what}\n`).join(''));
  const chosen = names.length === 0 ? BENCHMARKS : BENCHMARKS.filter((benchmark) => names.map(byName).includes(benchmark));
  const machine = thisMachine();
  const commit = thisCommit();
  const date = new Date().toISOString();
  const setting: Setting = { directory: mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'policygate-bench-')), quick };
  process.once('exit', () => rmSync(setting.directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));

  const results: Figure[] = [];
  const failed: { readonly name: string; readonly error: string }[] = [];
  const left_out: { readonly name: string; readonly reason: string }[] = [];
  for (const { name, what, missing } of chosen) {
    const start = performance.now();
    const reason = await missing?.();
    if (reason !== undefined && names.length === 0) {
      left_out.push({ name, reason });
      process.stderr.write(`${name}: left out: ${reason}\n`);
      continue;
    }
    process.stderr.write(`${name}: ${what}\n`);
    try {
      if (reason !== undefined) throw new Error(reason);
      results.push(...(await runInChild(name, setting)));
      process.stderr.write(`${name}: done in ${((performance.now() - start) / 1_000).toFixed(1)} s\n`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failed.push({ name, error: message });
      process.stderr.write(`${name}: could not run: ${message}\n`);
    }
  }
  print(
    `${JSON.stringify({ machine, date, ...(commit === undefined ? {} : { commit }), quick, results, failed, left_out }, null, 2)}\n`,
  );
  return failed.length === 0 ? 0 : 1;
};

const print = (text: string): number => {
  process.stdout.write(text);
  return 0;
};

const optionsOf = (
  args: readonly string[],
): { readonly quick: boolean; readonly list: boolean; readonly help: boolean; readonly names: readonly string[] } => {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { quick: flag, list: flag, help: flag },
      allowPositionals: true,
    });
    positionals.forEach(byName);
    return { ...values, names: positionals };
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(error instanceof Error ? error.message.split('. ')[0]! : String(error));
  }
};

const send = (message: unknown): Promise<void> =>
  new Promise((resolve, reject) => {
    if (process.send === undefined) return reject(new UsageError('an option for child processes of this program only'));
    process.send(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)));
  });

const oneBenchmark = async ([name = '', setting = '{}']: readonly string[]): Promise<number> => {
  await send(await byName(name).run(JSON.parse(setting) as Setting));
  return 0;
};

const kafkaProcessor = async ([task = '{}']: readonly string[]): Promise<number> => {
  await runProcessor(JSON.parse(task) as Parameters<typeof runProcessor>[0], send);
  return 0;
};

const kafkaRestore = async ([task = '{}']: readonly string[]): Promise<number> => {
  await send(await runRestore(JSON.parse(task) as Parameters<typeof runRestore>[0]));
  return 0;
};

const httpLoad = async ([task = '{}']: readonly string[]): Promise<number> => {
  await send(await runLoad(JSON.parse(task) as Parameters<typeof runLoad>[0]));
  return 0;
};

const program = async (args: readonly string[]): Promise<number> => {
  const write = (text: string): void => void process.stderr.write(text);
  const code = await runProgram(args, { out: () => undefined, err: write, interactive: false });
  const end: ProgramEnd = { code, peakBytes: process.resourceUsage().maxRSS * 1_024 };
  await send(end);
  return 0;
};

/** What child processes of this program do. */
const PARTS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  [ONE_BENCHMARK]: oneBenchmark,
  [PROGRAM]: program,
  [KAFKA_PROCESSOR]: kafkaProcessor,
  [KAFKA_RESTORE]: kafkaRestore,
  [HTTP_LOAD]: httpLoad,
};

const main = async ([first = '', ...rest]: readonly string[]): Promise<number> => {
  try {
    const part = PARTS[first];
    return await (part === undefined ? report(process.argv.slice(2)) : part(rest));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`Error: ${error.message}\n`);
    return 2;
  }
};

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  // The channel to the parent would keep a child alive.
  if (process.connected) process.disconnect();
});
