import { minus, plus, ZERO } from '../../contracts/decimal';
import type { Decimal } from '../../contracts/decimal';
import type { Verdict } from '../../contracts/messages';
import { workingQuantity } from '../../domain/followRun';
import type { IntentState } from '../../domain/intentRegister';
import type { RunLedger } from '../../processor/ledger';
import type { StrategyBook, StrategyHolding } from './strategyBook';

/**
 * The books of a shard's runs, changed with every intent. They depend on the intents alone, not on the order or the number of steps in which these
 * changed: a reader that starts now comes to the same as one that watched.
 *
 * An ended run forgets its intents, and a restart could not tell what its strategies did: its book is empty. What it holds is in its positions.
 */
export class StrategyBooks {
  private readonly books = new Map<string, RunBook>();

  of({ state }: RunLedger): StrategyBook {
    return this.books.get(state.runId)?.strategies ?? NOBODY;
  }

  changed({ state }: RunLedger, before: IntentState | undefined, after: IntentState | undefined): void {
    if (state.status === 'ENDED') {
      this.books.delete(state.runId);
      return;
    }
    let book = this.books.get(state.runId);
    if (book === undefined) {
      book = new RunBook();
      this.books.set(state.runId, book);
    }
    book.changed(before, after);
  }
}

const NOBODY: StrategyBook = new Map();
const NONE: StrategyHolding = { qty: ZERO, workingBuy: ZERO, workingSell: ZERO };

class RunBook {
  readonly strategies = new Map<
    string,
    { readonly decided: Record<Verdict, number>; readonly holdings: Map<string, StrategyHolding> }
  >();

  changed(before: IntentState | undefined, after: IntentState | undefined): void {
    const known = after ?? before;
    // Fills of an order that nobody asked for are kept without a strategy.
    if (known === undefined || known.strategy_id === '') return;
    const { strategy_id, symbol, side } = known;
    let figures = this.strategies.get(strategy_id);
    if (figures === undefined) {
      figures = { decided: { ALLOW: 0, MODIFY: 0, DENY: 0 }, holdings: new Map() };
      this.strategies.set(strategy_id, figures);
    }
    if (before === undefined) figures.decided[known.decision] += 1;
    const filled = minus(after?.cum_qty ?? ZERO, before?.cum_qty ?? ZERO);
    const working = minus(workingQuantity(after), workingQuantity(before));
    if (filled === 0n && working === 0n) return;
    const holding = moved(figures.holdings.get(symbol) ?? NONE, side === 'buy', filled, working);
    const isFlat = holding.qty === 0n && holding.workingBuy === 0n && holding.workingSell === 0n;
    if (isFlat) figures.holdings.delete(symbol);
    else figures.holdings.set(symbol, holding);
  }
}

const moved = (
  { qty, workingBuy, workingSell }: StrategyHolding,
  isBuy: boolean,
  filled: Decimal,
  working: Decimal,
): StrategyHolding =>
  isBuy
    ? { qty: plus(qty, filled), workingBuy: plus(workingBuy, working), workingSell }
    : { qty: minus(qty, filled), workingBuy, workingSell: plus(workingSell, working) };
