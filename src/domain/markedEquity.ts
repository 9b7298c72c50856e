/**
 * The equity of a marked run: cash plus what it holds at the shard's prices, exact, brought up to date by everything that moves it: fills, prices,
 * portfolios. A run whose equity is fixed never comes here further than the first line.
 *
 * Cash is known from the first moment at which every held symbol has a price: it is what of the equity as given the positions do not explain.
 * While a held symbol has no price, equity stays as it was last marked: SYS-001 denies every intent until the price is back, and then equity
 * takes in all that happened meanwhile. Constant cost. Source: docs/contracts.md, "Marked equity".
 */
import {
  minusNotional,
  notionalInBounds,
  plusNotional,
  times,
  toDecimal,
  inBounds,
  toNotional,
  ZERO,
} from '../contracts/decimal';
import type { Decimal, Notional } from '../contracts/decimal';
import type { Side } from '../contracts/messages';
import type { RunState } from './state';

/** Equity as of now, and its peak. */
export const mark = (run: RunState): void => {
  if (run.equityMode === 'fixed' || run.status !== 'ACTIVE' || !run.exposure.isValued) return;
  if (run.cash === null) return findCash(run);
  const equity = toDecimal(plusNotional(run.cash, run.exposure.worth));
  setEquity(run, inBounds(equity) ? equity : ZERO);
};

/** What is bought is paid, what is sold is received. Without any price the fill is taken at the next one: cash is found anew with it. */
export const pay = (run: RunState, side: Side, qty: Decimal, price: Decimal | undefined): void => {
  if (run.equityMode === 'fixed' || run.cash === null) return;
  if (price === undefined) {
    run.cash = null;
    return;
  }
  const paid = times(qty, price);
  setCash(run, side === 'buy' ? minusNotional(run.cash, paid) : plusNotional(run.cash, paid));
};

/**
 * An equity that is no amount explains nothing: only new figures of the account help. A peak that was given below equity is equity: the next loss is
 * measured from there.
 */
const findCash = (run: RunState): void => {
  setEquity(run, run.account.equity);
  if (run.account.equity > 0n) setCash(run, minusNotional(toNotional(run.account.equity), run.exposure.worth));
};

/** Sums that cannot be written down leave no equity, which denies (SYS-002) until the account is given new figures. */
const setCash = (run: RunState, cash: Notional): void => {
  run.touched.run = true;
  if (notionalInBounds(cash)) {
    run.cash = cash;
    return;
  }
  run.cash = null;
  setEquity(run, ZERO);
};

/** Spelled out, not spread: this is made for every price. */
const setEquity = (run: RunState, equity: Decimal): void => {
  const { account } = run;
  if (equity === account.equity && equity <= account.peak_equity) return;
  run.account = {
    account_id: account.account_id,
    equity,
    start_of_day_equity: account.start_of_day_equity,
    peak_equity: equity > account.peak_equity ? equity : account.peak_equity,
    realized_pnl_today: account.realized_pnl_today,
    unrealized_pnl: account.unrealized_pnl,
  };
  run.touched.run = true;
};
