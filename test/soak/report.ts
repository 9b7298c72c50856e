/** What a soak found, for the terminal and for docs/reliability.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Judged } from './judge';
import type { SoakBus } from './options';
import type { SoakOutcome } from './outcome';

export interface SoakReport {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly command: string;
  readonly outcomes: readonly SoakOutcome[];
}

export const summary = ({ outcomes }: SoakReport): string =>
  outcomes
    .flatMap(({ bus, findings, processes }) => [
      `${bus}: ${findings.length} findings`,
      ...findings.map((what) => `  ${what}`),
      ...processes
        .filter(({ judged }) => judged)
        .map(
          (one) =>
            `  ${one.name}: ${one.minutes} min, held ${one.held_mb.join(' -> ')} MB (${one.held_mb_a_minute} a minute, ${one.meant_mb_a_minute} meant), ` +
            `own ${one.own_mb.join(' -> ')} MB, descriptors ${one.descriptors.join(' -> ')}, loop p99 ${one.loop_p99_ms} ms`,
        ),
    ])
    .join('\n');

const PAGE = join(__dirname, '..', '..', 'docs', 'reliability.md');
const begin = (bus: SoakBus): string => `<!-- figures of the soak, ${bus}: written by \`npm run soak -- --document\` -->`;
const end = (bus: SoakBus): string => `<!-- end of the soak’s figures, ${bus} -->`;

/** Replaces the figures on the page. Throws an Error where it has no place for them. */
export const document = (report: SoakReport): void => {
  let page = readFileSync(PAGE, 'utf8');
  for (const outcome of report.outcomes) {
    const [from, to] = [begin(outcome.bus), end(outcome.bus)];
    const start = page.indexOf(from);
    const stop = page.indexOf(to);
    if (start === -1 || stop < start) throw new Error(`docs/reliability.md has no lines ${from} and ${to}`);
    page = `${page.slice(0, start)}${from}\n\n${figures(report, outcome)}\n\n${page.slice(stop)}`;
  }
  writeFileSync(PAGE, page);
};

const figures = ({ date, commit, machine, command }: SoakReport, outcome: SoakOutcome): string => {
  const { seed, minutes, rate, findings, faults, load, log, drainedMs, restarts, processes, loadBefore } = outcome;
  return [
    `Run on ${date.slice(0, 10)}, commit ${commit}: ${machine}; load of the machine before it ${loadBefore.toFixed(1)}. \`${command}\``,
    `Seed ${seed}, ${minutes} minutes, ${rate} intents a second. **Findings: ${findings.length}**${findings.length === 0 ? '' : ` (${findings.join('; ')})`}.`,
    `Faults that happened: ${listed(faults)}.`,
    `Load: ${listed(load)}. On the log: ${listed(log)}.`,
    `All was decided and executed ${drainedMs === null ? 'NOT in time' : `${(drainedMs / 1_000).toFixed(1)} s`} after the end of the load. ` +
      `Services that ended because no broker or registry answered when they started, and were started again: ${restarts}.`,
    [
      '| process | minutes | held, MB | a minute (meant) | own, MB | resident at most, MB | descriptors | at most | threads | event loop p99, max, ms |',
      '|---|---|---|---|---|---|---|---|---|---|',
      ...processes.map(row),
    ].join('\n'),
  ].join('\n\n');
};

const row = (one: Judged): string =>
  `| ${one.name}${one.judged ? '' : ' (not judged)'} | ${one.minutes} | ${one.held_mb.join(' → ')} | ${one.held_mb_a_minute} (${one.meant_mb_a_minute}) | ` +
  `${one.own_mb.join(' → ')} | ${one.resident_mb} | ${one.descriptors.join(' → ')} | ${one.most_descriptors} | ${one.threads.join(' → ')} | ${one.loop_p99_ms}, ${one.loop_max_ms} |`;

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
    .join(', ');
