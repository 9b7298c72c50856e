/** Equity of a marked run: cash and what is held at its prices, worked out anew each time. Source: docs/contracts.md, "Marked equity". */
import { isAmount, isProduct, ONE, roundedQuotient } from './figures';
import type { Side } from './recorded';
import type { ModelRun } from './run';

export type Prices = ReadonlyMap<string, bigint>;

/** The sum of quantity × price over all that is held; null: something has no price. */
const worthOf = (run: ModelRun, prices: Prices): bigint | null => {
  let worth = 0n;
  for (const [symbol, held] of run.book.held) {
    const price = prices.get(symbol);
    if (price === undefined) return null;
    worth += held * price;
  }
  return worth;
};

/** Brings equity up to date, or finds cash where it is not known: then equity stays as it is. */
export const markEquity = (run: ModelRun, prices: Prices): void => {
  if (!run.marked || run.status !== 'ACTIVE') return;
  const worth = worthOf(run, prices);
  if (worth === null) return;
  if (run.cash === null) {
    setEquity(run, run.equity);
    if (run.equity > 0n) takeCash(run, run.equity * ONE - worth);
    return;
  }
  const equity = roundedQuotient(run.cash + worth, ONE);
  setEquity(run, isAmount(equity) ? equity : 0n);
};

/** A fill, at its own price or at the market's; without either cash is to be found anew. */
export const payFill = (run: ModelRun, prices: Prices, side: Side, qty: bigint, own: bigint | null, symbol: string): void => {
  if (!run.marked || run.cash === null) return;
  const price = own !== null && own > 0n ? own : prices.get(symbol);
  if (price === undefined) run.cash = null;
  else takeCash(run, side === 'buy' ? run.cash - qty * price : run.cash + qty * price);
};

/** Cash out of bounds leaves no equity. */
const takeCash = (run: ModelRun, cash: bigint): void => {
  if (isProduct(cash)) {
    run.cash = cash;
    return;
  }
  run.cash = null;
  setEquity(run, 0n);
};

/** The peak is never below equity, whatever was given. */
const setEquity = (run: ModelRun, equity: bigint): void => {
  run.equity = equity;
  if (equity > run.peak) run.peak = equity;
};
