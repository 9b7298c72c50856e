/** The JSON of a simulated Alpaca, with the fields of docs.alpaca.markets: quantities, prices and money are texts. */
import { formatDecimal, minus } from '../../../src/contracts/decimal';
import type { Market } from './market';
import type { Instant, MarketFill, MarketOrder } from './marketOrder';
import { productOf } from './money';

export interface AlpacaOrder {
  readonly id: string;
  readonly status: string;
  readonly [field: string]: unknown;
}

export const orderDocument = (order: MarketOrder): AlpacaOrder => {
  const made = timeText(order.madeAt);
  const changed = timeText(order.changedAt);
  const status = wordOf(order);
  const price = order.hidden === 'price' ? null : order.averagePrice;
  return {
    id: order.id,
    client_order_id: order.clientOrderId,
    created_at: made,
    updated_at: changed,
    submitted_at: made,
    filled_at: order.status === 'filled' ? changed : null,
    expired_at: order.status === 'expired' ? changed : null,
    canceled_at: order.status === 'cancelled' ? changed : null,
    failed_at: order.status === 'rejected' ? changed : null,
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
    symbol: order.symbol,
    asset_class: 'us_equity',
    notional: null,
    qty: formatDecimal(order.qty),
    filled_qty: formatDecimal(order.filledQty),
    filled_avg_price: price === null ? null : formatDecimal(price),
    order_class: '',
    order_type: order.type,
    type: order.type,
    side: order.side,
    time_in_force: 'day',
    limit_price: order.limitPrice === null ? null : formatDecimal(order.limitPrice),
    stop_price: null,
    status,
    extended_hours: false,
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    subtag: null,
    source: null,
  };
};

export const activityDocument = (fill: MarketFill): object => ({
  id: activityId(fill),
  activity_type: 'FILL',
  transaction_time: timeText(fill.at),
  type: fill.cumQty === fill.order.qty ? 'fill' : 'partial_fill',
  price: formatDecimal(fill.price),
  qty: formatDecimal(fill.qty),
  side: fill.order.side,
  symbol: fill.order.symbol,
  leaves_qty: formatDecimal(minus(fill.order.qty, fill.cumQty)),
  order_id: fill.order.id,
  cum_qty: formatDecimal(fill.cumQty),
  order_status: fill.cumQty === fill.order.qty ? 'filled' : 'partially_filled',
});

/** `<date and time>::<uuid>`; the uuid ends with the number of the fill. */
const activityId = ({ at, sequence }: MarketFill): string =>
  `${new Date(at.ms).toISOString().replace(/[-:.TZ]/g, '')}::045b3b8d-c566-4bef-b741-${sequence.toString(16).padStart(12, '0')}`;

export const accountDocument = (market: Market, accountNumber = 'PA3SIMULATED'): object => ({
  id: 'e6fe16f3-64a4-4921-8928-cadf02f92f98',
  account_number: accountNumber,
  status: 'ACTIVE',
  currency: 'USD',
  cash: formatDecimal(market.cash),
  equity: formatDecimal(market.equity()),
  last_equity: formatDecimal(market.equity()),
  portfolio_value: formatDecimal(market.equity()),
  buying_power: formatDecimal(market.cash),
  multiplier: '2',
  pattern_day_trader: false,
  trading_blocked: false,
  transfers_blocked: false,
  account_blocked: false,
  shorting_enabled: true,
});

/** Alpaca shows a short position with a negative `qty` and side `short`. */
export const positionDocuments = (market: Market): object[] =>
  [...market.positions].map(([symbol, qty]) => ({
    asset_id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
    symbol,
    exchange: 'NASDAQ',
    asset_class: 'us_equity',
    qty: formatDecimal(qty),
    qty_available: formatDecimal(market.available(symbol)),
    side: qty < 0n ? 'short' : 'long',
    avg_entry_price: formatDecimal(market.priceOf(symbol)),
    current_price: formatDecimal(market.priceOf(symbol)),
    market_value: formatDecimal(productOf(qty, market.priceOf(symbol))),
    cost_basis: formatDecimal(productOf(qty, market.priceOf(symbol))),
    unrealized_pl: '0',
  }));

/** RFC 3339 with microseconds. */
const timeText = ({ ms, micros }: Instant): string =>
  `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;

const wordOf = ({ status, statusWord, filledQty }: MarketOrder): string => {
  if (statusWord !== null) return statusWord;
  if (status === 'open') return filledQty > 0n ? 'partially_filled' : 'new';
  if (status === 'pendingCancel') return 'pending_cancel';
  return status === 'cancelled' ? 'canceled' : status;
};
