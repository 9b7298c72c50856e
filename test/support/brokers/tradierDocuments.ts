/**
 * The documents of a simulated Tradier, as documentation.tradier.com shows them: numbers are JSON numbers, one row is an object, several are an array,
 * and nothing is the text "null". Without `Accept: application/json` all of it is XML.
 */
import { type Decimal, formatDecimal, minus, ZERO } from '../../../src/contracts/decimal';
import type { BrokerAnswer } from './dialect';
import type { Market } from './market';
import type { Instant, MarketOrder } from './marketOrder';

/** A number that keeps its digits, such as 10.00000000. */
export class NumberText {
  constructor(readonly text: string) {}
}
export type Document = string | NumberText | readonly Document[] | { readonly [key: string]: Document };

export const tradierOrder = (order: MarketOrder, tags: boolean): Document => {
  const price = order.hidden === 'price' ? null : order.averagePrice;
  const last = order.hidden === 'price' ? undefined : order.fills.at(-1);
  const status = wordOf(order);
  return {
    id: new NumberText(order.id),
    type: order.type,
    symbol: order.symbol,
    side: order.instruction,
    quantity: number8(order.qty),
    status,
    duration: 'day',
    ...(order.limitPrice === null ? {} : { price: number8(order.limitPrice) }),
    avg_fill_price: number8(price ?? ZERO),
    exec_quantity: number8(order.filledQty),
    last_fill_price: number8(last?.price ?? ZERO),
    last_fill_quantity: number8(last?.qty ?? ZERO),
    remaining_quantity: number8(status === 'open' || status === 'partially_filled' ? minus(order.qty, order.filledQty) : ZERO),
    create_date: timeText(order.madeAt),
    transaction_date: timeText(order.changedAt),
    class: 'equity',
    ...(order.reason === null ? {} : { reason_description: order.reason }),
    ...(tags && order.clientOrderId !== '' ? { tag: order.clientOrderId } : {}),
  };
};

export const tradierPositions = (market: Market): Document =>
  rowsDocument(
    'positions',
    'position',
    [...market.positions].map(([symbol, qty], index) => ({
      cost_basis: number8(market.priceOf(symbol)),
      date_acquired: '2026-01-05T14:41:11.405Z',
      id: new NumberText(String(130089 + index)),
      quantity: number8(qty),
      symbol,
    })),
  );

export const tradierBalances = (market: Market, account: string): Document => ({
  balances: {
    option_short_value: new NumberText('0'),
    total_equity: new NumberText(formatDecimal(market.equity())),
    account_number: account,
    account_type: 'margin',
    close_pl: new NumberText('0'),
    current_requirement: new NumberText('0'),
    equity: new NumberText('0'),
    long_market_value: new NumberText('0'),
    market_value: new NumberText('0'),
    open_pl: new NumberText('0'),
    option_long_value: new NumberText('0'),
    option_requirement: new NumberText('0'),
    pending_orders_count: new NumberText(String(market.openOrders().length)),
    short_market_value: new NumberText('0'),
    stock_long_value: new NumberText('0'),
    total_cash: new NumberText(formatDecimal(market.cash)),
    uncleared_funds: new NumberText('0'),
    pending_cash: new NumberText('0'),
    margin: {
      fed_call: new NumberText('0'),
      maintenance_call: new NumberText('0'),
      option_buying_power: new NumberText(formatDecimal(market.cash)),
      stock_buying_power: new NumberText(formatDecimal(market.cash)),
      stock_short_value: new NumberText('0'),
      sweep: new NumberText('0'),
    },
  },
});

export const rowsDocument = (outer: string, inner: string, rows: readonly Document[]): Document => {
  const [first, ...more] = rows;
  if (first === undefined) return { [outer]: 'null' };
  return { [outer]: { [inner]: more.length === 0 ? first : rows } };
};

export const documentAnswer = (status: number, document: Document, asJson: boolean): BrokerAnswer =>
  asJson
    ? { status, contentType: 'application/json;charset=UTF-8', body: jsonText(document) }
    : {
        status,
        contentType: 'application/xml;charset=UTF-8',
        body: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${xmlText(document)}`,
      };

export const textAnswer = (status: number, body: string): BrokerAnswer => ({ status, contentType: 'text/plain', body });

const jsonText = (value: Document): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof NumberText) return value.text;
  if (isRows(value)) return `[${value.map(jsonText).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner)}`)
    .join(',')}}`;
};

const xmlText = (value: Document): string => {
  if (typeof value === 'string') return value === 'null' ? '' : value.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  if (value instanceof NumberText) return value.text;
  if (isRows(value)) return value.map(xmlText).join('');
  return Object.entries(value)
    .map(([key, inner]) => (isRows(inner) ? inner : [inner]).map((item) => `<${key}>${xmlText(item)}</${key}>`).join(''))
    .join('');
};

const isRows = (value: Document): value is readonly Document[] => Array.isArray(value);

const number8 = (value: Decimal): NumberText => {
  const [whole = '0', fraction = ''] = formatDecimal(value).split('.');
  return new NumberText(`${whole}.${fraction.padEnd(8, '0').slice(0, 8)}`);
};

const timeText = ({ ms }: Instant): string => new Date(ms).toISOString();

const wordOf = ({ status, statusWord, filledQty }: MarketOrder): string => {
  if (statusWord !== null) return statusWord;
  if (status === 'open' || status === 'pendingCancel') return filledQty > 0n ? 'partially_filled' : 'open';
  return status === 'cancelled' ? 'canceled' : status;
};
