/**
 * A broker, as the gateway needs it. Each adapter in brokers/ implements it, passes the one suite in test/contract/broker, and knows nothing of topics.
 *
 * No call rejects for what a broker or the network does: every outcome is a value, and what could not be found out says so. A rejection of a
 * promise is a mistake of the adapter. Quantities, prices and money are exact decimals, read from the broker's own digits.
 */
import type { Decimal } from '../contracts/decimal';
import type { OrderIntent, Side } from '../contracts/messages';

export type BrokerName = 'sim' | 'alpaca' | 'tradier';

/** An order to be submitted. */
export interface BrokerOrder {
  readonly runId: string;
  /** What it is called at the broker (clientOrderId.ts): one name for one (run, intent), for ever. */
  readonly clientOrderId: string;
  /** The effective order: the intent as it was admitted, with the quantity of the decision. */
  readonly intent: OrderIntent;
  /** The price that the order was judged at. */
  readonly referencePrice: Decimal;
  /** One for the run's first order, and so on. */
  readonly number: number;
  /** When its submission was first recorded, ms since 1970 (time of day): what the broker made before then is not this order. */
  readonly submittedAt: number;
  /** What the run holds of the symbol (negative: short), and what its other open orders may still buy and sell of it. */
  readonly held: Decimal;
  readonly openBuys: Decimal;
  readonly openSells: Decimal;
  /** Asked right before the first byte goes out; false: too late, nothing may be sent any more, and the outcome is `deferred`. */
  readonly mayBeSent: () => boolean;
}

/** `code`: one short word without spaces, the broker's own or ours; `reason`: one line for people. Neither holds a secret. */
export interface Trouble {
  readonly code: string;
  readonly reason: string;
}

/**
 * What became of a submission.
 * - `accepted`: the broker has the order, by this submission or an earlier one of the same order; `report`: what it said of it at once, if it did.
 * - `rejected`: the order as such was not taken (by the broker, or by the adapter before anything was sent); the next one may be. `orderId` may be empty.
 * - `failed`: a final error that is not about this order alone (credentials, permissions, an invalid request, a name that another order of the account
 *   has); it was surely not taken.
 * - `deferred`: surely not taken, and may be submitted again later under the same name: nothing was sent, or the broker is `idempotent`.
 * - `unknown`: it may have been taken or not, or may still be.
 */
export type SubmitOutcome =
  | { readonly type: 'accepted'; readonly orderId: string; readonly report?: OrderReport }
  | ({ readonly type: 'rejected'; readonly orderId: string } & Trouble)
  | ({ readonly type: 'failed' } & Trouble)
  | ({ readonly type: 'deferred'; readonly afterMs: number } & Trouble)
  | ({ readonly type: 'unknown' } & Trouble);

/** `unknown`: a word that we do not know: the order is neither taken for open nor for terminal. */
export type ReportedStatus = 'open' | 'filled' | 'cancelled' | 'expired' | 'rejected' | 'unknown';

/** One execution; `cumQty`: of the order, after it. */
export interface BrokerFill {
  readonly qty: Decimal;
  readonly price: Decimal;
  readonly cumQty: Decimal;
}

/** An order as the broker shows it. */
export interface OrderReport {
  /** Empty: it was given none. */
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly status: ReportedStatus;
  /** The broker's own word for it. */
  readonly statusText: string;
  readonly qty: Decimal;
  readonly filledQty: Decimal;
  /** Of all that was filled; null: nothing was, or the broker does not show it yet. */
  readonly averagePrice: Decimal | null;
  /** Executions as far as the broker tells them one by one, by `cumQty`; may lag behind `filledQty`; empty where it does not tell them. */
  readonly fills: readonly BrokerFill[];
  /** Why it was rejected, cancelled or expired, where the broker says so. */
  readonly reason: string | null;
}

/** The broker could not be asked, or its answer could not be read; asking again later may help. */
export type Unavailable = { readonly type: 'unavailable' } & Trouble;

/** How an order is named to the broker; `orderId` empty: not known. Then an order of its name that is older than it is another one, never reported as it. */
export interface OrderName {
  readonly clientOrderId: string;
  readonly orderId: string;
  /** When its submission was recorded, ms since 1970: the broker's records of it are not older. */
  readonly submittedAt: number;
}

/** `absent`: the broker shows no such order now; one whose submission is still on its way may appear later. */
export type FoundOrder = { readonly type: 'found'; readonly report: OrderReport } | { readonly type: 'absent' } | Unavailable;

/**
 * `reports`: of the orders that were asked about and that the broker shows. Those it does not show are `absent`, by client order id. One that could not be
 * found out this time is in neither, and does not hide the others for ever.
 */
export type PolledOrders =
  { readonly type: 'polled'; readonly reports: readonly OrderReport[]; readonly absent: readonly string[] } | Unavailable;

/** `requested`: the broker will try. `finished`: it says that there is nothing left to cancel; a poll tells how the order ended. */
export type CancelOutcome =
  { readonly type: 'requested' } | { readonly type: 'finished' } | { readonly type: 'absent' } | Unavailable;

/** `venue`: see Broker.venue. */
export type Identity = { readonly type: 'identified'; readonly venue: string } | Unavailable;

export interface Broker {
  readonly name: BrokerName;
  /**
   * The account, such as `alpaca:PA3ABCDEFGHI` or `tradier:sandbox/VA12345678`, without secrets and without the host, which a proxy may change: an order
   * is looked for nowhere but where it was sent. Throws before `identify` has found it out, where the broker must be asked: no order may go to an account
   * that is not known.
   */
  readonly venue: string;
  /** Finds out which account the credentials are for; asked once, at the most. */
  identify(): Promise<Identity>;
  /** Answers from memory, at once, deterministically: no network, nothing stays open, nothing to look up. */
  readonly instant: boolean;
  /** A second submission under the same client order id never makes a second order. */
  readonly idempotent: boolean;
  /** Submissions that its rate limit would let pass now without waiting; it keeps some of the limit back for cancels and look-ups. */
  capacity(): number;
  /** Sends at most one request that could make an order. */
  submit(order: BrokerOrder): Promise<SubmitOutcome>;
  find(order: OrderName): Promise<FoundOrder>;
  /** Looks at these orders, with as few requests as it takes: what it costs grows with them, never with the orders that ended. */
  poll(orders: readonly OrderName[]): Promise<PolledOrders>;
  cancel(order: OrderName): Promise<CancelOutcome>;
  /** Cancels every open order of the account, whoever sent it, with one request; undefined: the broker has no such request. */
  readonly cancelAll?: () => Promise<{ readonly type: 'requested' } | Unavailable>;
  /** Every open order of the account, whoever sent it. */
  openOrders(): Promise<{ readonly type: 'orders'; readonly reports: readonly OrderReport[] } | Unavailable>;
  /** Quantities held by the account, by symbol; negative: short. */
  positions(): Promise<{ readonly type: 'positions'; readonly quantities: ReadonlyMap<string, Decimal> } | Unavailable>;
  /** Money of the account; null where the broker does not say. */
  account(): Promise<{ readonly type: 'account'; readonly equity: Decimal; readonly cash: Decimal | null } | Unavailable>;
  close(): Promise<void>;
}
