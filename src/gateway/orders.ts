/**
 * The orders of a shard, as the gateway's own events tell them: one pass over `execution-events` gives what the gateway knew when it stopped.
 * Source: design, "Execution gateway"; reliability, promises 9 to 12.
 */
import type { Decimal, Notional } from '../contracts/decimal';
import { NO_NOTIONAL, minus, plus, plusNotional, smaller, times, ZERO } from '../contracts/decimal';
import type { ExecutionEvent, OrderStatus, OrderType, PublishedDecision, Side } from '../contracts/messages';

/**
 * `submitting`: on record, and on its way or about to be. `unknown`: it may have reached the broker or not, or the broker's word for its state is not
 * known. `ended`: filled, rejected, cancelled or expired; a fill that comes late still counts.
 */
export type OrderPhase = 'submitting' | 'open' | 'unknown' | 'ended';

export interface GatewayOrder {
  readonly runId: string;
  readonly intentId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly policyHash: Uint8Array;
  readonly decisionOffset: number;
  qty: Decimal;
  /** Where it was sent (Broker.venue); empty: with the paper broker, or nowhere. */
  venue: string;
  /** The broker's id; empty: not known. */
  orderId: string;
  phase: OrderPhase;
  /** Once it has ended. */
  status: OrderStatus;
  cumQty: Decimal;
  /** Sum of quantity × price over the fills that are published. */
  notional: Notional;
  /** An earlier submission may have reached the broker, or may still: no later answer but the broker's showing the order settles that. */
  mayExist: boolean;
  /** The broker is to cancel it: on record. */
  cancelling: boolean;
  /** When its submission was recorded, and its end, ms since 1970, by the wall clock: a recorded day that is played is traded now. */
  submittedAt: number;
  endedAt: number;
  /** Of its last event. */
  changedAt: number;
  /** The time of its last record, ms: in a recorded day that day's. */
  clock: number;
  /** Why it ended, or is unknown. */
  reason: string | null;
  /** What admitted it; undefined: not read back yet. */
  decision: PublishedDecision | undefined;
  /** W3C Trace Context: whose work it is part of, as its intent said; undefined: it did not. */
  traceparent: string | undefined;
}

/** The order as its first event, or the decision that is about to be sent, describes it. */
export const orderOf = (
  event: Pick<
    ExecutionEvent,
    | 'run_id'
    | 'intent_id'
    | 'client_order_id'
    | 'symbol'
    | 'side'
    | 'order_type'
    | 'qty'
    | 'leaves_qty'
    | 'policy_hash'
    | 'decision_offset'
  >,
): GatewayOrder => ({
  runId: event.run_id,
  intentId: event.intent_id,
  clientOrderId: event.client_order_id,
  symbol: event.symbol,
  side: event.side,
  orderType: event.order_type,
  policyHash: event.policy_hash,
  decisionOffset: event.decision_offset,
  qty: event.qty ?? event.leaves_qty,
  venue: '',
  orderId: '',
  phase: 'submitting',
  status: 'WORKING',
  cumQty: ZERO,
  notional: NO_NOTIONAL,
  mayExist: false,
  cancelling: false,
  submittedAt: 0,
  endedAt: 0,
  changedAt: 0,
  clock: 0,
  reason: null,
  decision: undefined,
  traceparent: undefined,
});

/** What one event says about its order; `at`: when it was recorded, ms since 1970 by the wall clock. Total: what the log says happened. */
export const applyEvent = (order: GatewayOrder, event: ExecutionEvent, at: number): void => {
  if (event.order_id !== '') order.orderId = event.order_id;
  order.changedAt = at;
  switch (event.event) {
    case 'ORDER_SUBMITTING':
      order.venue = event.code ?? '';
      if (order.submittedAt === 0) order.submittedAt = at;
      if (event.qty !== null) order.qty = event.qty;
      if (order.phase !== 'ended') order.phase = 'submitting';
      return;
    case 'ORDER_SUBMITTED':
      if (order.submittedAt === 0) order.submittedAt = at;
      if (event.qty !== null) order.qty = event.qty;
      if (order.phase !== 'ended') order.phase = 'open';
      return;
    case 'ORDER_UNKNOWN':
      if (order.phase !== 'ended') order.phase = 'unknown';
      order.mayExist = true;
      order.reason = event.reason;
      return;
    case 'ORDER_CANCELLING':
      order.cancelling = true;
      return;
    case 'ORDER_FILLED':
      if (event.cum_qty > order.cumQty) {
        const grown = minus(event.cum_qty, order.cumQty);
        if (event.price !== null) order.notional = plusNotional(order.notional, times(grown, event.price));
        order.cumQty = event.cum_qty;
      }
      if (order.phase === 'ended') return;
      if (event.leaves_qty === 0n) end(order, 'FILLED', null, at);
      else order.phase = 'open';
      return;
    case 'ORDER_REJECTED':
      return end(order, 'REJECTED', event.reason, at);
    case 'ORDER_CANCELLED':
      return end(order, 'CANCELLED', event.reason, at);
    case 'ORDER_EXPIRED':
      return end(order, 'EXPIRED', event.reason, at);
  }
};

const end = (order: GatewayOrder, status: OrderStatus, reason: string | null, at: number): void => {
  if (order.phase === 'ended') return;
  order.phase = 'ended';
  order.status = status;
  order.reason = reason;
  order.endedAt = at;
};

export const leavesOf = ({ qty, cumQty }: GatewayOrder): Decimal => minus(qty, smaller(qty, cumQty));

/** At most so many ended orders are remembered for late fills; older ones show as position drift. */
const MOST_ENDED = 10_000;

/** Every order that has not ended, and the newest that have. */
export class Orders {
  private readonly live = new Map<string, GatewayOrder>();
  /** Oldest first. */
  private readonly ended = new Map<string, GatewayOrder>();
  /** Those of them that were sent to a broker, by what they are called there. */
  private readonly endedByName = new Map<string, GatewayOrder>();
  /** Live orders by run and symbol. */
  private readonly bySymbol = new Map<string, Set<GatewayOrder>>();

  get(runId: string, intentId: string): GatewayOrder | undefined {
    const key = keyOf(runId, intentId);
    return this.live.get(key) ?? this.ended.get(key);
  }

  /** Orders that have not ended, oldest first. */
  open(): IterableIterator<GatewayOrder> {
    return this.live.values();
  }

  get openCount(): number {
    return this.live.size;
  }

  /** Those that ended since (ms since 1970) without being filled: only they can be filled late. */
  unfilledSince(time: number): readonly GatewayOrder[] {
    return [...this.ended.values()].filter(
      ({ endedAt, status, orderId }) => endedAt >= time && status !== 'FILLED' && orderId !== '',
    );
  }

  /** The order that has ended and was sent under this name. */
  endedNamed(clientOrderId: string): GatewayOrder | undefined {
    return this.endedByName.get(clientOrderId);
  }

  add(order: GatewayOrder): void {
    this.live.set(keyOf(order.runId, order.intentId), order);
    const symbolKey = keyOf(order.runId, order.symbol);
    const ofSymbol = this.bySymbol.get(symbolKey);
    if (ofSymbol === undefined) this.bySymbol.set(symbolKey, new Set([order]));
    else ofSymbol.add(order);
  }

  /** To be called after each event of the order. */
  settle(order: GatewayOrder): void {
    if (order.phase !== 'ended') return;
    const key = keyOf(order.runId, order.intentId);
    if (!this.live.delete(key)) return;
    const symbolKey = keyOf(order.runId, order.symbol);
    const ofSymbol = this.bySymbol.get(symbolKey);
    ofSymbol?.delete(order);
    if (ofSymbol?.size === 0) this.bySymbol.delete(symbolKey);
    order.decision = undefined;
    this.ended.set(key, order);
    if (order.venue !== '' && order.clientOrderId !== '') this.endedByName.set(order.clientOrderId, order);
    if (this.ended.size > MOST_ENDED)
      for (const [oldest, { clientOrderId }] of this.ended) {
        this.ended.delete(oldest);
        this.endedByName.delete(clientOrderId);
        break;
      }
  }

  /** It turned out to be none of ours. */
  drop(order: GatewayOrder): void {
    this.live.delete(keyOf(order.runId, order.intentId));
    this.bySymbol.get(keyOf(order.runId, order.symbol))?.delete(order);
  }

  /** What the run's live orders of a symbol may still buy and sell. */
  working(runId: string, symbol: string): { readonly buys: Decimal; readonly sells: Decimal } {
    let buys = ZERO;
    let sells = ZERO;
    for (const order of this.bySymbol.get(keyOf(runId, symbol)) ?? []) {
      if (order.side === 'buy') buys = plus(buys, leavesOf(order));
      else sells = plus(sells, leavesOf(order));
    }
    return { buys, sells };
  }
}

const keyOf = (a: string, b: string): string => `${a}\0${b}`;
