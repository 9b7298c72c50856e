/**
 * What a run holds and has working, and the running totals over it: kept exact by taking out a symbol's old contribution and putting in its
 * new one, so that a decision never adds up the book. Source: design, "The engine" (facts) and "Working orders".
 */
import { largerNotional, magnitude, minus, NO_NOTIONAL, plus, times, ZERO } from '../contracts/decimal';
import type { Decimal, Notional } from '../contracts/decimal';
import type { Side } from '../contracts/messages';

export interface Position {
  readonly qty: Decimal;
  /** Admitted and not yet filled, by side; zero or more. */
  readonly workingBuy: Decimal;
  readonly workingSell: Decimal;
}

const FLAT: Position = { qty: ZERO, workingBuy: ZERO, workingSell: ZERO };

/** What one symbol adds to the totals. `gross` is its worse side. */
interface Contribution {
  readonly gross: Notional;
  readonly netBuy: Notional;
  readonly netSell: Notional;
}

const NOTHING: Contribution = { gross: NO_NOTIONAL, netBuy: NO_NOTIONAL, netSell: NO_NOTIONAL };

export class Exposure {
  private readonly held = new Map<string, Position>();
  private readonly unpriced = new Set<string>();
  private gross = 0n;
  private netBuy = 0n;
  private netSell = 0n;
  private heldWorth = 0n;
  /** Symbols that are held and have no price. */
  private unvalued = 0;

  /** `prices`: above zero, shared by all runs of the shard. `valued`: keep `worth`, which a run of fixed equity has no use for. */
  constructor(
    private readonly prices: ReadonlyMap<string, Decimal>,
    private readonly valued = false,
  ) {}

  /** Sum of quantity × price over what is held and has a price. */
  get worth(): Notional {
    return this.heldWorth as Notional;
  }

  /** Whether all that is held has a price. */
  get isValued(): boolean {
    return this.unvalued === 0;
  }

  priceOf(symbol: string): Decimal | undefined {
    return this.prices.get(symbol);
  }

  get positions(): ReadonlyMap<string, Position> {
    return this.held;
  }

  of(symbol: string): Position {
    return this.held.get(symbol) ?? FLAT;
  }

  /** The first held or working symbol without a price, by code units; null: none. Costs as much as there are such symbols. */
  get firstUnpriced(): string | null {
    let first: string | null = null;
    for (const symbol of this.unpriced) if (first === null || symbol < first) first = symbol;
    return first;
  }

  set(symbol: string, position: Position): void {
    const price = this.prices.get(symbol);
    const before = this.of(symbol);
    this.swap(contributionOf(before, price), contributionOf(position, price));
    if (this.valued && position.qty !== before.qty) this.revalue(before.qty, price, position.qty, price);
    const flat = position.qty === 0n && position.workingBuy === 0n && position.workingSell === 0n;
    if (flat) this.held.delete(symbol);
    else this.held.set(symbol, position);
    if (!flat && price === undefined) this.unpriced.add(symbol);
    else this.unpriced.delete(symbol);
  }

  /** The shard's price of `symbol` has just changed from `before` (undefined: none). */
  reprice(symbol: string, before: Decimal | undefined): void {
    const position = this.held.get(symbol);
    if (position === undefined) return;
    const price = this.prices.get(symbol);
    this.swap(contributionOf(position, before), contributionOf(position, price));
    if (this.valued && position.qty !== 0n) this.revalue(position.qty, before, position.qty, price);
    if (price === undefined) this.unpriced.add(symbol);
    else this.unpriced.delete(symbol);
  }

  addWorking(symbol: string, side: Side, qty: Decimal): void {
    const position = this.of(symbol);
    this.set(
      symbol,
      side === 'buy'
        ? { qty: position.qty, workingBuy: plus(position.workingBuy, qty), workingSell: position.workingSell }
        : { qty: position.qty, workingBuy: position.workingBuy, workingSell: plus(position.workingSell, qty) },
    );
  }

  /** Moves the position by a fill of `qty`, and takes `released` (which may be zero) off the working orders of that side. */
  fill(symbol: string, side: Side, qty: Decimal, released: Decimal): void {
    const { qty: held, workingBuy, workingSell } = this.of(symbol);
    this.set(
      symbol,
      side === 'buy'
        ? { qty: plus(held, qty), workingBuy: minus(workingBuy, released), workingSell }
        : { qty: minus(held, qty), workingBuy, workingSell: minus(workingSell, released) },
    );
  }

  /** Gross and net of everything but `symbol`; net with the working orders of `side` filled. */
  others(symbol: string, side: Side): { readonly gross: Notional; readonly net: Notional } {
    const own = contributionOf(this.of(symbol), this.prices.get(symbol));
    const net = side === 'buy' ? this.netBuy - own.netBuy : this.netSell - own.netSell;
    return { gross: (this.gross - own.gross) as Notional, net: net as Notional };
  }

  /** Worse-side gross and both nets of the whole book. */
  totals(): Contribution {
    return { gross: this.gross as Notional, netBuy: this.netBuy as Notional, netSell: this.netSell as Notional };
  }

  private revalue(qty: Decimal, price: Decimal | undefined, newQty: Decimal, newPrice: Decimal | undefined): void {
    if (price !== undefined) this.heldWorth -= times(qty, price);
    else if (qty !== 0n) this.unvalued -= 1;
    if (newPrice !== undefined) this.heldWorth += times(newQty, newPrice);
    else if (newQty !== 0n) this.unvalued += 1;
  }

  private swap(before: Contribution, after: Contribution): void {
    this.gross += after.gross - before.gross;
    this.netBuy += after.netBuy - before.netBuy;
    this.netSell += after.netSell - before.netSell;
  }
}

const contributionOf = ({ qty, workingBuy, workingSell }: Position, price: Decimal | undefined): Contribution => {
  if (price === undefined) return NOTHING;
  const netBuy = times(plus(qty, workingBuy), price);
  const netSell = times(minus(qty, workingSell), price);
  return { gross: largerNotional(magnitude(netBuy), magnitude(netSell)), netBuy, netSell };
};
