/**
 * What an admitted order does to its run, by the evidence alone: what was held and open on the log before it, and the order as it was recorded, whatever
 * the model would have answered. Plain sums over all positions and open orders. Promise 13 of test/checks/promises.ts.
 */
import { sideOf, worstOf } from './book';
import type { Prices } from './equity';
import { figureOf, sizeOf, told } from './figures';
import { limitsFor } from './policy';
import type { ExecutionReport, Intent } from './recorded';
import type { ModelRun } from './run';

/** Everything that is wrong with admitting `order` at `clock`, before the run knows of it. In monitor mode limits only report. */
export const faultsOfAdmission = (
  run: ModelRun,
  intent: Intent,
  order: Intent,
  prices: Prices,
  clock: number,
): readonly string[] => {
  const { policy, equity } = run;
  if (run.status !== 'ACTIVE' || policy === null) return ['an order was admitted for a run that is not active'];
  const qty = figureOf(order.qty);
  const faults: string[] = [];
  if (qty <= 0n || qty > figureOf(intent.qty))
    faults.push(`${told(qty)} was admitted where ${told(figureOf(intent.qty))} was asked for`);

  const { symbol } = order.instrument;
  const holdings = run.book.holdings();
  const own = holdings.get(symbol) ?? { held: 0n, buys: 0n, sells: 0n };
  if (order.side === 'buy') own.buys += qty;
  else own.sells += qty;
  holdings.set(symbol, own);
  let gross = 0n;
  let net = 0n;
  for (const [name, holding] of holdings) {
    const price = prices.get(name);
    if (price === undefined) return [...faults, `an order was admitted while ${name} has no price`];
    const side = sideOf(holding, order.side) * price;
    gross += name === symbol ? sizeOf(side) : worstOf(holding) * price;
    net += side;
  }
  if (policy.monitors) return faults;

  if (run.tripped) faults.push('an order was admitted while the kill switch is on');
  const { exposure, rate } = limitsFor(policy, symbol, order.strategy_id);
  const position = sizeOf(sideOf(own, order.side) * (prices.get(symbol) ?? 0n));
  const above = (what: string, value: bigint, limit: bigint | null): void => {
    if (limit !== null && value > limit * equity)
      faults.push(`${what} after the order is above its limit of ${told(limit)} times equity`);
  };
  above('the position', position, exposure.position);
  above('gross exposure', gross, exposure.gross);
  above('net exposure', sizeOf(net), exposure.net);
  const all = run.ordersInMinute(clock) + 1;
  const ofStrategy = run.ordersInMinute(clock, order.strategy_id) + 1;
  if (all > rate.all || ofStrategy > rate.strategy) faults.push(`${all} orders within a minute, ${ofStrategy} of the strategy`);
  return faults;
};

/**
 * Folds a report, and says when it made more possible than before: prices aside, what a symbol could become at worst (filled, working and unknown) grows
 * by an admitted order alone. Fills that nobody asked for, that are more than was admitted or that come after the end are facts.
 */
export const growthBy = (run: ModelRun, report: ExecutionReport, fold: () => void): string | undefined => {
  const known = run.known.get(report.intent_id);
  const symbol = known?.symbol ?? report.symbol;
  const mayGrow = known?.open !== true || figureOf(report.cum_qty) > known.qty;
  const before = worstOf(run.book.of(symbol));
  fold();
  const after = worstOf(run.book.of(symbol));
  if (mayGrow || after <= before) return undefined;
  return `${report.event} of ${report.intent_id} took ${symbol} from ${told(before)} at worst to ${told(after)}`;
};
