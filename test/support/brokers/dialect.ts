/** What a simulated broker is asked and answers, whatever carries it: a dialect says what requests mean and how answers look. */
import type { Market } from './market';
import type { MarketOrder } from './marketOrder';

export type Operation = 'submit' | 'find' | 'orders' | 'cancel' | 'cancelAll' | 'fills' | 'account' | 'positions' | 'other';

export interface BrokerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** How lists are spoiled. */
  readonly rows: 'right' | 'doubled' | 'overlapping';
}

export interface BrokerAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Orders that the answer shows: their next step follows it. */
  readonly shown?: readonly MarketOrder[];
  /** The order that the request made. */
  readonly made?: MarketOrder;
}

export interface Dialect {
  operationOf(request: BrokerRequest): Operation;
  /** Client order id or tag of an order request. */
  nameOf(request: BrokerRequest): string;
  /** Who may not ask gets this answer; undefined: may. */
  refuse(request: BrokerRequest): BrokerAnswer | undefined;
  answer(request: BrokerRequest, operation: Operation): BrokerAnswer;
  /** What the broker says with a status that is not about the request. */
  fault(status: number, request: BrokerRequest): BrokerAnswer;
  rateHeaders(limit: number, used: number, resetAt: number): Readonly<Record<string, string>>;
}

export interface Account {
  readonly dialect: Dialect;
  readonly market: Market;
}
