/** What each strategy of a run did and holds, by its own orders: kept as the intents change, so that asking costs what is shown. */
import type { Decimal } from '../../contracts/decimal';
import type { Verdict } from '../../contracts/messages';

/** By the orders of one strategy in one symbol. */
export interface StrategyHolding {
  /** Bought less sold, by fills of this run's orders; what the run began with belongs to no strategy. */
  readonly qty: Decimal;
  readonly workingBuy: Decimal;
  readonly workingSell: Decimal;
}

export interface StrategyFigures {
  readonly decided: Readonly<Record<Verdict, number>>;
  /** By symbol; one that is flat and has nothing working is not here. */
  readonly holdings: ReadonlyMap<string, StrategyHolding>;
}

/** By strategy id. */
export type StrategyBook = ReadonlyMap<string, StrategyFigures>;
