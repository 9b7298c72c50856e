import type { Command } from 'commander';
import { Correlator } from '../../../audit/correlate/correlator';
import type { Timeline } from '../../../audit/correlate/timeline';
import { timelineJson } from '../../../audit/correlate/timelineJson';
import { canonicalJson } from '../../../contracts/json/write';
import { CorrelateSummary } from '../../auditing/correlateSummary';
import { TIMELINE_COLUMNS, timelineCells, timelineText } from '../../auditing/correlateTexts';
import { writingLines } from '../../auditing/jsonLinesFile';
import { refuseInput } from '../../auditing/ownFile';
import type { SourceFlags } from '../../auditing/stepSource';
import { withSteps } from '../../auditing/stepSource';
import { withBusOptions } from '../../connection';
import type { Io } from '../io';
import { table } from '../table';

interface CorrelateFlags extends SourceFlags {
  readonly intent?: string;
  readonly run?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `policygate correlate`: what became of each intent, and how long each step took. */
export const correlateCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  withBusOptions(parent.command('correlate'))
    .description('Put decisions and executions together: a timeline for each intent, with latencies and what does not fit.')
    .option('--audit <file>', 'audit log (JSONL of run), or the folder of an export')
    .option('--exec <file>', 'execution log (JSONL of run) that goes with it')
    .option('--intent <id>', 'only this intent, step by step')
    .option('--run <id>', 'only this run')
    .option('--out <file>', 'write the timelines to this file, too (JSONL)')
    .option('--json', 'for machines: one line of JSON for each intent')
    .addHelpText(
      'after',
      `
Without --audit, the topics of a bus are read. Latencies are of the wall clock. Findings are what should not be, such as a fill after the end of an
order; docs/commands.md lists them.

Exit codes: 0 nothing found, 1 there are findings, or nothing of --intent or --run, 2 could not run.

Examples:
  policygate correlate --audit audit.jsonl --exec exec.jsonl --out timeline.jsonl
  policygate correlate --audit audit.jsonl --exec exec.jsonl --intent demo-03
  policygate correlate --run r-1 --json --data-dir ./data
  policygate correlate --bus kafka`,
    )
    .action(async (flags: CorrelateFlags) => exit(await correlate(flags, io)));
};

/** Rows of the table; those with findings are shown beyond it, as many again. */
const MOST_ROWS = 1_000;

const correlate = async (flags: CorrelateFlags, io: Io): Promise<number> => {
  const { intent, run, json = false } = flags;
  const summary = new CorrelateSummary();
  const shown: Timeline[] = [];
  let left = 0;
  if (flags.out !== undefined) await refuseInput('--out', flags.out, [flags.audit, flags.exec, flags.dataDir, flags.config]);
  await writingLines(flags.out, async (file) => {
    const tell = (timeline: Timeline): void => {
      summary.add(timeline);
      const line = json || file !== undefined ? canonicalJson(timelineJson(timeline)) : '';
      file?.add(line);
      if (json) io.out(`${line}\n`);
      else if (shown.length < MOST_ROWS || (timeline.findings.length > 0 && shown.length < 2 * MOST_ROWS)) shown.push(timeline);
      else left += 1;
    };
    await withSteps(flags, io, true, async (steps) => {
      const correlator = new Correlator();
      for await (const step of steps) {
        if (run !== undefined && step.runId !== run) continue;
        if (intent !== undefined && (!('intentId' in step) || step.intentId !== intent)) continue;
        const timeline = correlator.add(step);
        if (timeline !== undefined) tell(timeline);
      }
      for (const timeline of correlator.end()) tell(timeline);
    });
  });
  if (summary.intents === 0 && (intent !== undefined || run !== undefined)) {
    const about = [run === undefined ? [] : `run ${run}`, intent === undefined ? [] : `intent ${intent}`].flat().join(', ');
    io.err(`${about}: neither a decision nor an execution is on the log\n`);
    return 1;
  }
  if (!json) io.out(textOf(shown, summary, intent !== undefined));
  if (left > 0) io.err(`Warning: ${left} more intents are not shown; --json and --out have all, --intent shows one\n`);
  return summary.findings > 0 ? 1 : 0;
};

const textOf = (shown: readonly Timeline[], summary: CorrelateSummary, stepByStep: boolean): string =>
  stepByStep
    ? `${shown.map(timelineText).join('\n\n')}\n`
    : `${table(TIMELINE_COLUMNS, shown.map(timelineCells))}\n\n${summary.text()}\n`;
