/** What the account of a simulated broker is made of: orders, fills, and what happened. */
import type { Decimal } from '../../../src/contracts/decimal';
import type { Side } from '../../../src/contracts/messages';

export type MarketStatus = 'open' | 'pendingCancel' | 'filled' | 'cancelled' | 'expired' | 'rejected';

/** ms since 1970 and microseconds in it: every event has its own. */
export interface Instant {
  readonly ms: number;
  readonly micros: number;
}

export interface MarketFill {
  readonly sequence: number;
  readonly order: MarketOrder;
  readonly qty: Decimal;
  readonly price: Decimal;
  readonly cumQty: Decimal;
  readonly at: Instant;
}

export interface MarketOrder {
  readonly id: string;
  /** Alpaca: client_order_id; Tradier: tag; empty: none. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** The side in the broker's words, such as `sell_short`. */
  readonly instruction: string;
  readonly type: 'market' | 'limit';
  readonly qty: Decimal;
  readonly limitPrice: Decimal | null;
  /** Not sent by our side. */
  readonly foreign: boolean;
  /** Place in the order in which orders were made: 0, 1, 2… */
  readonly index: number;
  readonly madeAt: Instant;
  changedAt: Instant;
  status: MarketStatus;
  /** A word that is shown instead of the true status. */
  statusWord: string | null;
  filledQty: Decimal;
  readonly fills: MarketFill[];
  averagePrice: Decimal | null;
  reason: string | null;
  /** `price`: it is filled, and the price does not show yet. `fills`: executions are not listed yet one by one. */
  hidden: 'price' | 'fills' | null;
}

export interface NewOrder {
  readonly clientOrderId?: string;
  readonly symbol: string;
  readonly side: Side;
  readonly instruction?: string;
  readonly type?: 'market' | 'limit';
  readonly qty: Decimal;
  readonly limitPrice?: Decimal | null;
}

export type MarketEntryType = 'received' | 'made' | 'refused' | 'filled' | 'cancelAsked' | 'cancelled' | 'expired' | 'rejected';
/** One thing that happened. `received`: an order request came, whatever became of it. */
export interface MarketEntry {
  readonly sequence: number;
  /** ms since 1970. */
  readonly at: number;
  readonly type: MarketEntryType;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly detail: string;
}

export const isOpen = ({ status }: MarketOrder): boolean => status === 'open' || status === 'pendingCancel';

/** Whether a cancel is done when it is answered, or only taken note of; a function where it differs by the order. */
export type Cancels = 'done' | 'pending' | ((order: MarketOrder) => 'done' | 'pending');
export const isPending = (cancels: Cancels | undefined, order: MarketOrder): boolean =>
  (typeof cancels === 'function' ? cancels(order) : cancels) === 'pending';
