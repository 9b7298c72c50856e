/** What a run would answer to an intent that came now; nothing comes of it. */
import type { Decimal } from '../../../contracts/decimal';
import { ZERO } from '../../../contracts/decimal';
import type { OrderIntent } from '../../../contracts/messages';
import { Exposure } from '../../../domain/exposure';
import { judge } from '../../../domain/judge';
import type { Judged } from '../../../domain/judge';
import { largestAllowed } from '../../../domain/largestAllowed';
import type { LargestAllowed } from '../../../domain/largestAllowed';
import { resolveLimits } from '../../../domain/limits';
import { mark } from '../../../domain/markedEquity';
import { windowMs } from '../../../domain/state';
import type { RunState } from '../../../domain/state';
import { ViolationWindow, VIOLATIONS_KEPT } from '../../../domain/windows';
import type { LiveRun } from '../../live/live';

export interface EvaluatedNow extends Judged {
  /** The run's clock as it would be, ms. */
  readonly clock: number;
  readonly largest: LargestAllowed;
}

/** `now`: ms, when the intent would arrive. `senderPrices` take the place of the log's. */
export const evaluateNow = (
  { shard, ledger }: LiveRun,
  intent: OrderIntent,
  now: number,
  senderPrices?: ReadonlyMap<string, Decimal>,
): EvaluatedNow => {
  const clock = Math.max(now, ledger.state.clock);
  const ahead = runAt(ledger.state, clock);
  const prices = senderPrices === undefined ? shard.prices : overlaid(shard.prices, senderPrices);
  const run = senderPrices === undefined ? ahead : valuedBy(prices, ahead);
  const judged = judge(run, intent, prices);
  return { ...judged, clock, largest: largestOf(run, intent, judged) };
};

/** Violations that would count at `clock`. Looks without moving the window on. */
export const violationsAt = (run: RunState, clock: number): number =>
  run.active === undefined ? 0 : violationsOf(run, clock).count(clock, windowMs(run.active));

const violationsOf = ({ active, violations }: RunState, clock: number): ViolationWindow =>
  new ViolationWindow(active === undefined ? [] : violations.entries(clock, windowMs(active), VIOLATIONS_KEPT));

/** The run as it will be at `clock`, if nothing comes until then; a judgement moves only this copy on. */
const runAt = (state: RunState, clock: number): RunState => ({
  ...state,
  clock,
  orders: state.orders.ahead(clock),
  violations: violationsOf(state, clock),
  touched: { run: false, positions: new Set(), intents: new Set() },
});

const valuedBy = (prices: ReadonlyMap<string, Decimal>, run: RunState): RunState => {
  const valued = { ...run, exposure: new Exposure(prices, run.equityMode === 'marked') };
  for (const [symbol, position] of run.exposure.positions) valued.exposure.set(symbol, position);
  mark(valued);
  return valued;
};

const overlaid = (prices: ReadonlyMap<string, Decimal>, others: ReadonlyMap<string, Decimal>): ReadonlyMap<string, Decimal> => {
  const all = new Map(prices);
  for (const [symbol, price] of others) {
    if (price > 0n) all.set(symbol, price);
    else all.delete(symbol);
  }
  return all;
};

const largestOf = (run: RunState, intent: OrderIntent, { decision, facts }: Judged): LargestAllowed => {
  if (facts === null || run.active === undefined) return { qty: ZERO, binding: decision.violations[0] };
  const { symbol } = intent.instrument;
  return largestAllowed(intent, resolveLimits(run.active.policy, symbol, intent.strategy_id), facts);
};
