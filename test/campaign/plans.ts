/** Which faults a campaign goes through, in which order. */
import type { Step } from './campaign';
import { FAULT_POINTS, killAt, killAtRandom, killBroker, loseAnswers, pauseBroker, poison, rebalance, zombie } from './faults';
import type { Random } from '../support/random';

export interface Plan {
  /** Kills of services; every fault point comes as often as every other, the rest at random times. */
  readonly kills: number;
  readonly zombies: number;
  readonly brokerKills: number;
  readonly brokerPauses: number;
  /** Rounds of lost answers, in turn to each kind of request of a transaction. */
  readonly lostAnswers: number;
  readonly rebalances: number;
  readonly poisonRounds: number;
}

const REQUESTS = ['endTxn', 'produce', 'addPartitions', 'initProducerId'] as const;
const RANDOM_SHARE = 4;

export const stepsOf = (plan: Plan, random: Random): readonly Step[] => {
  const atPoints = Math.max(Math.min(plan.kills, FAULT_POINTS.length), plan.kills - Math.floor(plan.kills / RANDOM_SHARE));
  const steps: Step[] = [
    ...times(atPoints, (at) => {
      const point = FAULT_POINTS[at % FAULT_POINTS.length];
      if (point === undefined) throw new RangeError('there are no fault points');
      return { name: `kill at ${point.point}`, run: (faults) => killAt(faults, point) } satisfies Step;
    }),
    ...times(plan.kills - atPoints, () => ({ name: 'kill at a random time', run: killAtRandom })),
    ...times(plan.zombies, (at) => {
      const service = at % 4 === 3 ? 'gateway' : 'processor';
      return { name: `zombie ${service}`, run: (faults) => zombie(faults, service) } satisfies Step;
    }),
    ...times(plan.brokerKills, () => ({ name: 'broker killed', run: killBroker })),
    ...times(plan.brokerPauses, () => ({ name: 'broker paused', run: pauseBroker })),
    ...times(plan.lostAnswers, (at) => {
      const kind = REQUESTS[at % REQUESTS.length] ?? 'endTxn';
      return { name: `answers to ${kind} lost`, run: (faults) => loseAnswers(faults, kind) } satisfies Step;
    }),
    ...times(plan.rebalances, () => ({ name: 'processors join and leave', run: rebalance })),
    ...times(plan.poisonRounds, () => ({ name: 'poison', run: poison })),
  ];
  return shuffled(steps, random);
};

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: Math.max(0, count) }, (_, at) => make(at));

const shuffled = <T>(items: readonly T[], random: Random): readonly T[] => {
  const left = [...items];
  const drawn: T[] = [];
  while (left.length > 0) drawn.push(...left.splice(random.below(left.length), 1));
  return drawn;
};
