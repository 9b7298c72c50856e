/**
 * The largest quantity that would get ALLOW, with the same limits and facts, and the rule that binds.
 *
 * What depends on the quantity are the three exposures and the bounds of what can be written down. Each of them keeps the position after the order
 * within one interval, so all together do: its upper end, rounded down to 8 places, is the answer, and `decide` itself is asked whether it is allowed
 * and which rule the next quantity breaks. Everything is exact; constant cost.
 */
import { minus, negated, NO_NOTIONAL, plus, times } from '../contracts/decimal';
import type { Decimal, Notional } from '../contracts/decimal';
import type { Facts, OrderIntent, Violation } from '../contracts/messages';
import { decide } from './decide';
import type { AppliedLimits } from './limits';

export interface LargestAllowed {
  /** 8 places. Zero: no quantity would be allowed; null: every quantity that can be written down would. */
  readonly qty: Decimal | null;
  /** What the next larger quantity breaks; undefined where every quantity is allowed. */
  readonly binding: Violation | undefined;
}

/** Of `intent` all but the quantity counts. */
export const largestAllowed = (intent: OrderIntent, limits: AppliedLimits, facts: Facts): LargestAllowed => {
  const answerTo = (steps: bigint) => decide({ ...intent, qty: (steps * STEP) as Decimal }, limits, facts);
  const most = mostSteps(intent, limits, facts);
  const isAllowed = most > 0n && answerTo(most).decision === 'ALLOW';
  if (isAllowed && (limits.mode === 'monitor' || most === MOST_STEPS)) return { qty: null, binding: undefined };
  const steps = isAllowed ? most : 0n;
  return { qty: (steps * STEP) as Decimal, binding: answerTo(steps + 1n).violations[0] };
};

/** 10^-8, of which quantities are counted here, in units of 10^-18. */
const STEP = 10n ** 10n;
/** The largest quantity below 10^20. */
const MOST_STEPS = 10n ** 28n - 1n;
const QUANTITY_BOUND = 10n ** 38n;
const NOTIONAL_BOUND = 10n ** 76n;

/** The highest number of steps that no limit on the position after the order forbids; zero: there is none. */
const mostSteps = (intent: OrderIntent, limits: AppliedLimits, facts: Facts): bigint => {
  const { price, equity } = facts;
  if (price === null || equity <= 0n) return 0n;
  const buys = intent.side === 'buy';
  // In the direction of the order: what is held and working there, and what everything else adds to the net.
  const held: Decimal = buys
    ? plus(facts.position_qty, facts.working_buy_qty)
    : negated(minus(facts.position_qty, facts.working_sell_qty));
  const otherNet: bigint = buys ? facts.other_net : -facts.other_net;

  const within = new Interval(-QUANTITY_BOUND + 1n, QUANTITY_BOUND - 1n);
  const position = (most: bigint): void => within.keep(-most, most, price);
  const gross = (most: bigint): void => position(most - facts.other_gross);
  const net = (most: bigint): void => within.keep(-most - otherNet, most - otherNet, price);

  const shown = largestShown(equity);
  position(shown);
  gross(shown);
  net(shown);
  gross(NOTIONAL_BOUND - 1n);
  if (limits.mode === 'enforce') {
    const { max_position_pct, max_gross_exposure_x, max_net_exposure_x } = limits.exposure;
    position(times(max_position_pct, equity));
    gross(times(max_gross_exposure_x, equity));
    if (max_net_exposure_x !== null) net(times(max_net_exposure_x, equity));
  }
  const least = ceiling(within.least - held, STEP);
  const most = floor(within.most - held, STEP);
  const steps = most < MOST_STEPS ? most : MOST_STEPS;
  return steps < least || steps <= 0n ? 0n : steps;
};

/** Which positions, in the direction of the order, are allowed: from `least` to `most`, both included; none where they have crossed. */
class Interval {
  constructor(
    public least: bigint,
    public most: bigint,
  ) {}

  /** `position × price` must be from `least` to `most`. */
  keep(least: bigint, most: bigint, price: Decimal): void {
    const from = ceiling(least, price);
    const to = floor(most, price);
    if (from > this.least) this.least = from;
    if (to < this.most) this.most = to;
  }
}

/**
 * The largest value of which the share of equity can still be shown: `decide` refuses what rounds, half-even to 6 places, to 10^19 or more. In units
 * of 10^-6 that is 10^25; half a unit below it still rounds up to it, since it is even.
 */
const largestShown = (equity: Decimal): Notional => {
  const millionth = equity * 10n ** 12n;
  const largest = ((2n * 10n ** 25n - 1n) * millionth - 1n) / 2n;
  return largest > 0n ? (largest as Notional) : NO_NOTIONAL;
};

/** Division towards minus infinity; the divisor is above zero. */
const floor = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
};
const ceiling = (dividend: bigint, divisor: bigint): bigint => -floor(-dividend, divisor);
