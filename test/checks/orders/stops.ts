/** What stops the order of a decision, as the log has it: trips of the kill switch and ends of runs that the decision did not know of. */
import type { LoggedControl } from '../decodedLog';
import { policyOf } from '../model/policy';
import type { LoggedDecision } from './orderLog';
import type { ShardOrders } from './shardOrders';

export interface Stop {
  readonly topic: 'control-events' | 'decisions';
  readonly offset: number;
  readonly what: 'trip' | 'end of run';
  readonly stops: (decision: LoggedDecision) => boolean;
}

const EVERY_RUN = '*';

/** All that can stop an order on this shard. */
export const stopsOf = ({ controls, decisions }: ShardOrders, policies: Policies): readonly Stop[] => {
  const stops: Stop[] = [];
  for (const { name, about, offset } of controls) {
    if (name !== 'KillSwitchTripped' && name !== 'RunEnded') continue;
    stops.push({
      ...{ topic: 'control-events', offset, what: name === 'RunEnded' ? 'end of run' : 'trip' },
      // One that it knew of it has survived: there was a reset, the run began later, or its policy monitors, and the switch stands still.
      stops: ({ runId, knew }) => (about === runId || about === EVERY_RUN) && knew >= 0 && offset >= knew,
    });
  }
  for (const { runId, seq, offset, trips, policyHash } of decisions)
    if (trips && policies.get(policyHash)?.monitors !== true)
      stops.push({
        topic: 'decisions',
        offset,
        what: 'trip',
        stops: (decision) => decision.runId === runId && decision.seq <= seq,
      });
  return stops;
};

/** What a policy says about stops, by its hash in hex. */
export type Policies = ReadonlyMap<string, PolicyOnStops>;
interface PolicyOnStops {
  readonly monitors: boolean;
  /** Undefined: it does not say. */
  readonly cancels: boolean | undefined;
}

export const policiesIn = (controls: readonly LoggedControl[]): Policies => {
  const policies = new Map<string, PolicyOnStops>();
  for (const { name, control } of controls) {
    const text = policyTextOf(name, control);
    if (text === undefined) continue;
    const policy = policyOf(text);
    if (policy === null) continue;
    const cancels = /\bcancel_open_orders["']?\s*:\s*(true|false)/i.exec(text)?.[1]?.toLowerCase();
    policies.set(policy.hash.toString('hex'), {
      monitors: policy.monitors,
      cancels: cancels === undefined ? undefined : cancels === 'true',
    });
  }
  return policies;
};

/** The policy that a control event brings, by its hash in hex; null: it brings none. */
export const policyIn = ({ name, control }: LoggedControl): string | null => {
  const text = policyTextOf(name, control);
  return text === undefined ? null : (policyOf(text)?.hash.toString('hex') ?? null);
};

const policyTextOf = (name: string, { payload }: LoggedControl['control']): string | undefined => {
  if (name !== 'RunStarted' && name !== 'PolicyActivated') return undefined;
  const [content] = Object.values(payload);
  return (content as { readonly policy_text: string }).policy_text;
};
