/**
 * The exchange behind a simulated broker: decides for each order when and how it fills or ends, in virtual time. Market orders and marketable limits fill
 * soon, now and then after a minute; other limits rest, and are filled later, in part, or never.
 */
import type { Decimal } from '../../../src/contracts/decimal';
import type { Market } from '../../support/brokers/market';
import type { MarketEntry, MarketOrder } from '../../support/brokers/marketOrder';
import { isOpen } from '../../support/brokers/marketOrder';
import type { Random } from '../../support/random';
import type { FaultKind } from '../kernel/faultKinds';
import type { Ports } from '../kernel/ports';

export interface ExchangeOptions extends Ports {
  readonly random: Random;
  /** For its words in the trace. */
  readonly name: string;
  /** Executions can be hidden one by one. */
  readonly tellsFills: boolean;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

/** ms, virtual. */
const FILLS_SOON: Range = { least: 10, most: 3_000 };
const FILLS_SLOWLY: Range = { least: 20_000, most: 80_000 };
const RESTS: Range = { least: 1_000, most: 60_000 };
const NEXT_PIECE: Range = { least: 5, most: 3_000 };
const ENDS_BY_ITSELF: Range = { least: 5, most: 20_000 };
const SHOWN_LATER: Range = { least: 200, most: 8_000 };
const ODD_WORD: Range = { least: 500, most: 40_000 };
const CANCEL_TAKES: Range = { least: 50, most: 8_000 };
const LATE_FILL: Range = { least: 20, most: 20_000 };

const ONE = 10n ** 18n;
/** The smallest part of a share that both dialects know. */
const SMALLEST = 10n ** 9n;
const CENT = 10n ** 16n;
const ODD_WORDS = ['held_by_gremlins', 'under_review'];

const ENDS = [
  ['exchange: rejected', 'rejected'],
  ['exchange: expired', 'expired'],
  ['exchange: cancelled by the broker', 'cancelled'],
] as const satisfies readonly (readonly [FaultKind, string])[];
type End = (typeof ENDS)[number][1];

export class Exchange {
  private isClosed = false;
  private foreign = 0;
  private traded: Market | undefined;

  constructor(private readonly options: ExchangeOptions) {}

  /** To be called once, before anything happens there. */
  openAt(market: Market): void {
    this.traded = market;
  }

  /** What happened at the market: some of it has consequences. */
  heard({ type, orderId }: MarketEntry): void {
    if (type !== 'made' && type !== 'cancelled') return;
    const order = this.market.order(orderId);
    if (order === undefined) return;
    if (type === 'made') this.made(order);
    else this.mayFillLate(order);
  }

  /** Whether a cancel that was asked for now is done at once; if not, it is done later. */
  cancels = (order: MarketOrder): 'done' | 'pending' => {
    if (!isOpen(order)) return 'done';
    if (order.status === 'pendingCancel') return 'pending';
    if (!this.options.faults.happens('exchange: cancel pending')) return 'done';
    this.later(CANCEL_TAKES, () => {
      if (order.status === 'pendingCancel') this.market.cancelled(order.id);
    });
    return 'pending';
  };

  /** What is open ends; what is made later ends at once; all words and prices show. */
  close(): void {
    this.isClosed = true;
    for (const order of [...this.market.openOrders()]) this.conclude(order);
    for (const order of this.market.orders) this.show(order);
  }

  private made(order: MarketOrder): void {
    const { faults, random, scheduler } = this.options;
    if (this.isClosed) {
      scheduler.after(1, () => this.conclude(order));
      return;
    }
    if (order.foreign) {
      // Some stay open until the market closes.
      if (this.isMarketable(order)) this.fillInPieces(order, 1, this.soon());
      else if (random.chance(0.4)) this.fillInPieces(order, 1, this.in(RESTS));
      return;
    }
    if (faults.happens('exchange: foreign order')) this.later(FILLS_SOON, () => this.foreignOrder(order.symbol));
    if (faults.happens('exchange: unknown status word')) {
      order.statusWord = random.pick(ODD_WORDS);
      this.later(ODD_WORD, () => (order.statusWord = null));
    }
    const end = ENDS.find(([kind]) => faults.happens(kind))?.[1];
    if (end !== undefined) return this.endByItself(order, end);
    if (faults.happens('exchange: price shown late')) {
      order.hidden = this.options.tellsFills && random.chance(0.5) ? 'fills' : 'price';
      this.later(SHOWN_LATER, () => (order.hidden = null));
    }
    const pieces = faults.happens('exchange: partial fills') ? (random.chance(0.15) ? 20 : random.between(2, 5)) : 1;
    if (faults.happens('exchange: fill before acknowledgement')) this.fillSome(order, pieces);
    if (!isOpen(order)) return;
    if (this.isMarketable(order))
      return this.fillInPieces(order, pieces, random.chance(0.04) ? this.in(FILLS_SLOWLY) : this.soon());
    // Of those that rest a good part is still open when somebody cancels, or when the day ends.
    if (this.isFar(order)) return;
    const fate = random.next();
    if (fate < 0.35) this.fillInPieces(order, pieces, this.in(RESTS));
    else if (fate < 0.55) this.later(RESTS, () => this.fillSome(order, random.between(2, 4)));
  }

  /** Perhaps with a part of it filled, unless it is rejected. */
  private endByItself(order: MarketOrder, end: End): void {
    const { random } = this.options;
    const ms = this.in(ENDS_BY_ITSELF);
    if (end !== 'rejected' && random.chance(0.3)) this.after(ms * random.next(), () => this.fillSome(order, 2));
    this.after(ms, () => {
      if (!isOpen(order)) return;
      if (end === 'rejected') this.market.rejected(order.id, 'rejected by the exchange');
      else if (end === 'expired') this.market.expired(order.id);
      else this.market.cancelled(order.id);
    });
  }

  private fillInPieces(order: MarketOrder, pieces: number, afterMs: number): void {
    this.after(afterMs, () => {
      this.fillSome(order, pieces);
      if (isOpen(order) && pieces > 1) this.fillInPieces(order, pieces - 1, this.in(NEXT_PIECE));
    });
  }

  /** One of so many pieces of what is left: whole shares, where they are whole and enough. */
  private fillSome(order: MarketOrder, pieces: number): void {
    if (!isOpen(order)) return;
    this.fill(order, partOf(order, pieces));
  }

  private fill(order: MarketOrder, qty: Decimal): void {
    this.options.trace(() => `${this.options.name} fills ${Number(qty) / 1e18} of ${order.clientOrderId || order.id}`);
    this.market.fill(order.id, qty, this.priceFor(order));
  }

  private priceFor({ symbol, side, limitPrice }: MarketOrder): Decimal {
    const price = this.market.priceOf(symbol);
    const moved = price + BigInt(this.options.random.between(-2, 2)) * CENT;
    const traded = moved > 0n ? moved : price;
    if (limitPrice === null || (side === 'buy' ? traded <= limitPrice : traded >= limitPrice)) return traded as Decimal;
    return limitPrice;
  }

  private isMarketable({ symbol, side, limitPrice }: MarketOrder): boolean {
    if (limitPrice === null) return true;
    const price = this.market.priceOf(symbol);
    return side === 'buy' ? limitPrice >= price : limitPrice <= price;
  }

  /** Nobody trades at such a price. */
  private isFar({ symbol, limitPrice }: MarketOrder): boolean {
    if (limitPrice === null) return false;
    const percent = (limitPrice * 100n) / this.market.priceOf(symbol);
    return percent <= 77n || percent >= 128n;
  }

  private mayFillLate(order: MarketOrder): void {
    if (this.isClosed || !this.options.faults.happens('exchange: fill after cancel')) return;
    this.later(LATE_FILL, () => {
      if (order.status === 'cancelled') this.fill(order, partOf(order, this.options.random.between(1, 2)));
    });
  }

  private foreignOrder(symbol: string): void {
    if (this.isClosed) return;
    const { random } = this.options;
    this.foreign += 1;
    const side = random.chance(0.5) ? 'buy' : 'sell';
    const limitPrice = random.chance(0.5) ? null : aside(this.market.priceOf(symbol), side);
    this.market.foreignOrder({
      clientOrderId: random.chance(0.5) ? '' : `theirs-${this.foreign}`,
      symbol,
      side,
      type: limitPrice === null ? 'market' : 'limit',
      limitPrice,
      qty: (BigInt(random.between(1, 20)) * ONE) as Decimal,
    });
  }

  private conclude(order: MarketOrder): void {
    this.show(order);
    if (order.status === 'pendingCancel') this.market.cancelled(order.id);
    if (!isOpen(order)) return;
    if (this.options.random.chance(0.5)) this.fill(order, partOf(order, 1));
    else this.market.expired(order.id);
  }

  private show(order: MarketOrder): void {
    order.statusWord = null;
    order.hidden = null;
  }

  private get market(): Market {
    if (this.traded === undefined) throw new Error('the market is not open yet');
    return this.traded;
  }

  private soon(): number {
    return this.in(FILLS_SOON);
  }

  /** As often in a lower octave as in a higher one. */
  private in({ least, most }: Range): number {
    return this.options.random.octaves(least, most);
  }

  private later(range: Range, task: () => void): void {
    this.after(this.in(range), task);
  }

  private after(ms: number, task: () => void): void {
    this.options.scheduler.after(ms, task);
  }
}

/** A price in whole cents at which it rests for a while. */
const aside = (price: Decimal, side: MarketOrder['side']): Decimal => {
  const exact = (price * (side === 'buy' ? 90n : 110n)) / 100n;
  const rounded = exact - (exact % CENT);
  return (rounded > 0n ? rounded : exact) as Decimal;
};

const partOf = ({ qty, filledQty }: MarketOrder, pieces: number): Decimal => {
  const left = qty - filledQty;
  const part = left / BigInt(pieces);
  const unit = qty % ONE === 0n ? ONE : SMALLEST;
  const even = part - (part % unit);
  return (even > 0n ? even : left < unit ? left : unit) as Decimal;
};
