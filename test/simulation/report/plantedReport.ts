/** Which planted bugs were found, where and by what, for machines, for the terminal and for docs/reliability.md. */
import type { Catch } from '../planted/findBug';
import type { PlantedBug } from '../planted/plantedBug';
import type { Origin } from './origin';
import { originLine } from './origin';

export interface Trial {
  readonly bug: string;
  readonly what: string;
  /** Null: not found. */
  readonly found: Catch | null;
}

export interface PlantedReport extends Origin {
  /** Worlds for each bug, at most. */
  readonly seeds: number;
  readonly caught: number;
  readonly trials: readonly Trial[];
}

export const plantedReport = (trials: readonly Trial[], origin: Origin, seeds: number): PlantedReport => ({
  ...origin,
  ...{ seeds, caught: trials.filter(({ found }) => found !== null).length, trials },
});

export const trialLine = ({ name }: Pick<PlantedBug, 'name'>, found: Catch | undefined, seeds: number): string =>
  found === undefined
    ? `NOT CAUGHT within ${seeds} seeds: ${name}`
    : `seed ${found.seed} (${found.profile}): ${name}: promise ${found.violation.promise}, ${found.violation.check}: ${shortened(found.violation.what)}`;

export const plantedText = ({ trials, caught, seeds }: PlantedReport): string =>
  [
    `planted bugs caught: ${caught} of ${trials.length}`,
    ...trials.map(({ bug, found }) => `  ${trialLine({ name: bug }, found ?? undefined, seeds)}`),
  ].join('\n');

export const plantedPage = (report: PlantedReport): string => {
  const { trials, caught } = report;
  const rows = trials.map(({ bug, what, found }) =>
    found === null
      ? `| ${bug} | ${what} | | **not caught** |`
      : `| ${bug} | ${what} | ${found.seed} (${found.profile}) | ${found.violation.promise}: ${found.violation.check} |`,
  );
  return [
    originLine(report),
    `Planted bugs caught: **${caught} of ${trials.length}**.`,
    ['| bug | what was broken | first seed that fell | promise and check |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
};

const LONGEST = 160;
const shortened = (what: string): string => {
  const line = what.split('\n')[0] ?? '';
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
};
