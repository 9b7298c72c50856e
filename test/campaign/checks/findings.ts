/** What the checks have found, by check: each counted, and the first few told. */
export interface Finding {
  readonly check: string;
  readonly what: string;
}

const TOLD = 4;

export class Findings {
  private readonly byCheck = new Map<string, { count: number; readonly told: string[] }>();

  add(check: string, what: string): void {
    let of = this.byCheck.get(check);
    if (of === undefined) this.byCheck.set(check, (of = { count: 0, told: [] }));
    of.count += 1;
    if (of.told.length < TOLD) of.told.push(what);
  }

  /** How often each check has found something. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.byCheck].map(([check, { count }]) => [check, count]));
  }

  get told(): readonly Finding[] {
    return [...this.byCheck].flatMap(([check, { told }]) => told.map((what) => ({ check, what })));
  }
}
