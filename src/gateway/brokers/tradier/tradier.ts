/**
 * Tradier's brokerage API as the gateway's Broker: equities in whole shares, day orders, one account.
 *
 * - A submission is sent once and never repeated: Tradier's tag is a label, not a key; two posts are two orders (`idempotent` false).
 * - No order crosses zero (side.ts); nothing is cut, neither to whole shares nor at zero.
 * - Fills are told as totals only (`OrderReport.fills` is empty): the gateway takes what they grew by (fillGrowth.ts).
 * - `openOrders` shows what Tradier lists: orders of today's session. An older order of somebody else that is good till cancelled is not in it.
 *   Orders whose status is a word we do not know are in it, as `unknown`.
 * - There is no request that cancels all orders.
 *
 * Limits: 60 requests a minute in the sandbox, 120 live; what the headers say is left is followed, so that a lower limit of Tradier's for
 * trading holds too. Requests end after 10 s.
 * Source: Tradier, Brokerage API (accounts, trading, rate limiting).
 */
import { plus, ZERO, type Decimal } from '../../../contracts/decimal';
import type { Broker, BrokerOrder, CancelOutcome, Identity, OrderName, OrderReport, SubmitOutcome } from '../../broker';
import { openBrokerHttp, type BrokerHttp, type BrokerHttpOptions } from '../http/brokerHttp';
import { balances, position, positionList } from './answers';
import { TradierCalls } from './calls';
import { lookUp } from './lookUp';
import { orderForm } from './orderForm';
import { wholeList } from './orderList';
import { reportsOf, statusOf } from './orderRow';
import { OrderPoll } from './poll';
import { submissionOutcome } from './submission';

/** What tests inject (clocks, waiting, chance, the road) and `onCall` are those of the HTTP client. */
export interface TradierOptions extends Pick<
  BrokerHttpOptions,
  'onCall' | 'now' | 'wallNow' | 'sleep' | 'random' | 'dispatcher' | 'timeoutMs' | 'totalMs'
> {
  readonly token: string;
  readonly accountId: string;
  readonly environment: 'sandbox' | 'live';
  /** Instead of the environment's own, with `/v1` where that has it: for tests and proxies. */
  readonly baseUrl?: string | undefined;
  /** Instead of the environment's own rate limit. */
  readonly perMinute?: number | undefined;
}

const ENVIRONMENTS = {
  sandbox: { baseUrl: 'https://sandbox.tradier.com/v1', perMinute: 60 },
  live: { baseUrl: 'https://api.tradier.com/v1', perMinute: 120 },
} as const;
/** Of the limit; the rest of it is the steady rate. */
const BURST = 0.25;

/** Throws a RangeError for a base URL that is none. */
export const openTradier = (options: TradierOptions): Broker => {
  const { token, accountId, environment, baseUrl, perMinute: given, ...injected } = options;
  const standard = ENVIRONMENTS[environment];
  const perMinute = given ?? standard.perMinute;
  const http = openBrokerHttp({
    ...injected,
    baseUrl: baseUrl ?? standard.baseUrl,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    secrets: [token],
    perMinute,
    burst: Math.max(1, Math.floor(perMinute * BURST)),
  });
  return new Tradier(http, `tradier:${environment}/${accountId}`, accountId, options.wallNow ?? Date.now);
};

class Tradier implements Broker {
  readonly name = 'tradier';
  readonly instant = false;
  readonly idempotent = false;
  private readonly calls: TradierCalls;
  private readonly polling: OrderPoll;

  constructor(
    private readonly http: BrokerHttp,
    readonly venue: string,
    accountId: string,
    private readonly wallNow: () => number,
  ) {
    this.calls = new TradierCalls(http, accountId);
    this.polling = new OrderPoll(this.calls, wallNow);
  }

  /** The settings name the account; that the token may use it, the first request tells. */
  identify(): Promise<Identity> {
    return Promise.resolve({ type: 'identified', venue: this.venue });
  }

  capacity(): number {
    return this.http.capacity();
  }

  async submit(order: BrokerOrder): Promise<SubmitOutcome> {
    const made = orderForm(order);
    if ('trouble' in made) return { type: 'rejected', orderId: '', ...made.trouble };
    return submissionOutcome(await this.calls.submit(made.form, order.mayBeSent), (text) => this.http.forPeople(text));
  }

  find(order: OrderName) {
    return lookUp(this.calls, order, this.wallNow());
  }

  poll(orders: readonly OrderName[]) {
    return this.polling.poll(orders);
  }

  async cancel(order: OrderName): Promise<CancelOutcome> {
    let { orderId } = order;
    if (orderId === '') {
      const known = await this.toCancel(order);
      if ('type' in known) return known;
      orderId = known.orderId;
    }
    const answer = await this.calls.cancel(orderId);
    if (answer.type !== 'foreign') return answer;
    const known = await this.toCancel(order);
    return 'type' in known
      ? known
      : this.calls.unreadable(`Tradier shows the open order ${known.orderId}, but does not let it be cancelled`);
  }

  async openOrders(): ReturnType<Broker['openOrders']> {
    const list = await wholeList(this.calls);
    if (list.type === 'unavailable') return list;
    const open: OrderReport[] = [];
    for (const { row, status } of list.rows) {
      if (!mayBeOpen(status)) continue;
      const reports = reportsOf(row);
      if (!reports.ok) return this.calls.unreadable(reports.error);
      open.push(...reports.value.filter((report) => mayBeOpen(report.statusText)));
    }
    return { type: 'orders', reports: open };
  }

  async positions(): ReturnType<Broker['positions']> {
    const answer = await this.calls.ofAccount('positions', positionList);
    if (answer.type === 'unavailable') return answer;
    const quantities = new Map<string, Decimal>();
    for (const row of answer.value.positions) {
      const read = position.safeParse(row);
      if (!read.success) return this.calls.unreadable('a position has no symbol or no quantity');
      const { symbol, quantity } = read.data;
      quantities.set(symbol, plus(quantities.get(symbol) ?? ZERO, quantity));
    }
    return { type: 'positions', quantities };
  }

  async account(): ReturnType<Broker['account']> {
    const answer = await this.calls.ofAccount('balances', balances);
    if (answer.type === 'unavailable') return answer;
    const { total_equity: equity, total_cash: cash } = answer.value.balances;
    return { type: 'account', equity, cash };
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** The number of the order if it is there and open, else how the cancel ends without one. */
  private async toCancel(order: OrderName): Promise<{ readonly orderId: string } | CancelOutcome> {
    const answer = await lookUp(this.calls, order, this.wallNow());
    if (answer.type !== 'found') return answer;
    const { status, statusText, reason, orderId } = answer.report;
    if (status === 'unknown')
      return {
        type: 'unavailable',
        code: 'UNKNOWN_STATUS',
        reason: reason ?? `the order is ${statusText}, a word we do not know`,
      };
    return status === 'open' ? { orderId } : { type: 'finished' };
  }
}

/** An order without a status, or with an unknown one, is not known to have ended. */
const mayBeOpen = (word: string | null): boolean => word === null || ['open', 'unknown'].includes(statusOf(word));
