/**
 * What the arithmetic of a judgement costs by itself: the same exact comparisons and the same five ratios as `decide`, in one straight line, with
 * no rules, messages, overrides, kill switch or evidence to show. A yardstick for the machine and for what the engine adds; nothing else uses it.
 */
import type { Facts, OrderIntent } from '../src/contracts/messages';
import type { AppliedLimits } from '../src/domain/limits';

export interface BareJudgement {
  readonly verdict: 'ALLOW' | 'MODIFY' | 'DENY';
  readonly quantity: bigint;
  readonly ratios: readonly bigint[];
}

const ONE = 10n ** 18n;
const PLACES_6 = 10n ** 12n;
const PLACES_8 = 10n ** 10n;

export const judgeBare = (intent: OrderIntent, limits: AppliedLimits, facts: Facts): BareJudgement => {
  const { price, equity } = facts;
  const { exposure, loss, execution } = limits;
  if (price === null || price <= 0n || equity <= 0n) return { verdict: 'DENY', quantity: 0n, ratios: [] };
  const before = intent.side === 'buy' ? facts.position_qty + facts.working_buy_qty : facts.position_qty - facts.working_sell_qty;
  const value = (intent.side === 'buy' ? before + intent.qty : before - intent.qty) * price;
  const position = value < 0n ? -value : value;
  const gross = facts.other_gross + position;
  const netSigned = facts.other_net + value;
  const net = netSigned < 0n ? -netSigned : netSigned;
  const day = facts.equity - facts.start_of_day_equity;
  const drawdown = facts.peak_equity - facts.equity;
  const ratios = [
    halfEven(day * ONE, facts.start_of_day_equity * PLACES_6),
    halfEven(drawdown * ONE, facts.peak_equity * PLACES_6),
    halfEven(position, equity * PLACES_6),
    halfEven(gross, equity * PLACES_6),
    halfEven(net, equity * PLACES_6),
  ];
  const broken =
    facts.kill_switch_active ||
    day * ONE <= -loss.daily_loss_limit_pct * facts.start_of_day_equity ||
    drawdown * ONE >= loss.max_drawdown_pct * facts.peak_equity ||
    facts.orders_last_60s_global >= execution.max_orders_per_minute_global ||
    facts.orders_last_60s_strategy >= execution.max_orders_per_minute_by_strategy ||
    gross > exposure.max_gross_exposure_x * equity ||
    (exposure.max_net_exposure_x !== null && net > exposure.max_net_exposure_x * equity);
  if (broken) return { verdict: 'DENY', quantity: 0n, ratios };
  const cap = exposure.max_position_pct * equity;
  if (position <= cap) return { verdict: 'ALLOW', quantity: intent.qty, ratios };
  const room = intent.side === 'buy' ? cap - before * price : cap + before * price;
  const quantity = (room / (price * PLACES_8)) * PLACES_8;
  return quantity > 0n ? { verdict: 'MODIFY', quantity, ratios } : { verdict: 'DENY', quantity: 0n, ratios };
};

const halfEven = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  if (rest === 0n) return quotient;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < denominator || (twice === denominator && (quotient & 1n) === 0n)) return quotient;
  return numerator < 0n ? quotient - 1n : quotient + 1n;
};
