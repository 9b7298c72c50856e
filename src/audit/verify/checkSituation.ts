/**
 * What a line of JSONL shows beside a decision must agree with the facts, which are hashed; and where no order was working, the decision must follow from
 * it alone, without any log: the single event is replayed.
 */
import type { AuditRecord, OrderIntent, PublishedDecision } from '../../contracts/messages';
import { ZERO } from '../../contracts/decimal';
import { parseRfc3339 } from '../../contracts/timestamp';
import type { Judged } from '../../domain/judge';
import { evaluate } from '../../domain/evaluate';
import type { ActivePolicy } from '../../domain/state';
import { firstDifference, shownValue } from './differences';
import type { Situation } from './foundRecord';
import type { Report } from './report';
import { sameDecision } from './sameDecision';

/** As many as a line lists. Source: auditLog.ts. */
const VIOLATIONS_LISTED = 1_000;

/** Judges an intent by the documents alone, as if nothing had come before: what the first program called the replay of an event. */
export const replayEvent = (
  intent: OrderIntent,
  policy: ActivePolicy,
  { portfolio, market, execution }: Situation,
  clock: number,
): Judged => {
  const violationTimes = execution.violations_last_window.map(([at]) => parseRfc3339(at) ?? clock);
  return evaluate(intent, { policy, portfolio, prices: market.prices, execution, violationTimes, clock });
};

/** `policy`: undefined where its text is not known. */
export const checkSituation = (
  { facts, clock }: AuditRecord,
  intent: OrderIntent,
  decision: PublishedDecision,
  beside: Situation,
  policy: ActivePolicy | undefined,
  report: Report,
): void => {
  if (facts === null) return;
  const { portfolio, market, execution } = beside;
  const { symbol } = intent.instrument;
  const same = (name: string, expected: unknown, found: unknown): void => {
    if (expected !== found) report('SITUATION', `${name}: ${shownValue(expected)}, as in the facts`, shownValue(found));
  };
  const price = market.prices.get(symbol);
  same('portfolio_state.equity', facts.equity, portfolio.equity);
  same('portfolio_state.start_of_day_equity', facts.start_of_day_equity, portfolio.start_of_day_equity);
  same('portfolio_state.peak_equity', facts.peak_equity, portfolio.peak_equity);
  same(`portfolio_state.positions of ${symbol}`, facts.position_qty, portfolio.positions.get(symbol) ?? ZERO);
  same(`market_snapshot.prices of ${symbol}`, facts.price, price !== undefined && price > 0n ? price : null);
  same('execution_state.kill_switch_active', facts.kill_switch_active, execution.kill_switch_active);
  same('execution_state.orders_last_60s_global', facts.orders_last_60s_global, execution.orders_last_60s_global);
  const ofStrategy = execution.orders_last_60s_by_strategy.get(intent.strategy_id) ?? 0;
  same(`execution_state.orders_last_60s of ${intent.strategy_id}`, facts.orders_last_60s_strategy, ofStrategy);
  if (policy === undefined) return;
  const replayed = replayEvent(intent, policy, beside, clock);
  if (replayed.facts === null) return;
  if (execution.violations_last_window.length < VIOLATIONS_LISTED)
    same('violations of execution_state in the window', facts.violations_in_window, replayed.facts.violations_in_window);
  const { working_buy_qty, working_sell_qty, other_gross, other_net, unpriced_symbol } = facts;
  const nothingWorks =
    working_buy_qty === 0n &&
    working_sell_qty === 0n &&
    other_gross === replayed.facts.other_gross &&
    other_net === replayed.facts.other_net &&
    unpriced_symbol === replayed.facts.unpriced_symbol;
  if (!nothingWorks || sameDecision(replayed.decision, decision)) return;
  const difference = firstDifference(replayed.decision, decision, 'decision');
  report(
    'SITUATION',
    `${difference?.path ?? ''}: ${difference?.expected ?? ''}, by the documents alone`,
    difference?.found ?? '',
  );
};
