/** The judgement alone, on one core: with facts at hand, and with facts read from runs that hold few and many positions. */
import { decide } from '../src/domain/decide';
import type { Facts, OrderIntent } from '../src/contracts/messages';
import type { AppliedLimits } from '../src/domain/limits';
import { resolveLimits } from '../src/domain/limits';
import { readFacts } from '../src/domain/state';
import { judgeBare } from './bareEvaluator';
import type { Benchmark, Figure } from './benchmark';
import { figure, sized } from './benchmark';
import { FoldShard } from './foldShard';
import { median, spread, timed } from './measure';
import { intentAt } from './workload';

const POSITIONS = [10, 100, 1_000, 10_000] as const;
/** Different intents, used over and over: as many for few positions as for many. */
const INTENTS = 10_000;
const WARM_UP_ROUNDS = 3;
const BUDGET = { at_least: 600_000 } as const;

interface Case {
  readonly intent: OrderIntent;
  readonly limits: AppliedLimits;
  readonly facts: Facts;
}

export const decideBenchmark: Benchmark = {
  name: 'decide',
  what: 'judging one intent, on one core',
  run: async (setting) => {
    const rounds = sized(setting, 15, 3);
    const perRound = sized(setting, 200_000, 20_000);
    const books = POSITIONS.map((positions) => bookOf(positions));
    const cases = books[0]!.cases;
    const jobs = [
      () => judgeAll(cases, perRound, ({ intent, limits, facts }) => decide(intent, limits, facts).decision),
      () => judgeAll(cases, perRound, ({ intent, limits, facts }) => judgeBare(intent, limits, facts).verdict),
      ...books.map((book) => () => judgeFromState(book, perRound)),
    ];
    // Round by round through all of them, so that whatever else the machine does falls on all alike.
    const rates: number[][] = jobs.map(() => []);
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      jobs.forEach((job, at) => {
        const milliseconds = timed(job);
        if (round >= 0) rates[at]!.push((perRound / milliseconds) * 1_000);
      });
    }
    return figuresOf(rates, verdictsOf(cases));
  },
};

const figuresOf = (
  [given, bare, ...fromState]: readonly (readonly number[])[],
  details: Figure['details'],
): readonly Figure[] => [
  figure('decide/facts', '`decide(intent, limits, facts)`', [median(given!), '/s'], {
    budget: BUDGET,
    details: { ...spread(given!), ...details },
  }),
  figure('decide/bare BigInt evaluator', 'the same arithmetic in one straight line, for comparison', [median(bare!), '/s'], {
    details: spread(bare!),
  }),
  ...fromState.map((rates, at) =>
    figure(
      `decide/${POSITIONS[at]!} positions`,
      '`readFacts`, `resolveLimits` and `decide` on a run with so many positions',
      [median(rates), '/s'],
      {
        budget: BUDGET,
        details: spread(rates),
      },
    ),
  ),
  figure(
    'decide/flatness',
    'rate with 10,000 positions / rate with 10',
    [median(fromState.at(-1)!) / median(fromState[0]!), 'x'],
    {
      budget: { at_least: 0.9 },
    },
  ),
];

interface Book {
  readonly shard: FoldShard;
  readonly cases: readonly Case[];
}

const bookOf = (positions: number): Book => {
  const shard = new FoldShard(positions);
  const { state, prices } = shard;
  const cases = Array.from({ length: INTENTS }, (_, number): Case => {
    const intent = intentAt(number, positions);
    return { intent, limits: limitsOf(shard, intent), facts: readFacts(state, intent, prices) };
  });
  return { shard, cases };
};

const limitsOf = ({ state }: FoldShard, { instrument, strategy_id }: OrderIntent): AppliedLimits =>
  resolveLimits(state.active!.policy, instrument.symbol, strategy_id);

const judgeAll = (cases: readonly Case[], count: number, judge: (one: Case) => string): void => {
  let denied = 0;
  for (let i = 0; i < count; i++) if (judge(cases[i % INTENTS]!) === 'DENY') denied += 1;
  if (denied === 0 || denied === count) throw new Error(`${denied} of ${count} denied; expected some`);
};

const judgeFromState = ({ shard, cases }: Book, count: number): void => {
  const { state, prices } = shard;
  let denied = 0;
  for (let i = 0; i < count; i++) {
    const { intent } = cases[i % INTENTS]!;
    if (decide(intent, limitsOf(shard, intent), readFacts(state, intent, prices)).decision === 'DENY') denied += 1;
  }
  if (denied === 0 || denied === count) throw new Error(`${denied} of ${count} denied; expected some`);
};

/** Also makes sure that the yardstick measures the same judgement. */
const verdictsOf = (cases: readonly Case[]): Figure['details'] => {
  const counts = { ALLOW: 0, MODIFY: 0, DENY: 0 };
  for (const { intent, limits, facts } of cases) {
    const { decision, order } = decide(intent, limits, facts);
    const bare = judgeBare(intent, limits, facts);
    if (bare.verdict !== decision || bare.quantity !== (order?.qty ?? 0n)) {
      throw new Error(`${intent.intent_id}: decide says ${decision}, the bare evaluator ${bare.verdict}`);
    }
    counts[decision] += 1;
  }
  return counts;
};
