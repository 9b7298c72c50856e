/** How a seed becomes a plan: what the world is made of, what people do in it, and which faults it has at all. The same seed and profile, the same plan. */
import { Random } from '../../support/random';
import type { FaultKind, FaultRates } from '../kernel/faultKinds';
import { FAULT_KINDS } from '../kernel/faultKinds';
import type { ActionKind, BrokerDialect, Profile, WorldPlan } from './plan';
import { ACTION_KINDS, PLAN_VERSION } from './plan';

/** New intents of a typical world: with them goes the number of its events. Worlds have from under half to half as many again. */
const TYPICAL_INTENTS = 32;

export const planOf = (seed: number, profile: Profile): WorldPlan => {
  const random = new Random(seed);
  const shards = random.pick([1, 1, 1, 2, 2, 3, 4]);
  const { broker, actionsPerIntent, actions } = SHAPES[profile];
  return {
    version: PLAN_VERSION,
    seed,
    profile,
    shards,
    processors: random.between(1, 3),
    gateways: random.between(1, 3),
    runs: random.between(1, random.chance(0.3) ? 8 : 4),
    strategies: random.between(1, 6),
    intents: random.between(Math.round(0.45 * TYPICAL_INTENTS), Math.round(1.55 * TYPICAL_INTENTS)),
    brokers: Array.from({ length: shards }, () => random.pick(broker)),
    stamps: random.chance(0.5) ? 'append' : 'create',
    batchRecords: random.pick([1, 2, 5, 50, 500]),
    marked: random.chance(0.35),
    actionsPerIntent: rounded(random.octaves(...actionsPerIntent)),
    actions: actionsOf(random, actions),
    faults: faultsOf(random, profile),
  };
};

/** How often a kind of fault is there at all, and from which to which probability per opportunity it is drawn. */
interface Odds {
  readonly on: number;
  readonly least: number;
  readonly most: number;
}
const odds = (on: number, least: number, most: number): Odds => ({ on, least, most });

// A world has some 500 bus calls and 100 requests to brokers before its faults end.
const ODDS: Readonly<Record<FaultKind, Odds>> = {
  'bus: request lost': odds(0.5, 0.001, 0.03),
  'bus: response lost': odds(0.5, 0.001, 0.03),
  'bus: request late': odds(0.4, 0.001, 0.03),
  'bus: unreachable': odds(0.3, 0.0005, 0.01),
  'bus: slow': odds(0.5, 0.002, 0.1),
  'bus: topic behind': odds(0.5, 0.002, 0.1),
  'process: crash before effect': odds(0.5, 0.001, 0.012),
  'process: crash after effect': odds(0.5, 0.001, 0.012),
  'process: crash at a fault point': odds(0.5, 0.002, 0.02),
  'process: paused before effect': odds(0.35, 0.001, 0.01),
  'process: paused after effect': odds(0.35, 0.001, 0.01),
  'process: joins or leaves': odds(0.4, 0.003, 0.05),
  'process: shut out of the group': odds(0.4, 0.003, 0.03),
  'process: clock differs': odds(0.5, 0.2, 1),
  'broker: unreachable': odds(0.4, 0.005, 0.1),
  'broker: request lost': odds(0.5, 0.01, 0.15),
  'broker: response lost': odds(0.5, 0.005, 0.15),
  'broker: request late': odds(0.5, 0.01, 0.15),
  'broker: rate limited': odds(0.6, 0.02, 0.3),
  'broker: server error after effect': odds(0.4, 0.005, 0.1),
  'broker: server error without effect': odds(0.4, 0.005, 0.1),
  'broker: answer cut off': odds(0.35, 0.005, 0.08),
  'broker: answer garbled': odds(0.35, 0.005, 0.08),
  'broker: list doubled': odds(0.35, 0.01, 0.2),
  'broker: slow': odds(0.45, 0.01, 0.15),
  'broker: down': odds(0.3, 0.002, 0.02),
  'exchange: partial fills': odds(0.6, 0.05, 0.8),
  'exchange: fill before acknowledgement': odds(0.4, 0.02, 0.4),
  'exchange: price shown late': odds(0.35, 0.02, 0.3),
  'exchange: fill after cancel': odds(0.35, 0.05, 0.6),
  'exchange: cancel pending': odds(0.35, 0.05, 0.6),
  'exchange: rejected': odds(0.35, 0.01, 0.15),
  'exchange: expired': odds(0.35, 0.01, 0.15),
  'exchange: cancelled by the broker': odds(0.35, 0.01, 0.15),
  'exchange: unknown status word': odds(0.3, 0.01, 0.1),
  'exchange: foreign order': odds(0.4, 0.02, 0.2),
  'input: repeated': odds(0.7, 0.02, 0.3),
  'input: conflicting': odds(0.6, 0.01, 0.1),
  'input: late timestamp': odds(0.6, 0.02, 0.3),
  'input: poison': odds(0.55, 0.01, 0.1),
  'input: unknown run': odds(0.5, 0.01, 0.06),
  'input: unsolicited fill': odds(0.45, 0.02, 0.3),
  'input: price withdrawn': odds(0.5, 0.03, 0.25),
  'input: price gap': odds(0.6, 0.05, 0.4),
  'input: control event not valid': odds(0.5, 0.1, 0.5),
};

type FaultGroup = 'bus' | 'process' | 'broker' | 'exchange' | 'input';
type Brokers = readonly BrokerDialect[];

/** What a profile makes of the odds: how often a group is there, and how high its rates are; what is not named stays. */
interface Shape {
  readonly broker: Brokers;
  readonly groups: Readonly<Partial<Record<FaultGroup, { readonly on: number; readonly rate: number }>>>;
  readonly actionsPerIntent: readonly [least: number, most: number];
  readonly actions: Readonly<Record<ActionKind, number>>;
}

const ACTIONS: Readonly<Record<ActionKind, number>> = {
  price: 30,
  policy: 4,
  portfolio: 4,
  trip: 1.5,
  'trip every run': 0.7,
  reset: 1,
  'session roll': 2,
  'run end': 1.5,
  'run start': 1.5,
};
const EVERY_BROKER: Brokers = ['sim', 'alpaca', 'tradier'];
const LIVE_BROKERS: Brokers = ['alpaca', 'tradier', 'alpaca', 'tradier', 'sim'];

const SHAPES: Readonly<Record<Profile, Shape>> = {
  chaos: { broker: EVERY_BROKER, groups: {}, actionsPerIntent: [0.2, 0.7], actions: ACTIONS },
  calm: {
    broker: EVERY_BROKER,
    groups: { bus: { on: 0, rate: 1 }, process: { on: 0, rate: 1 }, broker: { on: 0, rate: 1 }, exchange: { on: 0, rate: 1 } },
    actionsPerIntent: [0.2, 0.7],
    actions: ACTIONS,
  },
  broker: {
    // What is sent again, and what is cancelled with one request, is Alpaca's alone.
    broker: ['alpaca', 'alpaca', 'tradier'],
    groups: {
      bus: { on: 0.3, rate: 0.5 },
      // Each takeover asks anew for what is unknown, and so mends much of what is wrong.
      process: { on: 0.45, rate: 1 },
      broker: { on: 1.7, rate: 2.2 },
      exchange: { on: 1.7, rate: 1.3 },
      input: { on: 0.6, rate: 0.7 },
    },
    actionsPerIntent: [0.15, 0.5],
    actions: { ...ACTIONS, trip: 14, 'trip every run': 5, reset: 5 },
  },
  kill: {
    broker: LIVE_BROKERS,
    groups: {
      bus: { on: 0.6, rate: 1 },
      process: { on: 1.4, rate: 1.5 },
      broker: { on: 1.5, rate: 2 },
      exchange: { on: 1.6, rate: 1.3 },
      input: { on: 0.6, rate: 0.7 },
    },
    actionsPerIntent: [0.3, 0.7],
    actions: { ...ACTIONS, price: 15, trip: 10, 'trip every run': 5, reset: 6, 'run end': 2.5, 'run start': 2 },
  },
  policy: {
    broker: EVERY_BROKER,
    groups: { bus: { on: 0.5, rate: 1 }, process: { on: 0.7, rate: 1 }, input: { on: 1.3, rate: 1.5 } },
    actionsPerIntent: [0.4, 0.9],
    actions: { ...ACTIONS, policy: 22, portfolio: 8, 'session roll': 4 },
  },
};

/** Most certain is not certain: what happens each time leaves nothing else a chance. */
const MOST_RATE = 0.9;
const ALWAYS: ReadonlySet<FaultKind> = new Set(['process: clock differs']);

const faultsOf = (random: Random, profile: Profile): FaultRates => {
  const { groups } = SHAPES[profile];
  const faults: Partial<Record<FaultKind, number>> = {};
  for (const kind of FAULT_KINDS) {
    const { on, least, most } = ODDS[kind];
    const shape = groups[kind.slice(0, kind.indexOf(':')) as FaultGroup] ?? { on: 1, rate: 1 };
    const isOn = random.chance(Math.min(0.95, on * shape.on));
    // Drawn whether it is on or not, so that one kind does not shift the others.
    const rate = Math.min(ALWAYS.has(kind) ? 1 : MOST_RATE, random.octaves(least, most) * shape.rate);
    if (isOn) faults[kind] = rounded(rate);
  }
  return faults;
};

/** Prices move in every world; of the rest each has three in four. */
const actionsOf = (random: Random, weights: Readonly<Record<ActionKind, number>>): WorldPlan['actions'] => {
  const actions: Partial<Record<ActionKind, number>> = {};
  for (const kind of ACTION_KINDS) {
    const isOn = random.chance(0.75);
    const weight = weights[kind] * random.octaves(0.4, 2.5);
    if (isOn || kind === 'price') actions[kind] = rounded(weight);
  }
  return actions;
};

/** Four significant digits: a plan is read by people. */
const rounded = (value: number): number => Number(value.toPrecision(4));
