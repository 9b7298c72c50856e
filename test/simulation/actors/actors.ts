/** The people, strategies and feeds of one world: everything that comes into it from outside, in virtual time. */
import type { Decimal } from '../../../src/contracts/decimal';
import type { WorldPort } from '../world/port';
import { STRATEGIES, SYMBOLS } from './names';
import { Operator } from './operator';
import { drawPolicy } from './policies';
import { PriceFeed } from './priceFeed';
import { RiskDesk } from './riskDesk';
import type { RunModel } from './runModel';
import { Stage } from './stage';
import { Strategy } from './strategy';
import type { Budget } from './strategy';
import { Stranger } from './stranger';

export interface Actors {
  /** Everything that was to be published has been handed over and is acknowledged. */
  readonly done: boolean;
  /** What a symbol trades at just now, whether its price is published or not: what exchanges ask. */
  priceOf(symbol: string): Decimal;
  /** Faults are over: every symbol has a price again. What is stopped stays so: whoever has missed that must find it out by itself. */
  recover(): void;
  /** The market has closed: mostly the kill switches are reset. */
  reopen(): void;
  /** All is at rest: a last intent for each active run, and repeats of decided ones, so that whoever has restarted must judge. */
  probes(): void;
  /** Says how every order ended that the log calls unknown and that is not open at its broker; false: there was nothing to say. */
  resolveUnknown(): boolean;
}

/** Policies that runs of one world start with or change to. */
const MOST_POLICIES = 4;
/** How long the trouble lasts: 1 is some half a minute. Time costs events, by processes that are idle; without it nobody is missed or replaced. */
const TYPICAL_PACE = 0.6;
/** From a third of it to three times as much. */
const PACE_SPREAD = 3;

/** Sets everything going; nothing happens before the scheduler runs. */
export const startActors = (world: WorldPort): Actors => {
  const { plan } = world;
  const random = world.fork();
  const stage = new Stage(world);
  const ids = STRATEGIES.slice(0, plan.strategies);
  const first = random.below(SYMBOLS.length);
  const symbols = Array.from({ length: random.between(2, 5) }, (_, at) => SYMBOLS[(first + at) % SYMBOLS.length] ?? 'AAPL');
  const policies = Array.from({ length: random.between(plan.profile === 'policy' ? 3 : 1, MOST_POLICIES) }, () =>
    drawPolicy(random, plan.profile, symbols, ids),
  );
  const runs: RunModel[] = [];
  const feed = new PriceFeed(stage, random.fork(), symbols, runs);
  const stranger = new Stranger(stage, random.fork());
  const desk = new RiskDesk(stage, random.fork(), feed, stranger, policies, ids, runs);
  const operator = new Operator(stage);
  const budget: Budget = { left: plan.intents, sent: 0 };
  const pace = random.octaves(TYPICAL_PACE / PACE_SPREAD, TYPICAL_PACE * PACE_SPREAD);
  const strategies = ids.map(
    (id, at) => new Strategy(stage, random.fork(), `strategy-${at + 1}`, id, desk, stranger, symbols, budget, pace),
  );
  const probing = random.fork();

  // Strategies begin when there are prices and runs: what comes before either is denied, and that has actions of its own.
  stage.after(0, () =>
    feed.open(() =>
      desk.open(() => {
        for (const strategy of strategies) stage.after(probing.between(0, 1_500), () => strategy.act());
      }),
    ),
  );
  return {
    get done() {
      return stage.isIdle;
    },
    priceOf: (symbol) => feed.worth(symbol),
    recover: () => {
      feed.restoreAll();
    },
    reopen: () => desk.reopen(),
    probes: () => {
      for (const run of runs) {
        const strategy = probing.pick(strategies);
        if (run.isActive) strategy.probe(run);
        else strategy.probeEnded(run);
      }
    },
    resolveUnknown: () => operator.resolveUnknown(),
  };
};
