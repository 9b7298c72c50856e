/** The limits of docs/architecture.md ("Limits") that show from outside, held against what a world did. */
import { POLICY_STATE } from '../../../src/contracts/topics';
import type { Commit } from '../../checks/commits';
import { decoded } from '../../checks/decoding';
import type { Findings } from '../../checks/findings';
import type { Scheduler } from '../kernel/scheduler';
import type { Opened } from '../kernel/simulatedBus';
import type { WorldPlan } from './plan';

/** Between attempts lie 50 ms at least; shards that come and go in between are taken over at once. */
const MOST_TAKEOVERS = 20;
const WITHIN_MS = 1_000;
/** Timers and requests that one process may have waiting: its shards, with 16 submissions, 8 look-ups and 8 cancels each, and their deadlines. */
const MOST_TIMERS = 200;

export interface BoundsInput {
  readonly plan: WorldPlan;
  readonly commits: readonly Commit[];
  /** Each time that a writer was opened, in order. */
  readonly opened: readonly Opened[];
  readonly scheduler: Scheduler;
  readonly findings: Findings;
}

export const checkBounds = ({ plan, commits, opened, scheduler, findings }: BoundsInput): void => {
  checkBatches(plan, commits, findings);
  checkPauses(opened, findings);
  for (const [process, timers] of scheduler.waiting())
    if (timers > MOST_TIMERS)
      findings.add('bounds', `${process} has ${timers} timers and requests waiting, at most ${MOST_TIMERS}`);
};

/** Inputs that one transaction folds. */
const checkBatches = ({ batchRecords }: WorldPlan, commits: readonly Commit[], findings: Findings): void => {
  const folded = new Map<number, number>();
  for (const { records, process, at } of commits) {
    const last = records.at(-1);
    if (last?.topic !== POLICY_STATE) continue;
    const sum = sumOfPositions(last.value);
    if (sum === undefined) continue;
    const inputs = sum - (folded.get(last.partition) ?? 0);
    folded.set(last.partition, sum);
    if (inputs > batchRecords)
      findings.add(
        'bounds',
        `${process} folded ${inputs} inputs of shard ${last.partition} in one transaction at ${at}, at most ${batchRecords}`,
      );
  }
};

/** Undefined: no entity of positions. */
const sumOfPositions = (value: Uint8Array | null): number | undefined => {
  const state = decoded('StateEntity', value) as { readonly entity: Readonly<Record<string, unknown>> } | undefined;
  const positions = state?.entity['policygate.PositionsEntity'] as
    { readonly positions: Readonly<Record<string, number>> } | undefined;
  return positions === undefined ? undefined : Object.values(positions.positions).reduce((sum, offset) => sum + offset, 0);
};

/** A shard that fails again and again is not taken over without a pause. */
const checkPauses = (opened: readonly Opened[], findings: Findings): void => {
  const recent = new Map<string, number[]>();
  for (const { process, transactionalId, at } of opened) {
    // Those who write from outside open one whenever they have something to say.
    if (!/^(?:processor|gateway) /.test(process)) continue;
    const name = `${process}, ${transactionalId}`;
    const times = [...(recent.get(name) ?? []).filter((before) => at - before < WITHIN_MS), at];
    recent.set(name, times);
    if (times.length === MOST_TAKEOVERS) findings.add('bounds', `${name} was opened ${MOST_TAKEOVERS} times in a second`);
  }
};
