/**
 * Alpaca, Trading API v2, for equities and crypto; paper and live differ by base URL and keys alone.
 *
 * Its client order id is an idempotency key: a second order under the same one is refused (422, code 40010001), which means that it was already
 * sent. Limits: 200 requests a minute. What no answer tells is `unknown` or `unavailable`, never guessed; docs/brokers.md has the whole table.
 */
import type {
  Broker,
  BrokerOrder,
  CancelOutcome,
  FoundOrder,
  Identity,
  OrderName,
  PolledOrders,
  SubmitOutcome,
  Unavailable,
} from '../../broker';
import { openBrokerHttp, type BrokerCall, type BrokerHttp, type BrokerHttpOptions } from '../http/brokerHttp';
import { readAccount, readIdentity, readPositions } from './account';
import { refusalOf, unavailable, valueOf } from './answers';
import { FillLog } from './fills';
import { listOpenOrders } from './openOrderList';
import { orderAnswer } from './orders';
import { OrderPoll } from './orderPoll';
import { submitOrder, type ShownOrder } from './submission';
import { troubleWith } from './whose';

export interface AlpacaOptions extends Pick<
  BrokerHttpOptions,
  'now' | 'wallNow' | 'sleep' | 'random' | 'dispatcher' | 'timeoutMs' | 'totalMs'
> {
  readonly keyId: string;
  readonly secretKey: string;
  /** https://paper-api.alpaca.markets, https://api.alpaca.markets, or what stands before them; a `/v2` at its end changes nothing. */
  readonly baseUrl: string;
  /** The account's rate limit; a tenth of it at once. */
  readonly requestsPerMinute?: number;
  readonly onCall?: ((call: BrokerCall) => void) | undefined;
}

const REQUESTS_PER_MINUTE = 200;
const BURST = 0.1;

/**
 * Why an order cannot be cancelled: 422 and its code 42210000 stand for other mistakes too, such as a malformed id, so the words decide.
 * Source: github.com/alpacahq/Alpaca-API, issue 135; Alpaca, "Delete Order by Order ID" ("the order status is not cancelable").
 */
const ENDED = /already in "(filled|canceled|expired|rejected|replaced)" state|not cancell?able/i;
const CANCELLING = /already in "pending_cancel" state|pending cancel/i;

/** Throws a RangeError for a base URL that is none. */
export const openAlpaca = (options: AlpacaOptions): Broker => new Alpaca(options);

class Alpaca implements Broker {
  readonly name = 'alpaca';
  readonly instant = false;
  readonly idempotent = true;
  private readonly http: BrokerHttp;
  private readonly orderPoll: OrderPoll;
  private known = '';

  constructor({ keyId, secretKey, baseUrl, requestsPerMinute = REQUESTS_PER_MINUTE, ...rest }: AlpacaOptions) {
    this.http = openBrokerHttp({
      ...rest,
      baseUrl: baseUrl.replace(/\/v2\/?$/, ''),
      headers: { 'apca-api-key-id': keyId, 'apca-api-secret-key': secretKey, accept: 'application/json' },
      secrets: [secretKey, keyId],
      perMinute: requestsPerMinute,
      burst: Math.ceil(requestsPerMinute * BURST),
    });
    this.orderPoll = new OrderPoll(this.http, new FillLog(this.http), (order) => this.lookUp(order));
  }

  get venue(): string {
    if (this.known === '') throw new Error('the account at Alpaca is not known before identify() has found it out');
    return this.known;
  }

  async identify(): Promise<Identity> {
    if (this.known !== '') return { type: 'identified', venue: this.known };
    const identity = await readIdentity(this.http);
    if (identity.type === 'identified') this.known = identity.venue;
    return identity;
  }

  capacity(): number {
    return this.http.capacity();
  }

  submit(order: BrokerOrder): Promise<SubmitOutcome> {
    return submitOrder(this.http, order, () => this.show(order.clientOrderId, ''));
  }

  async find(order: OrderName): Promise<FoundOrder> {
    const found = await this.lookUp(order);
    return found.type === 'found'
      ? { type: 'found', report: await this.orderPoll.completed(found.report, order.submittedAt) }
      : found;
  }

  poll(orders: readonly OrderName[]): Promise<PolledOrders> {
    return this.orderPoll.poll(orders);
  }

  async cancel(order: OrderName): Promise<CancelOutcome> {
    let { orderId } = order;
    if (orderId === '') {
      const found = await this.lookUp(order);
      if (found.type !== 'found') return found;
      orderId = found.report.orderId;
    }
    const path = `/v2/orders/${encodeURIComponent(orderId)}`;
    const response = await this.http.request({ operation: 'cancel', kind: 'cancel', method: 'DELETE', path });
    if (response.type === 'failed') return unavailable(response);
    if (response.status < 300) return { type: 'requested' };
    const refusal = refusalOf(this.http, response.status, response.body);
    if (response.status === 422 && ENDED.test(refusal.reason)) return { type: 'finished' };
    if (response.status === 422 && CANCELLING.test(refusal.reason)) return { type: 'requested' };
    return response.status === 404 && refusal.told ? { type: 'absent' } : unavailable(refusal);
  }

  /** 207: one status for each order; a poll tells what came of them. */
  readonly cancelAll = async (): Promise<{ readonly type: 'requested' } | Unavailable> => {
    const response = await this.http.request({ operation: 'cancel-all', kind: 'cancel', method: 'DELETE', path: '/v2/orders' });
    if (response.type === 'failed') return unavailable(response);
    if (response.status < 300) return { type: 'requested' };
    return unavailable(refusalOf(this.http, response.status, response.body));
  };

  async openOrders(): ReturnType<Broker['openOrders']> {
    const listed = await listOpenOrders(this.http);
    return listed.type === 'orders' ? { type: 'orders', reports: listed.orders.map(({ report }) => report) } : listed;
  }

  positions(): ReturnType<Broker['positions']> {
    return readPositions(this.http);
  }

  account(): ReturnType<Broker['account']> {
    return readAccount(this.http);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** `unavailable` too if what has its name is another order. */
  private async lookUp(name: OrderName): Promise<FoundOrder> {
    const shown = await this.show(name.clientOrderId, name.orderId);
    if (shown.type !== 'shown') return shown;
    const trouble = troubleWith(shown.order, name);
    return trouble === undefined ? { type: 'found', report: shown.order.report } : unavailable(trouble);
  }

  /** By its client order id; by the broker's own where it has none. */
  private async show(clientOrderId: string, orderId: string): Promise<ShownOrder> {
    const byOwnId = clientOrderId !== '';
    const response = await this.http.request({
      operation: 'find',
      kind: 'read',
      method: 'GET',
      path: byOwnId ? '/v2/orders:by_client_order_id' : `/v2/orders/${encodeURIComponent(orderId)}`,
      query: byOwnId ? { client_order_id: clientOrderId } : {},
    });
    if (response.type === 'answer' && response.status === 404) {
      // A 404 that Alpaca did not write says nothing about the order: the base URL may be wrong, or a proxy in between.
      const refusal = refusalOf(this.http, response.status, response.body);
      return refusal.told ? { type: 'absent' } : unavailable(refusal);
    }
    const read = valueOf(this.http, response, orderAnswer);
    if (read.type === 'unavailable') return read;
    const { report } = read.value;
    return (byOwnId ? report.clientOrderId === clientOrderId : report.orderId === orderId)
      ? { type: 'shown', order: read.value }
      : unavailable({ code: 'BAD_ANSWER', reason: 'the broker answered about another order than the one that was asked for' });
  }
}
