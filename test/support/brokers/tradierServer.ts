/**
 * A simulated Tradier: the brokerage API as documented at documentation.tradier.com, with what its users have measured.
 *
 * - Requests are form-encoded; answers are JSON only with `Accept: application/json`.
 * - A tag (letters, digits, `-`; at most 255, else 400) names an order and is no key: the same request twice makes two orders. It shows only with
 *   `includeTags=true`.
 * - Refusals by systems behind the API are 200 with `errors`; faults of the gateway before it are `{"fault": …}`; others are plain text.
 * - Lists show today's session, page 1 and 25 rows, unless asked otherwise; `filter=all` shows earlier sessions too.
 * - An order id that is not of this account, or of no order at all, is 401 `Unauthorized Account: …`, like wrong credentials for the account.
 * - Cancelling an order that ended is 400 and plain text. Older reports have 200 with the same text: `finishedCancelStatus`.
 */
import { type Decimal, ZERO } from '../../../src/contracts/decimal';
import { type RunningBroker, type ServerOptions, startBroker } from './brokerServer';
import type { Account, BrokerAnswer, BrokerRequest, Dialect, Operation } from './dialect';
import { Market, type MarketOptions } from './market';
import { type Cancels, isOpen, isPending, type MarketOrder } from './marketOrder';
import { decimalOf } from './money';
import {
  type Document,
  documentAnswer,
  NumberText,
  rowsDocument,
  textAnswer,
  tradierBalances,
  tradierOrder,
  tradierPositions,
} from './tradierDocuments';

export interface TradierOptions extends ServerOptions, Omit<MarketOptions, 'orderId'> {
  readonly token?: string;
  readonly accountId?: string;
  /** `pending`: a cancel is only taken note of, until `market.cancelled(id)`. */
  readonly cancels?: Cancels;
  readonly finishedCancelStatus?: 200 | 400;
  /** How an order that breaks a rule is refused: at once, or made and then rejected with a reason. */
  readonly refusals?: 'errors' | 'rejectedOrder';
  /** Which end of the session a list begins with. */
  readonly listing?: 'oldest' | 'newest';
  /** A page has no more rows, whatever limit is asked for; default 1,000. */
  readonly mostRows?: number;
}

export const TRADIER_TOKEN = 'simulatedTradierToken0123456789';
export const TRADIER_ACCOUNT_ID = 'VA00000001';

export const startTradier = (options: TradierOptions = {}): Promise<RunningBroker> => {
  const { dialect, market } = tradierAccount(options);
  return startBroker(dialect, market, options);
};

/** An account without a road to it. */
export const tradierAccount = (options: TradierOptions): Account => {
  const market = new Market({ ...options, orderId: (index) => String(38_450_000 + index) });
  return { dialect: new TradierDialect(market, options), market };
};

const SIDES = ['buy', 'buy_to_cover', 'sell', 'sell_short'];
const MOST_ROWS = 1000;

class TradierDialect implements Dialect {
  private readonly account: string;

  constructor(
    private readonly market: Market,
    private readonly options: TradierOptions,
  ) {
    this.account = options.accountId ?? TRADIER_ACCOUNT_ID;
  }

  operationOf({ method, path }: BrokerRequest): Operation {
    const [, , , , what, id] = path.split('/');
    if (what === 'orders' && id === undefined) return method === 'POST' ? 'submit' : 'orders';
    if (what === 'orders') return method === 'DELETE' ? 'cancel' : method === 'GET' ? 'find' : 'other';
    return what === 'positions' ? 'positions' : what === 'balances' ? 'account' : 'other';
  }

  nameOf({ body }: BrokerRequest): string {
    return new URLSearchParams(body).get('tag') ?? '';
  }

  refuse({ headers, path }: BrokerRequest): BrokerAnswer | undefined {
    if (headers.authorization !== `Bearer ${this.options.token ?? TRADIER_TOKEN}`) return textAnswer(401, 'Invalid Access Token');
    const account = path.split('/')[3] ?? '';
    return account === this.account ? undefined : textAnswer(401, `Unauthorized Account: ${account}`);
  }

  answer(request: BrokerRequest, operation: Operation): BrokerAnswer {
    const asJson = isJson(request);
    switch (operation) {
      case 'submit':
        return this.submit(request);
      case 'find':
        return this.find(request);
      case 'orders':
        return this.list(request);
      case 'cancel':
        return this.cancel(request);
      case 'account':
        return documentAnswer(200, tradierBalances(this.market, this.account), asJson);
      case 'positions':
        return documentAnswer(200, tradierPositions(this.market), asJson);
      default:
        return textAnswer(404, 'Not Found');
    }
  }

  fault(status: number, request: BrokerRequest): BrokerAnswer {
    const said =
      status === 429
        ? gatewayFault(
            'Rate limit quota violation. Quota limit  exceeded. Identifier : simulated',
            'policies.ratelimit.QuotaViolation',
          )
        : gatewayFault('The Service is temporarily unavailable', 'messaging.adaptors.http.flow.ServiceUnavailable');
    return documentAnswer(status, said, isJson(request));
  }

  rateHeaders(limit: number, used: number, resetAt: number): Readonly<Record<string, string>> {
    return {
      'x-ratelimit-allowed': String(limit),
      'x-ratelimit-used': String(used),
      'x-ratelimit-available': String(limit - used),
      'x-ratelimit-expiry': String(resetAt),
    };
  }

  private submit(request: BrokerRequest): BrokerAnswer {
    const form = new URLSearchParams(request.body);
    const tag = form.get('tag') ?? '';
    const [symbol, side, type] = [form.get('symbol') ?? '', form.get('side') ?? '', form.get('type') ?? ''];
    const qty = decimalOf(form.get('quantity') ?? '');
    const price = form.get('price') === null ? null : decimalOf(form.get('price'));
    const invalid = (parameter: string, what: string): BrokerAnswer => {
      this.market.refused(tag, `${parameter}: ${what}`);
      return textAnswer(400, `Invalid parameter, ${parameter}: ${what}.`);
    };
    if (!(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
      return invalid('class', 'is required');
    if (form.get('class') !== 'equity') return invalid('class', 'is required');
    if (symbol === '') return invalid('symbol', 'is required');
    if (!SIDES.includes(side)) return invalid('side', 'is invalid');
    if (!['market', 'limit'].includes(type)) return invalid('type', 'is invalid');
    if (!['day', 'gtc', 'pre', 'post'].includes(form.get('duration') ?? '')) return invalid('duration', 'is required');
    if (qty === undefined || qty <= 0n || qty % 10n ** 18n !== 0n)
      return invalid('quantity', 'must be a whole number above zero');
    if (price === undefined || (type === 'limit') === (price === null))
      return invalid('price', 'is required with limit orders only');
    if (tag.length > 255) return invalid('tag', 'contains more than 255 characters');
    if (!/^[A-Za-z0-9-]*$/.test(tag)) return invalid('tag', 'contains invalid characters');

    const order = {
      clientOrderId: tag,
      symbol,
      side: side.startsWith('buy') ? 'buy' : 'sell',
      instruction: side,
      type: type as 'market' | 'limit',
      qty,
      limitPrice: price,
    } as const;
    const wrong = this.wrongSide(symbol, side, qty);
    if (wrong !== undefined && this.options.refusals !== 'rejectedOrder') {
      this.market.refused(tag, wrong);
      // Downstream systems give one reason as a text and several as an array.
      return documentAnswer(200, { errors: { error: ['Backoffice rejected override of the order.', wrong] } }, isJson(request));
    }
    const made = this.market.make(order);
    if (wrong !== undefined && isOpen(made)) this.market.rejected(made.id, wrong);
    const answer = documentAnswer(200, receipt(made.id, 'c4998eb7-06e8-4820-a7ab-55d9760065fb'), isJson(request));
    return { ...answer, made };
  }

  /** Why this side is none for what the account holds; undefined: it is one. */
  private wrongSide(symbol: string, side: string, qty: Decimal): string | undefined {
    const held = this.market.positions.get(symbol) ?? ZERO;
    const left = this.market.available(symbol);
    switch (side) {
      case 'sell':
        if (held <= 0n) return 'Sell order cannot be placed unless you are closing a long position, please check open orders.';
        return qty > left ? 'LongPositionCrossZero: the order would cross from a long to a short position.' : undefined;
      case 'buy_to_cover':
        if (held >= 0n)
          return 'Buy to cover order cannot be placed unless you are closing a short position, please check open orders.';
        return qty > left ? 'ShortPositionCrossZero: the order would cross from a short to a long position.' : undefined;
      case 'buy':
        return held < 0n ? 'Buy order cannot be placed while you have a short position, please check open orders.' : undefined;
      default:
        return held > 0n ? 'Short sale order cannot be placed while you hold a long position.' : undefined;
    }
  }

  private find(request: BrokerRequest): BrokerAnswer {
    const order = this.market.order(idOf(request));
    if (order === undefined) return textAnswer(401, `Unauthorized Account: ${this.account}`);
    return { ...documentAnswer(200, { order: tradierOrder(order, withTags(request)) }, isJson(request)), shown: [order] };
  }

  private list(request: BrokerRequest): BrokerAnswer {
    const { query, rows } = request;
    const page = wholeOf(query.get('page'), 1, 1_000_000);
    const limit = wholeOf(query.get('limit'), 25, this.options.mostRows ?? MOST_ROWS);
    if (page === undefined || limit === undefined) return textAnswer(400, 'Invalid parameter, page: must be a number.');
    const { orders, sessionStart } = this.market;
    const first = query.get('filter') === 'all' ? 0 : sessionStart;
    const skip = Math.max(0, (page - 1) * limit - (rows === 'overlapping' ? 1 : 0));
    const newest = this.options.listing === 'newest';
    const shown = newest
      ? orders.slice(Math.max(first, orders.length - skip - limit), Math.max(first, orders.length - skip)).reverse()
      : orders.slice(first + skip, first + skip + limit);
    const documents = shown.map((order: MarketOrder): Document => tradierOrder(order, withTags(request)));
    const listed = rows === 'doubled' ? documents.flatMap((row) => [row, row]) : documents;
    return { ...documentAnswer(200, rowsDocument('orders', 'order', listed), isJson(request)), shown };
  }

  private cancel(request: BrokerRequest): BrokerAnswer {
    const order = this.market.order(idOf(request));
    if (order === undefined) return textAnswer(401, `Unauthorized Account: ${this.account}`);
    const status = order.status === 'cancelled' ? 'canceled' : order.status;
    if (!this.market.askCancel(order, isPending(this.options.cancels, order)))
      return textAnswer(this.options.finishedCancelStatus ?? 400, `order already in finalized state: ${status}`);
    return documentAnswer(200, receipt(order.id), isJson(request));
  }
}

const receipt = (id: string, partner?: string): Document => ({
  order: { id: new NumberText(id), status: 'ok', ...(partner === undefined ? {} : { partner_id: partner }) },
});

const gatewayFault = (faultstring: string, errorcode: string): Document => ({ fault: { faultstring, detail: { errorcode } } });

const isJson = ({ headers }: BrokerRequest): boolean => (headers.accept ?? '').includes('application/json');
const withTags = ({ query }: BrokerRequest): boolean => query.get('includeTags') === 'true';
const idOf = ({ path }: BrokerRequest): string => path.split('/')[5] ?? '';

const wholeOf = (text: string | null, otherwise: number, most: number): number | undefined => {
  if (text === null) return otherwise;
  const value = /^\d{1,7}$/.test(text) ? Number.parseInt(text, 10) : 0;
  return value >= 1 ? Math.min(value, most) : undefined;
};
