/**
 * What one run holds and has open: two lists, and sums over them that are added up anew each time they are asked for. No running totals.
 * Source: design, "Working orders".
 */
import { sizeOf } from './figures';
import type { Side } from './recorded';

/** What is known under an intent's id: an order, a refusal, or fills that nobody asked for. */
export interface Known {
  /** Of the record that it stands in. */
  readonly seq: number;
  /** The intent's body; null: no intent came, an execution event did. */
  readonly body: Buffer | null;
  readonly admitted: boolean;
  readonly symbol: string;
  readonly side: Side;
  /** Admitted; zero when nothing was. */
  readonly qty: bigint;
  filled: bigint;
  open: boolean;
}

/** One symbol: held, and what is open on each side. */
export interface Holding {
  held: bigint;
  buys: bigint;
  sells: bigint;
}

/** What the symbol could become on the order's side when all that is open there fills. */
export const sideOf = ({ held, buys, sells }: Holding, side: Side): bigint => (side === 'buy' ? held + buys : held - sells);

/** The larger of what it could become, as a quantity. */
export const worstOf = (holding: Holding): bigint => {
  const long = sizeOf(sideOf(holding, 'buy'));
  const short = sizeOf(sideOf(holding, 'sell'));
  return long > short ? long : short;
};

const openPart = ({ qty, filled }: Known): bigint => (filled < qty ? qty - filled : 0n);

export class Book {
  /** By symbol; what is flat is not here. */
  readonly held = new Map<string, bigint>();
  readonly open = new Set<Known>();

  move(symbol: string, by: bigint): void {
    const now = (this.held.get(symbol) ?? 0n) + by;
    if (now === 0n) this.held.delete(symbol);
    else this.held.set(symbol, now);
  }

  /** Every symbol that is held or open. */
  holdings(): Map<string, Holding> {
    const holdings = new Map<string, Holding>();
    for (const [symbol, held] of this.held) holdings.set(symbol, { held, buys: 0n, sells: 0n });
    for (const order of this.open) {
      let holding = holdings.get(order.symbol);
      if (holding === undefined) holdings.set(order.symbol, (holding = { held: 0n, buys: 0n, sells: 0n }));
      if (order.side === 'buy') holding.buys += openPart(order);
      else holding.sells += openPart(order);
    }
    return holdings;
  }

  of(symbol: string): Holding {
    const holding = { held: this.held.get(symbol) ?? 0n, buys: 0n, sells: 0n };
    for (const order of this.open) {
      if (order.symbol !== symbol) continue;
      if (order.side === 'buy') holding.buys += openPart(order);
      else holding.sells += openPart(order);
    }
    return holding;
  }
}
