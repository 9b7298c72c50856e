/** The price feed: every symbol, on every shard. Prices walk; some jump, some are withdrawn for a while. */
import type { Decimal } from '../../../src/contracts/decimal';
import { decimal, formatDecimal, wholeDecimal } from '../../../src/contracts/decimal';
import { MARKET_PRICES } from '../../../src/contracts/topics';
import type { Random } from '../../support/random';
import type { RunModel } from './runModel';
import type { Stage } from './stage';

const FROM = 'price feed';
/** Prices of which a whole number of shares often is exactly some share of the equity. */
const ROUND_PRICES = [20, 25, 40, 50, 80, 100, 125, 160, 200, 250, 400];
const ODD_PRICES = ['0.000000000000000001', '33.333333333333333333', '66.666666666666666667', '0.1', '123456.789'];
const CENT = decimal('0.01');
const LEAST_PRICE = decimal('1');
const MOST_PRICE = decimal('5000');

export class PriceFeed {
  /** As published last; a symbol without a price is not here. */
  readonly prices = new Map<string, Decimal>();
  /** What it was worth when it had a price. */
  private readonly known = new Map<string, Decimal>();
  private readonly returning = new Set<string>();

  constructor(
    private readonly stage: Stage,
    private readonly random: Random,
    readonly symbols: readonly string[],
    private readonly runs: readonly RunModel[],
  ) {}

  /** The first prices. */
  open(acknowledged: () => void): void {
    let open = this.symbols.length;
    for (const symbol of this.symbols)
      this.set(symbol, wholeDecimal(this.random.pick(ROUND_PRICES)), 'opens', () => {
        open -= 1;
        if (open === 0) acknowledged();
      });
  }

  /** What it is worth, whether anybody is told or not. */
  worth(symbol: string): Decimal {
    return this.known.get(symbol) ?? LEAST_PRICE;
  }

  /** One symbol's price changes. */
  move(): void {
    const { random, stage } = this;
    const { faults } = stage.world;
    const symbol = random.pick(this.symbols);
    const before = this.worth(symbol);
    if (faults.happens('input: price withdrawn')) return this.withdraw(symbol);
    if (faults.happens('input: price gap')) return this.set(symbol, this.gap(before), 'jumps');
    if (random.chance(0.3)) return this.set(symbol, this.nearestRound(before), 'goes');
    this.set(symbol, inRange(((before * BigInt(10_000 + random.between(-150, 150))) / 10_000n) as Decimal), 'goes');
  }

  /** A symbol that has a price otherwise gets it back soon. */
  returnSoon(symbol: string): void {
    const before = this.known.get(symbol);
    if (before === undefined || this.prices.has(symbol) || this.returning.has(symbol)) return;
    this.returning.add(symbol);
    this.stage.after(this.random.between(5, 1_500), () => {
      this.returning.delete(symbol);
      this.set(symbol, before, 'is back');
    });
  }

  /** Every symbol has a price again. */
  restoreAll(): void {
    for (const symbol of this.symbols) this.set(symbol, this.worth(symbol), 'is told again');
  }

  private withdraw(symbol: string): void {
    // Zero is no price either.
    this.tell(symbol, this.random.chance(0.8) ? null : decimal('0'), 'has no price');
    this.returnSoon(symbol);
  }

  private set(symbol: string, price: Decimal, what: string, acknowledged?: () => void): void {
    this.known.set(symbol, price);
    this.tell(symbol, price, what, acknowledged);
  }

  private tell(symbol: string, price: Decimal | null, what: string, acknowledged?: () => void): void {
    const { stage, prices } = this;
    const before = prices.get(symbol);
    if (price === null || price <= 0n) prices.delete(symbol);
    else prices.set(symbol, price);
    for (const run of this.runs) run.repriced(symbol, before);
    stage.world.trace(() => `${FROM}: ${symbol} ${what}${price === null ? '' : ` ${formatDecimal(price)}`}`);
    const value = stage.world.codec.encodeValue(MARKET_PRICES, { symbol, price });
    stage.publish(FROM, stage.everywhere(MARKET_PRICES, symbol, value), acknowledged);
  }

  private gap(before: Decimal): Decimal {
    const { random } = this;
    // Eighteen places only where no broker has to show them.
    const isPaper = this.stage.world.venues.every((venue) => venue === undefined);
    if (isPaper && random.chance(0.3)) return decimal(random.pick(ODD_PRICES));
    return inRange(((before * BigInt(random.pick([50, 70, 85, 93, 107, 115, 140, 200]))) / 100n) as Decimal);
  }

  private nearestRound(before: Decimal): Decimal {
    const prices = ROUND_PRICES.map(wholeDecimal);
    const near = prices.filter((price) => price * 10n >= before * 6n && price * 6n <= before * 10n);
    return this.random.pick(near.length > 0 ? near : prices);
  }
}

/** In whole cents, and such as a share may cost. */
const inRange = (price: Decimal): Decimal => {
  const rounded = (price - (price % CENT)) as Decimal;
  return rounded < LEAST_PRICE ? LEAST_PRICE : rounded > MOST_PRICE ? MOST_PRICE : rounded;
};
