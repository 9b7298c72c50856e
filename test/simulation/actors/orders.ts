/** What a strategy may want: sizes and prices of orders, most of them close to some limit. */
import type { Decimal } from '../../../src/contracts/decimal';
import { decimal, magnitude, smaller, wholeDecimal } from '../../../src/contracts/decimal';
import type { Facts, OrderType, Side } from '../../../src/contracts/messages';
import type { AppliedLimits } from '../../../src/domain/limits';
import type { Random } from '../../support/random';
import type { BrokerDialect, Profile } from '../world/plan';
import { weighted } from './draws';
import { headroomOf } from './headroom';

type OrderKind =
  | 'small'
  | 'many digits'
  | 'fits exactly'
  | 'exceeds by a hair'
  | 'too large'
  | 'flips the position'
  | 'closes the position'
  | 'rests'
  | 'limit at the market'
  | 'no limit price'
  | 'cures the net'
  | 'absurd';

const WEIGHTS: Readonly<Record<OrderKind, number>> = {
  small: 30,
  'many digits': 2,
  'fits exactly': 12,
  'exceeds by a hair': 9,
  'too large': 16,
  'flips the position': 9,
  'closes the position': 10,
  rests: 8,
  'limit at the market': 5,
  'no limit price': 1,
  'cures the net': 6,
  absurd: 0.4,
};
/** Where there is more to cancel. */
const MANY_RESTING: Readonly<Record<OrderKind, number>> = { ...WEIGHTS, rests: 28 };

export interface Situation {
  readonly facts: (side: Side) => Facts;
  readonly limits: AppliedLimits | undefined;
  readonly dialect: BrokerDialect;
  readonly profile: Profile;
}

export interface DrawnOrder {
  readonly side: Side;
  readonly type: OrderType;
  readonly qty: Decimal;
  readonly limit: Decimal | null;
  /** For the trace. */
  readonly what: string;
}

/** An order, in whichever situation the run is believed to be. */
export const drawOrder = (random: Random, situation: Situation): DrawnOrder => {
  const { profile, facts: factsOf, limits, dialect } = situation;
  const weights = profile === 'kill' || profile === 'broker' ? MANY_RESTING : WEIGHTS;
  const kind = weighted(random, weights) ?? 'small';
  const { position_qty: held, price } = factsOf('buy');
  // A book that is full takes no more: half of the orders make room.
  const away: Side = held > 0n ? 'sell' : 'buy';
  const side = held !== 0n && random.chance(0.5) ? away : random.pick<Side>(['buy', 'sell']);
  const market = (given: Side, qty: Decimal, what: string): DrawnOrder => ({
    ...{ side: given, type: 'market', qty: qty > 0n ? smaller(qty, MOST_SHARES) : ONE_SHARE, limit: null, what },
  });
  const small = (): DrawnOrder => market(side, wholeDecimal(random.between(1, 20)), 'a small order');
  if (price === null || limits === undefined) return small();
  const unit = unitFor(random, dialect);
  const room = headroomOf(factsOf(side), price, limits.exposure, side);
  switch (kind) {
    case 'small':
      return small();
    case 'many digits':
      return market(side, dialect === 'tradier' ? ONE_SHARE : decimal('3.333333333333333336'), 'many digits');
    case 'fits exactly':
      return room.tightest < unit ? market(away, magnitude(held), 'makes room') : market(side, down(room.tightest, unit), kind);
    case 'exceeds by a hair':
      return market(side, (down(room.tightest, unit) + unit) as Decimal, kind);
    case 'too large':
      return market(side, down(((room.position * BigInt(random.between(11, 35))) / 10n) as Decimal, unit), kind);
    case 'flips the position':
      return held === 0n ? small() : market(away, down(((magnitude(held) * 3n) / 2n) as Decimal, unit), kind);
    case 'cures the net': {
      // So much that net exposure fits again: a part of it, cut to fit the position limit, would not do.
      const { other_net: net } = factsOf('buy');
      const cure = down((magnitude(net) / price) as Decimal, unit);
      return net === 0n || cure <= room.position ? small() : market(net > 0n ? 'sell' : 'buy', cure, kind);
    }
    case 'closes the position':
      return held === 0n ? small() : market(away, magnitude(held), kind);
    case 'rests': {
      const percent = side === 'buy' ? random.between(80, 97) : random.between(103, 120);
      const qty =
        random.chance(0.3) && room.tightest >= unit ? down(room.tightest, ONE_SHARE) : wholeDecimal(random.between(1, 15));
      return { ...market(side, qty, `rests at ${percent} % of the price`), type: 'limit', limit: toCents(price, percent) };
    }
    case 'limit at the market':
      return { ...small(), type: 'limit', limit: price, what: kind };
    case 'no limit price':
      return { ...small(), type: 'limit', what: kind };
    case 'absurd':
      // Where nobody would take it, should a policy only monitor.
      return dialect === 'sim' && limits.mode === 'enforce'
        ? { ...small(), qty: decimal('99999999999999999999'), what: kind }
        : small();
  }
};

/** So far from the price that it stays there for long. */
export const restingOrder = (random: Random, side: Side, price: Decimal): DrawnOrder => {
  const percent = side === 'buy' ? random.between(50, 75) : random.between(130, 180);
  return { side, type: 'limit', qty: ONE_SHARE, limit: toCents(price, percent), what: `rests at ${percent} % of the price` };
};

const ONE_SHARE = decimal('1');
/** Where a price is next to nothing, anything fits. */
const MOST_SHARES = decimal('1000000');
const PLACES_8 = decimal('0.00000001');
const LAST_PLACE = 1n as Decimal;
const CENT = decimal('0.01');

/** What the quantity is a multiple of. Tradier takes whole shares alone, and is asked for others now and then. */
const unitFor = (random: Random, dialect: BrokerDialect): Decimal => {
  const draw = random.next();
  if (dialect === 'tradier') return draw < 0.96 ? ONE_SHARE : PLACES_8;
  if (dialect === 'alpaca') return draw < 0.75 ? ONE_SHARE : draw < 0.97 ? PLACES_8 : LAST_PLACE;
  return draw < 0.55 ? ONE_SHARE : draw < 0.8 ? PLACES_8 : LAST_PLACE;
};

const down = (qty: Decimal, unit: Decimal): Decimal => (qty - (qty % unit)) as Decimal;

/** So many percent of it, in whole cents where that is above zero. */
const toCents = (price: Decimal, percent: number): Decimal => {
  const exact = ((price * BigInt(percent)) / 100n) as Decimal;
  const rounded = down(exact, CENT);
  return rounded > 0n ? rounded : exact;
};
