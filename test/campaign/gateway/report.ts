/** What the gateway's campaign found, for the terminal and for docs/reliability.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisesOf } from '../../checks/promises';
import type { Trial } from '../trials';
import type { CrashOutcome } from './crashMatrix';
import type { KillOutcome } from './killMatrix';

export interface GatewayReport {
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly crashes: CrashOutcome | undefined;
  readonly trips: readonly KillOutcome[];
  readonly trials: readonly Trial[];
}

export const isGood = ({ crashes, trips, trials }: GatewayReport): boolean =>
  (crashes === undefined || crashes.told.length === 0) &&
  trips.every(({ wrong }) => wrong.length === 0) &&
  trials.every(({ caught }) => caught);

export const summary = ({ crashes, trips, trials }: GatewayReport): string => {
  const lines: string[] = [];
  if (crashes !== undefined) {
    lines.push(`crash matrix: ${total(crashes.findings)} findings in ${crashes.cells} cells, seed ${crashes.seed}`);
    for (const { check, what } of crashes.told) lines.push(`  ${check} (promise ${promisesOf(check).join(', ')}): ${what}`);
    for (const missed of crashes.missed) lines.push(`  not happened: ${missed}`);
  }
  const wrong = trips.filter((trip) => trip.wrong.length > 0);
  if (trips.length > 0) lines.push(`kill-switch matrix: ${wrong.length} of ${trips.length} cells are wrong`);
  for (const trip of wrong) lines.push(`  ${trip.cell}: ${trip.wrong.join('; ')}`);
  if (trials.length > 0) lines.push(`planted bugs caught: ${trials.filter(({ caught }) => caught).length} of ${trials.length}`);
  for (const { bug, caught, by } of trials) lines.push(`  ${caught ? 'caught' : 'MISSED'} ${bug}: ${Object.keys(by).join(', ')}`);
  return lines.join('\n');
};

const BEGIN = '<!-- figures of the gateway: written by `npm run campaign:gateway -- --document` -->';
const END = '<!-- end of the gateway’s figures -->';
const PAGE = join(__dirname, '..', '..', '..', 'docs', 'reliability.md');

/** Replaces the figures on the page. Throws an Error where it has no place for them. */
export const document = (report: GatewayReport): void => {
  const page = readFileSync(PAGE, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`docs/reliability.md has no lines ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${figures(report)}\n\n${page.slice(end)}`);
};

/** Names of checks (test/checks/promises.ts), by what they mean for somebody who trades. */
const DOUBLED = ['one live order'];
const ORPHANED = ['authorised', 'submitting first', 'unknown', 'order life'];
const FILLS = ['fills', 'positions at the broker'];
const LIMITS = ['exposure'];
const KILLS = ['kill: sent after trip', 'kill: open at the end'];

const figures = ({ date, machine, command, crashes, trips, trials }: GatewayReport): string => {
  const parts = [`Run on ${date.slice(0, 10)}: ${machine}. \`${command}\``];
  if (crashes !== undefined) {
    const { seed, cells, findings, counts, kills, missed, durationMs } = crashes;
    const of = (checks: readonly string[]): number => checks.reduce((sum, check) => sum + (findings[check] ?? 0), 0);
    parts.push(
      `Crash matrix, seed ${seed}: ${cells} cells in ${Math.round(durationMs / 1_000)} s. **Doubled ${of(DOUBLED)}, orphaned ${of(ORPHANED)}, fills lost or doubled ${of(FILLS)}, ` +
        `limits broken ${of(LIMITS)}, sent or open behind a trip ${of(KILLS)}**; other findings ${total(findings) - [DOUBLED, ORPHANED, FILLS, LIMITS, KILLS].reduce((sum, checks) => sum + of(checks), 0)}.`,
      `Counted: ${listed(counts)}.`,
      `Kills that happened: ${listed(kills)}.${missed.length === 0 ? '' : ` Planned and not reached (${missed.length}): ${missed.join('; ')}.`}`,
    );
  }
  if (trips.length > 0) {
    const wrong = trips.filter((trip) => trip.wrong.length > 0);
    const sum = (of: 'sent' | 'cancelled'): number => trips.reduce((all, trip) => all + trip[of], 0);
    parts.push(
      `Kill-switch matrix: ${trips.length} cells, ${sum('sent')} order requests, ${sum('cancelled')} orders cancelled at the broker. **Wrong: ${wrong.length}**` +
        (wrong.length === 0 ? '.' : `: ${wrong.map(({ cell }) => cell).join('; ')}.`),
    );
  }
  if (trials.length > 0) {
    const rows = trials.map(
      ({ bug, what, caught, by }) => `| ${bug} | ${what} | ${caught ? Object.keys(by).join(', ') : '**not caught**'} |`,
    );
    parts.push(
      `Planted bugs caught: **${trials.filter(({ caught }) => caught).length} of ${trials.length}**.`,
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
