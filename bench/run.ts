/** The main job as its user runs it: files in, audit and execution logs out, a process of its own each time. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Figure, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { runProgramInChild } from './child';
import { median, megabytes, spread } from './measure';
import { writeRunFiles } from './runFiles';

/** Every line of the audit log lists all positions and prices, so that their number decides how much is written. */
const SYMBOLS = 10;
const MANY_SYMBOLS = 100;
const AUDIT_LOG = 'audit.jsonl';
const LONGEST_MS = 30_000;

export const runBenchmark: Benchmark = {
  name: 'run',
  what: '`policygate run` from files with audit and execution logs',
  run: async (setting) => [await withFewSymbols(setting), await withManySymbols(setting), await onDataDirectory(setting)],
};

const withFewSymbols = async (setting: Setting): Promise<Figure> => {
  const intents = sized(setting, 100_000, 5_000);
  const { rate, details } = await onMemoryBus(setting, intents, SYMBOLS);
  const what = `wall time of the process, start included; ${SYMBOLS} positions`;
  return figure('run/files', what, [rate, 'intents/s'], { budget: { at_least: 40_000 }, details });
};

const withManySymbols = async (setting: Setting): Promise<Figure> => {
  const intents = sized(setting, 20_000, 2_000);
  const { rate, details } = await onMemoryBus(setting, intents, MANY_SYMBOLS);
  return figure(`run/files, ${MANY_SYMBOLS} positions`, 'the same with longer lines of the audit log', [rate, 'intents/s'], {
    details,
  });
};

const onMemoryBus = async (
  setting: Setting,
  intents: number,
  symbols: number,
): Promise<{ readonly rate: number; readonly details: Figure['details'] }> => {
  const directory = join(setting.directory, `run-${symbols}`);
  const files = writeRunFiles(directory, intents, symbols);
  const runs: Run[] = [];
  const start = performance.now();
  for (let round = 0; round < sized(setting, 5, 1); round++) {
    // A slow machine gets fewer rounds, so that a full report stays within minutes.
    if (round > 0 && performance.now() - start > LONGEST_MS) break;
    runs.push(await once(directory, files, intents));
  }
  const rates = runs.map(({ milliseconds }) => (intents / milliseconds) * 1_000);
  return {
    rate: median(rates),
    details: {
      ...spread(rates),
      intents,
      wall_s: Number((median(runs.map(({ milliseconds }) => milliseconds)) / 1_000).toFixed(2)),
      peak_rss_mb: megabytes(Math.max(...runs.map(({ peakBytes }) => peakBytes))),
      audit_bytes_per_intent: Math.round(statSync(join(directory, AUDIT_LOG)).size / intents),
    },
  };
};

/** One synced commit after the other for every intent: the disk decides. */
const onDataDirectory = async (setting: Setting): Promise<Figure> => {
  const intents = sized(setting, 5_000, 500);
  const directory = join(setting.directory, 'run-durable');
  const files = writeRunFiles(directory, intents, SYMBOLS);
  const { milliseconds, peakBytes } = await once(directory, [...files, '--data-dir', join(directory, 'data')], intents);
  return figure(
    'run/data directory',
    'the same with `--data-dir`: each intent, order and fill durable before the next',
    [(intents / milliseconds) * 1_000, 'intents/s'],
    {
      details: { intents, wall_s: Number((milliseconds / 1_000).toFixed(2)), peak_rss_mb: megabytes(peakBytes), rounds: 1 },
    },
  );
};

interface Run {
  readonly milliseconds: number;
  readonly peakBytes: number;
}

const once = async (directory: string, files: readonly string[], intents: number): Promise<Run> => {
  const audit = join(directory, AUDIT_LOG);
  const executions = join(directory, 'executions.jsonl');
  const summary = join(directory, 'summary.json');
  for (const file of [audit, executions, summary]) rmSync(file, { force: true });
  const start = performance.now();
  const { peakBytes } = await runProgramInChild([
    'run',
    ...files,
    '--audit-log',
    audit,
    '--exec-log',
    executions,
    '--out-summary',
    summary,
  ]);
  const milliseconds = performance.now() - start;
  const { total_intents } = JSON.parse(readFileSync(summary, 'utf8')) as { readonly total_intents?: number };
  if (total_intents !== intents) throw new Error(`the summary says ${total_intents ?? 'nothing'}; expected ${intents} intents`);
  progress(`${intents} intents in ${(milliseconds / 1_000).toFixed(1)} s`);
  return { milliseconds, peakBytes };
};
