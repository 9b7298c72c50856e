/** What the checks have found, by check: each counted, the first few told; and which promise was broken first. */
import type { CheckName, PromiseNumber } from './promises';
import { promisesOf } from './promises';

export interface Finding {
  readonly check: CheckName;
  readonly what: string;
}

export interface FirstFinding extends Finding {
  /** Those that it breaks, the main one first. */
  readonly promises: readonly [PromiseNumber, ...PromiseNumber[]];
}

const TOLD = 4;

export class Findings {
  private readonly byCheck = new Map<CheckName, { count: number; readonly told: string[] }>();
  private earliest: FirstFinding | undefined;

  add(check: CheckName, what: string): void {
    this.earliest ??= { check, what, promises: promisesOf(check) };
    let of = this.byCheck.get(check);
    if (of === undefined) this.byCheck.set(check, (of = { count: 0, told: [] }));
    of.count += 1;
    if (of.told.length < TOLD) of.told.push(what);
  }

  /** Found before all others; undefined: nothing was found. */
  get first(): FirstFinding | undefined {
    return this.earliest;
  }

  /** How often each check has found something. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.byCheck].map(([check, { count }]) => [check, count]));
  }

  get told(): readonly Finding[] {
    return [...this.byCheck].flatMap(([check, { told }]) => told.map((what) => ({ check, what })));
  }
}
