/** A fault each minute: which one when, by chance that can be had again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random';

export interface Fault {
  readonly name: string;
  /** It puts another process in the place of one whose growth is judged, so it comes early: what comes after it lives long enough to be judged. */
  readonly replaces?: boolean;
  /** Resolves when it has happened. Rejects where the system did not stand it as it should; that is a finding. */
  readonly run: () => Promise<void>;
}

/** From the start of the minute: the load has settled, and what the fault left behind shows in the same minute. */
const INTO_MINUTE_MS = 10_000;
const MINUTE_MS = 60_000;
const EARLY_SHARE = 0.4;

/** Every fault in turn, shuffled, then again; those that replace a process only among the first. */
export const planned = (faults: readonly Fault[], minutes: number, random: Random): readonly Fault[] => {
  const plan: Fault[] = [];
  let left: Fault[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const may = (fault: Fault): boolean => fault.replaces !== true || minute < minutes * EARLY_SHARE;
    if (!left.some(may)) left = [...faults];
    // While they may still come they come first: later there is no room for them.
    const urgent = left.filter((fault) => may(fault) && fault.replaces === true);
    const chosen = random.pick(urgent.length > 0 && minute % 2 === 1 ? urgent : left.filter(may));
    left.splice(left.indexOf(chosen), 1);
    plan.push(chosen);
  }
  return plan;
};

export interface Carried {
  readonly plan: readonly Fault[];
  /** Told of each fault as it begins. */
  readonly began: (minute: number, fault: Fault) => void;
  readonly ended: (fault: Fault, error: Error | undefined) => void;
}

/** Resolves at the end of the last minute. */
export const carryOut = async ({ plan, began, ended }: Carried): Promise<void> => {
  const start = performance.now();
  for (const [minute, fault] of plan.entries()) {
    await sleep(Math.max(0, start + minute * MINUTE_MS + INTO_MINUTE_MS - performance.now()));
    began(minute, fault);
    await fault.run().then(
      () => ended(fault, undefined),
      (error: unknown) => ended(fault, error instanceof Error ? error : new Error(String(error))),
    );
  }
  await sleep(Math.max(0, start + plan.length * MINUTE_MS - performance.now()));
};
