/** One intent against given documents, without a log: what `eval` and a what-if question ask. */
import type { Decimal } from '../contracts/decimal';
import type { ExecutionState, OrderIntent, PortfolioState } from '../contracts/messages';
import { advanceClock, evolve } from './evolve';
import { judge } from './judge';
import type { Judged } from './judge';
import { unknownRun } from './state';
import type { ActivePolicy, RunState } from './state';

export interface Situation {
  readonly policy: ActivePolicy;
  readonly portfolio: PortfolioState;
  /** As given: prices that are not above zero are none. */
  readonly prices: ReadonlyMap<string, Decimal>;
  readonly execution: ExecutionState;
  /** Times of `violations_last_window`, ms, in the same order. */
  readonly violationTimes: readonly number[];
  /** The intent's time, ms: the clock of the evaluation. */
  readonly clock: number;
}

/** A run that has just started in this situation, with nothing decided yet. */
const runInSituation = (
  runId: string,
  accountId: string,
  situation: Situation,
  prices: ReadonlyMap<string, Decimal>,
): RunState => {
  const { policy, portfolio, execution, violationTimes, clock } = situation;
  const run = unknownRun(runId, prices);
  advanceClock(run, clock);
  evolve(run, {
    type: 'RunStarted',
    accountId,
    policy,
    portfolio,
    execution,
    violationTimes,
    prices,
    equityMode: 'fixed',
    seq: 0,
  });
  return run;
};

const usablePrices = (prices: ReadonlyMap<string, Decimal>): ReadonlyMap<string, Decimal> =>
  new Map([...prices].filter(([, price]) => price > 0n));

/** The same judgement as in the stream, with the facts that it used. */
export const evaluate = (intent: OrderIntent, situation: Situation): Judged & { readonly run: RunState } => {
  const prices = usablePrices(situation.prices);
  const run = runInSituation('', intent.account_id, situation, prices);
  return { ...judge(run, intent, prices), run };
};
