/**
 * A simulated Alpaca: Trading API v2 as documented at docs.alpaca.markets (orders, account activities, account, positions), quirks included.
 *
 * - `client_order_id` is unique for ever: a second one is 422 with code 40010001, also after the first order ended.
 * - Lists of orders: open ones only and 50 rows unless asked otherwise, at most 500; `after` and `until` exclude the time that they name.
 * - Activities: one row per execution, at most 100 a page, newest first; `page_token` is the id of the last row seen.
 * - An id that is no UUID is 422 with code 40010001 (github.com/alpacahq/Alpaca-API/issues/135), not 404.
 * - Cancel: 204, 422 (code 42210000: it ended), 404; all: 207. A 204 means that it will be tried.
 */
import { createHash } from 'node:crypto';
import { type Decimal, formatDecimal, ZERO } from '../../../src/contracts/decimal';
import { pageOf, sequenceOf, spoiled, timeOf, wholeOf } from './alpacaPages';
import { accountDocument, activityDocument, orderDocument, positionDocuments } from './alpacaDocuments';
import { type RunningBroker, type ServerOptions, startBroker } from './brokerServer';
import type { Account, BrokerAnswer, BrokerRequest, Dialect, Operation } from './dialect';
import { Market, type MarketOptions } from './market';
import { type Cancels, isOpen, isPending, type MarketFill, type MarketOrder } from './marketOrder';
import { decimalOf, productOf } from './money';

export interface AlpacaOptions extends ServerOptions, Omit<MarketOptions, 'orderId'> {
  readonly keyId?: string;
  readonly secretKey?: string;
  readonly accountNumber?: string;
  /** `pending`: a cancel is only taken note of, until `market.cancelled(id)`. */
  readonly cancels?: Cancels;
  /** Buys that cost more are refused; default: none are. */
  readonly buyingPower?: Decimal;
}

export const ALPACA_KEY_ID = 'PKSIMULATEDKEYID0001';
export const ALPACA_SECRET_KEY = 'simulatedAlpacaSecretKey0123456789abcdef';

export const startAlpaca = (options: AlpacaOptions = {}): Promise<RunningBroker> => {
  const { dialect, market } = alpacaAccount(options);
  return startBroker(dialect, market, options);
};

/** An account without a road to it. */
export const alpacaAccount = (options: AlpacaOptions): Account => {
  const market = new Market({ ...options, orderId: (index) => uuidOf(`order ${index}`) });
  return { dialect: new AlpacaDialect(market, options), market };
};

const ORDERS = '/v2/orders';
const BY_CLIENT_ORDER_ID = '/v2/orders:by_client_order_id';
const ACTIVITIES = '/v2/account/activities';
const LONGEST_CLIENT_ORDER_ID = 128;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

class AlpacaDialect implements Dialect {
  constructor(
    private readonly market: Market,
    private readonly options: AlpacaOptions,
  ) {}

  operationOf({ method, path }: BrokerRequest): Operation {
    if (path === ORDERS) return method === 'POST' ? 'submit' : method === 'DELETE' ? 'cancelAll' : 'orders';
    if (path.startsWith(`${ORDERS}/`)) return method === 'DELETE' ? 'cancel' : 'find';
    if (path === BY_CLIENT_ORDER_ID) return 'find';
    if (path.startsWith(ACTIVITIES)) return 'fills';
    if (path === '/v2/account') return 'account';
    return path === '/v2/positions' ? 'positions' : 'other';
  }

  nameOf({ body }: BrokerRequest): string {
    const name = objectOf(body)?.client_order_id;
    return typeof name === 'string' ? name : '';
  }

  refuse({ headers }: BrokerRequest): BrokerAnswer | undefined {
    const { keyId = ALPACA_KEY_ID, secretKey = ALPACA_SECRET_KEY } = this.options;
    const [id, secret] = [headers['apca-api-key-id'], headers['apca-api-secret-key']];
    if (id === undefined || secret === undefined) return refusal(401, 40110000, 'request is not authorized');
    return id === keyId && secret === secretKey ? undefined : json(403, { message: 'forbidden.' });
  }

  answer(request: BrokerRequest, operation: Operation): BrokerAnswer {
    switch (operation) {
      case 'submit':
        return this.submit(request);
      case 'find':
        return this.find(request);
      case 'orders':
        return this.list(request);
      case 'cancel':
        return this.cancel(request);
      case 'cancelAll':
        return this.cancelAll();
      case 'fills':
        return this.activities(request);
      case 'account':
        return json(200, accountDocument(this.market, this.options.accountNumber));
      case 'positions':
        return json(200, positionDocuments(this.market));
      default:
        return refusal(404, 40410000, 'endpoint not found.');
    }
  }

  fault(status: number): BrokerAnswer {
    if (status === 429) return refusal(429, 42910000, 'rate limit exceeded');
    return status >= 500
      ? refusal(status, 50010000, 'internal server error occurred')
      : refusal(status, status * 100_000, 'request failed');
  }

  rateHeaders(limit: number, used: number, resetAt: number): Readonly<Record<string, string>> {
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(limit - used),
      'x-ratelimit-reset': String(Math.ceil(resetAt / 1000)),
    };
  }

  private submit({ body }: BrokerRequest): BrokerAnswer {
    const fields = objectOf(body);
    if (fields === undefined) return refusal(400, 40010000, 'request body format is invalid');
    const { symbol, side, type, time_in_force: timeInForce, client_order_id: given } = fields;
    const qty = decimalOf(fields.qty);
    const limitPrice = fields.limit_price === undefined ? null : decimalOf(fields.limit_price);
    const clientOrderId = typeof given === 'string' ? given : uuidOf(`client ${this.market.orders.length}`);
    const refuse = (status: number, code: number, message: string, more?: object): BrokerAnswer => {
      this.market.refused(clientOrderId, message);
      return refusal(status, code, message, more);
    };
    if (typeof symbol !== 'string' || symbol === '') return refuse(422, 40010001, 'symbol is required');
    if (qty === undefined || qty <= 0n) return refuse(422, 40010001, 'qty must be > 0');
    if (side !== 'buy' && side !== 'sell') return refuse(422, 40010001, 'side is required');
    if (type !== 'market' && type !== 'limit') return refuse(422, 40010001, 'invalid order type');
    if (typeof timeInForce !== 'string') return refuse(422, 40010001, 'time_in_force is required');
    if (limitPrice === undefined || (type === 'limit') === (limitPrice === null))
      return refuse(
        422,
        40010001,
        type === 'limit' ? 'limit orders require limit price' : 'market orders require no limit price',
      );
    if (clientOrderId.length > LONGEST_CLIENT_ORDER_ID)
      return refuse(422, 40010001, `client_order_id must be no more than ${LONGEST_CLIENT_ORDER_ID} characters`);
    if (this.market.withClientOrderId(clientOrderId).length > 0) return refuse(422, 40010001, 'client_order_id must be unique');

    const held = this.market.positions.get(symbol) ?? ZERO;
    const closes = (side === 'sell' && held > 0n) || (side === 'buy' && held < 0n);
    if (closes && qty > this.market.available(symbol))
      return refuse(
        403,
        40310000,
        `insufficient qty available for order (requested: ${formatDecimal(qty)}, available: ${formatDecimal(this.market.available(symbol))})`,
        {
          symbol,
        },
      );
    const cost = productOf(qty, limitPrice ?? this.market.priceOf(symbol));
    const { buyingPower } = this.options;
    if (side === 'buy' && buyingPower !== undefined && cost > buyingPower)
      return refuse(403, 40310000, 'insufficient buying power', {
        buying_power: formatDecimal(buyingPower),
        cost_basis: formatDecimal(cost),
      });

    const made = this.market.make({ clientOrderId, symbol, side, type, qty, limitPrice });
    // What is answered at once is a receipt: the exchange has not taken the order yet.
    const receipt = isOpen(made) && made.filledQty === ZERO && made.statusWord === null ? { status: 'pending_new' } : {};
    return { ...json(200, { ...orderDocument(made), ...receipt }), made };
  }

  private find({ path, query }: BrokerRequest): BrokerAnswer {
    const named =
      path === BY_CLIENT_ORDER_ID ? (query.get('client_order_id') ?? '') : decodeURIComponent(path.slice(ORDERS.length + 1));
    const order = path === BY_CLIENT_ORDER_ID ? this.market.withClientOrderId(named)[0] : this.market.order(named);
    if (path !== BY_CLIENT_ORDER_ID && !UUID.test(named)) return refusal(422, 40010001, 'order_id is missing');
    if (order === undefined) return refusal(404, 40410000, `order not found for ${named}`);
    return { ...json(200, orderDocument(order)), shown: [order] };
  }

  private list({ query, rows }: BrokerRequest): BrokerAnswer {
    const status = query.get('status') ?? 'open';
    const limit = wholeOf(query.get('limit'), 50, 500);
    const direction = query.get('direction') ?? 'desc';
    const [after, until] = [timeOf(query.get('after')), timeOf(query.get('until'))];
    if (!['open', 'closed', 'all'].includes(status)) return refusal(422, 40010001, 'invalid status');
    if (limit === undefined) return refusal(422, 40010001, 'limit must be between 1 and 500');
    if (after === null || until === null) return refusal(422, 40010001, 'invalid timestamp');
    const symbols = query.get('symbols')?.split(',');
    const source = status === 'open' ? this.market.openOrders() : this.market.orders;
    const wanted = (order: MarketOrder): boolean =>
      (status !== 'closed' || !isOpen(order)) && (symbols === undefined || symbols.includes(order.symbol));
    const page = pageOf(source, ({ madeAt }) => madeAt, { after, until, direction, limit, wanted });
    return { ...json(200, spoiled(page, rows).map(orderDocument)), shown: page };
  }

  private cancel({ path }: BrokerRequest): BrokerAnswer {
    const id = decodeURIComponent(path.slice(ORDERS.length + 1));
    if (!UUID.test(id)) return refusal(422, 40010001, 'order_id is missing');
    const order = this.market.order(id);
    if (order === undefined) return refusal(404, 40410000, `order not found for ${id}`);
    const { status } = orderDocument(order);
    if (!this.market.askCancel(order, isPending(this.options.cancels, order)))
      return refusal(422, 42210000, `order is already in "${status}" state`);
    return { status: 204, contentType: 'application/json', body: '' };
  }

  private cancelAll(): BrokerAnswer {
    const open = [...this.market.openOrders()];
    for (const order of open) this.market.askCancel(order, isPending(this.options.cancels, order));
    return json(
      207,
      open.map((order) => ({ id: order.id, status: 200, body: orderDocument(order) })),
    );
  }

  private activities({ path, query, rows }: BrokerRequest): BrokerAnswer {
    const type = path.slice(ACTIVITIES.length + 1) || (query.get('activity_types') ?? 'FILL');
    if (!type.split(',').includes('FILL')) return json(200, []);
    const limit = wholeOf(query.get('page_size'), 100, 100);
    if (limit === undefined) return refusal(422, 40010001, 'page_size must be between 1 and 100');
    const direction = query.get('direction') ?? 'desc';
    const date = query.get('date');
    const after = timeOf(query.get('after') ?? date);
    const until = timeOf(query.get('until') ?? (date === null ? null : `${date}T23:59:59.999999Z`));
    if (after === null || until === null) return refusal(422, 40010001, 'invalid timestamp');
    const token = query.get('page_token');
    const from = token === null ? undefined : this.market.fills[sequenceOf(token)];
    if (token !== null && from === undefined) return refusal(422, 40010001, 'page_token is invalid');
    const limits = direction === 'asc' ? { after: from?.at ?? after, until } : { after, until: from?.at ?? until };
    const wanted = (fill: MarketFill): boolean => fill.order.hidden === null;
    const page = pageOf(this.market.fills, ({ at }) => at, { ...limits, direction, limit, wanted });
    const shown = rows === 'overlapping' && from !== undefined ? [from, ...page.slice(0, limit - 1)] : spoiled(page, rows);
    return json(200, shown.map(activityDocument));
  }
}

const objectOf = (body: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const json = (status: number, document: unknown): BrokerAnswer => ({
  status,
  contentType: 'application/json; charset=UTF-8',
  body: JSON.stringify(document),
});
const refusal = (status: number, code: number, message: string, more: object = {}): BrokerAnswer =>
  json(status, { code, message, ...more });

const uuidOf = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
