/** What a campaign found, for machines, for the terminal and for docs/reliability.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { CampaignOutcome } from './campaign';
import { checksOn, promisesOf } from '../checks/promises';
import type { Trial } from './trials';

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly campaign: CampaignOutcome | undefined;
  readonly trials: readonly Trial[];
}

export const machine = (): string => {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
};

export const summary = ({ campaign, trials }: Report): string => {
  const caught = trials.filter((trial) => trial.caught).length;
  const lines =
    campaign === undefined
      ? []
      : [`findings: ${total(campaign.findings)} in ${checksOn('log', 'programs').length} checks, seed ${campaign.seed}`];
  for (const { check, what } of campaign?.told ?? []) lines.push(`  ${check} (promise ${promisesOf(check).join(', ')}): ${what}`);
  for (const missed of campaign?.missed ?? []) lines.push(`  not happened: ${missed}`);
  if (trials.length > 0) lines.push(`planted bugs caught: ${caught} of ${trials.length}`);
  for (const { bug, caught: found, by } of trials)
    lines.push(`  ${found ? 'caught' : 'MISSED'} ${bug}${found ? `: ${Object.keys(by).join(', ')}` : ''}`);
  return lines.join('\n');
};

const BEGIN = '<!-- figures: written by `npm run campaign -- --document` -->';
const END = '<!-- end of figures -->';
const PAGE = join(__dirname, '..', '..', 'docs', 'reliability.md');

/** Replaces the figures on the page. Throws an Error where it has no place for them. */
export const document = (report: Report): void => {
  const page = readFileSync(PAGE, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`docs/reliability.md has no lines ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${figures(report)}\n\n${page.slice(end)}`);
};

const figures = ({ date, machine: on, command, campaign, trials }: Report): string => {
  const parts = [`Run on ${date.slice(0, 10)}: ${on}. \`${command}\``];
  if (campaign !== undefined) {
    const { seed, findings, faults, counts, published, drainedMs, durationMs, restarts, secondReader, missed } = campaign;
    parts.push(
      `Seed ${seed}, ${Math.round(durationMs / 1_000)} s. **Findings: ${total(findings)}**${total(findings) === 0 ? '' : ` (${listed(findings)})`}.`,
      `Faults that happened: ${listed(faults)}.${missed.length === 0 ? '' : ` Planned and not reached: ${missed.join('; ')}.`}`,
      `Published: ${listed(published)}.`,
      `On the log: ${listed(counts)}.`,
      `All was decided and executed ${drainedMs === null ? 'NOT in time' : `${(drainedMs / 1_000).toFixed(1)} s`} after the last fault. ` +
        `Services that ended because no broker answered when they started, and were started again: ${restarts}. ` +
        `Kafka's own Java client read the log a second time: ${secondReader ? 'yes' : 'no, this Java has no compiler'}.`,
    );
  }
  if (trials.length > 0) {
    const caught = trials.filter((trial) => trial.caught).length;
    const rows = trials.map(
      ({ bug, what, caught: found, by }) => `| ${bug} | ${what} | ${found ? Object.keys(by).join(', ') : '**not caught**'} |`,
    );
    parts.push(
      `Planted bugs caught: **${caught} of ${trials.length}**.`,
      ['| bug | what was broken | caught by |', '|---|---|---|', ...rows].join('\n'),
    );
  }
  return parts.join('\n\n');
};

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
    .join(', ');

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
