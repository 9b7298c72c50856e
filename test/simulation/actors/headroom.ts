/** How large an order may be before a limit of exposure is broken: exact, in units of 10^-18. */
import type { Decimal } from '../../../src/contracts/decimal';
import { ZERO } from '../../../src/contracts/decimal';
import type { Facts, Side } from '../../../src/contracts/messages';
import type { ExposureLimits } from '../../../src/contracts/policy';

export interface Headroom {
  /** The largest quantity that the position's cap takes; zero: nothing fits. */
  readonly position: Decimal;
  /** The same for every limit of exposure together. */
  readonly tightest: Decimal;
}

export const headroomOf = (facts: Facts, price: Decimal, limits: ExposureLimits, side: Side): Headroom => {
  const { equity, position_qty: held, working_buy_qty: buys, working_sell_qty: sells, other_gross, other_net } = facts;
  // What counts already, in the direction of the order.
  const counted = side === 'buy' ? held + buys : sells - held;
  const within = (cap: bigint): bigint => (cap <= 0n ? -1n : cap / price) - counted;
  const position = within(limits.max_position_pct * equity);
  const gross = within(limits.max_gross_exposure_x * equity - other_gross);
  const net = limits.max_net_exposure_x;
  const netRoom = net === null ? gross : within(net * equity - (side === 'buy' ? other_net : -other_net));
  return { position: notNegative(position), tightest: notNegative(least(position, gross, netRoom)) };
};

const least = (...values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b));
const notNegative = (value: bigint): Decimal => (value > 0n ? value : ZERO) as Decimal;
