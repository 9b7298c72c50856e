/**
 * The plan of a world: everything that its seed has decided before it begins. A plan is a world: the same plan gives the same bytes. Fixtures keep whole
 * plans, so that a change of how seeds become plans changes no fixture.
 */
import type { FaultRates } from '../kernel/faultKinds';

export const PLAN_VERSION = 1;
export const PROFILES = ['chaos', 'calm', 'broker', 'kill', 'policy'] as const;
export type Profile = (typeof PROFILES)[number];
export type BrokerDialect = 'alpaca' | 'tradier' | 'sim';

/** What people and strategies do besides sending orders: relative weights, drawn once for each action. */
export const ACTION_KINDS = [
  'price',
  'policy',
  'portfolio',
  'trip',
  'trip every run',
  'reset',
  'session roll',
  'run end',
  'run start',
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

export interface WorldPlan {
  readonly version: typeof PLAN_VERSION;
  readonly seed: number;
  readonly profile: Profile;
  /** 1 to 4. */
  readonly shards: number;
  /** Processes of each kind, 1 to 3. */
  readonly processors: number;
  readonly gateways: number;
  /** 1 to 8 at the start. */
  readonly runs: number;
  /** 1 to 6. */
  readonly strategies: number;
  /** New intents, of all strategies together. */
  readonly intents: number;
  /** Of each shard's account. */
  readonly brokers: readonly BrokerDialect[];
  /** `append`: the bus stamps the inputs with its clock; `create`: the sender does. */
  readonly stamps: 'append' | 'create';
  /** Inputs that one step of a processor or gateway takes at most. */
  readonly batchRecords: number;
  /** Runs that mark their equity to market. */
  readonly marked: boolean;
  /** Actions for one intent: how often people do something. */
  readonly actionsPerIntent: number;
  readonly actions: Readonly<Partial<Record<ActionKind, number>>>;
  readonly faults: FaultRates;
}
