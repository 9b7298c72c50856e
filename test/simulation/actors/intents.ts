/** Intents as strategies write them, and the same ones told differently. */
import { decimal, formatDecimal, minus, plus } from '../../../src/contracts/decimal';
import type { OrderIntent } from '../../../src/contracts/messages';
import { formatRfc3339 } from '../../../src/contracts/timestamp';
import type { Random } from '../../support/random';
import { short } from './names';
import type { DrawnOrder } from './orders';

const ONE_SHARE = decimal('1');
const TEN_SHARES = decimal('10');

export const SMALL_ORDER: DrawnOrder = { side: 'buy', type: 'market', qty: ONE_SHARE, limit: null, what: 'one share' };

/** `timestamp`: ms, as the strategy says. */
export const intentFor = (
  strategyId: string,
  accountId: string,
  { side, type, qty, limit }: DrawnOrder,
  symbol: string,
  intentId: string,
  timestamp: number,
): OrderIntent => ({
  intent_id: intentId,
  timestamp: formatRfc3339(timestamp),
  strategy_id: strategyId,
  account_id: accountId,
  instrument: { symbol, asset_class: 'equity' },
  side,
  order_type: type,
  qty,
  limit_price: limit,
});

/** Another body under the same id. */
export const contradictionOf = (random: Random, intent: OrderIntent): OrderIntent =>
  random.pick<OrderIntent>([
    { ...intent, qty: intent.qty > TEN_SHARES ? minus(intent.qty, ONE_SHARE) : plus(intent.qty, ONE_SHARE) },
    { ...intent, side: intent.side === 'buy' ? 'sell' : 'buy' },
    { ...intent, strategy_id: 'somebody else' },
    { ...intent, timestamp: '2026-01-01T00:00:00Z' },
  ]);

export const describeIntent = ({ side, qty, instrument, limit_price: limit, intent_id }: OrderIntent): string =>
  `${side}s ${formatDecimal(qty)} ${instrument.symbol}${limit === null ? '' : ` at ${formatDecimal(limit)}`} (${short(intent_id)})`;
