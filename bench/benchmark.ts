/** What a benchmark is, and what it answers. */

/** What a figure is compared with; a goal to beat, never a condition of a test. */
export type Budget = { readonly at_least: number } | { readonly at_most: number };

export interface Figure {
  /** Unique in a report: the benchmark's name, then what of it. */
  readonly name: string;
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** Null: reported for comparison. */
  readonly budget: Budget | null;
  /** Null where there is no budget. */
  readonly ok: boolean | null;
  readonly details: Readonly<Record<string, number | string>>;
}

export interface Setting {
  /** A directory for this report, on the disk that is measured; removed at its end. Benchmarks may find there what an earlier one left. */
  readonly directory: string;
  /** A short look while something is being changed: smaller sizes, and figures that are not comparable. */
  readonly quick: boolean;
}

export interface Benchmark {
  readonly name: string;
  readonly what: string;
  /** What this machine lacks for it, in one line; it is left out then. */
  readonly missing?: () => Promise<string | undefined>;
  run(setting: Setting): Promise<readonly Figure[]>;
}

interface FigureOptions {
  readonly budget?: Budget;
  readonly details?: Readonly<Record<string, number | string>>;
}

export const figure = (
  name: string,
  what: string,
  [value, unit]: readonly [value: number, unit: string],
  { budget, details = {} }: FigureOptions = {},
): Figure => {
  // Judged as it is shown: four significant digits, of a whole number all.
  const shown = Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4));
  return {
    name,
    what,
    unit,
    value: shown,
    budget: budget ?? null,
    ok: budget === undefined ? null : isWithin(shown, budget),
    details,
  };
};

const isWithin = (value: number, budget: Budget): boolean =>
  'at_least' in budget ? value >= budget.at_least : value <= budget.at_most;

export const sized = ({ quick }: Setting, full: number, short: number): number => (quick ? short : full);

/** For a person who waits; results go to stdout, once. */
export const progress = (text: string): void => {
  process.stderr.write(`  ${text}\n`);
};
