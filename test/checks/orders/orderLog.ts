/** The orders of one shard as the log tells them: decisions, execution events and operators' words, with amounts as bigints in units of 10^-18. */
import type { DecodedLog } from '../decodedLog';
import { figureOf, optionalFigure } from '../model/figures';

export interface LoggedEvent {
  readonly offset: number;
  readonly event: string;
  readonly runId: string;
  readonly intentId: string;
  readonly orderId: string;
  readonly name: string;
  readonly symbol: string;
  readonly side: string;
  readonly qty: bigint | null;
  readonly price: bigint | null;
  readonly cumQty: bigint;
  readonly leavesQty: bigint;
  readonly code: string | null;
  readonly decisionOffset: number;
}

export interface LoggedOrder {
  readonly symbol: string;
  readonly side: string;
  readonly orderType: string;
  readonly qty: bigint;
  readonly limitPrice: bigint | null;
}

export interface LoggedDecision {
  readonly offset: number;
  readonly runId: string;
  readonly intentId: string;
  readonly seq: number;
  readonly verdict: string;
  readonly order: LoggedOrder | null;
  /** Hex; empty: none. */
  readonly policyHash: string;
  /** The kill switch trips with it. */
  readonly trips: boolean;
  /** Next offset of control events when it was judged: those before it were known. */
  readonly knew: number;
}

export interface OrderLog {
  readonly events: readonly LoggedEvent[];
  readonly decisions: readonly LoggedDecision[];
}

export const orderLogOf = (log: DecodedLog, shard: number): OrderLog => ({
  events: (log.executions(shard) as readonly unknown[] as readonly RawEvent[]).map(eventOf),
  decisions: (log.decisions(shard) as readonly unknown[] as readonly RawDecision[]).map(decisionOf),
});

/** `filled`, `rejected`, `cancelled` or `expired`; undefined: the event ends nothing. */
export const endOf = ({ event, leavesQty }: LoggedEvent): string | undefined =>
  event === 'ORDER_FILLED' ? (leavesQty === 0n ? 'filled' : undefined) : ENDS.get(event);

const ENDS: ReadonlyMap<string, string> = new Map([
  ['ORDER_REJECTED', 'rejected'],
  ['ORDER_CANCELLED', 'cancelled'],
  ['ORDER_EXPIRED', 'expired'],
]);

/** As the schemas have them. */
interface RawEvent {
  readonly offset: number;
  readonly event: string;
  readonly run_id: string;
  readonly intent_id: string;
  readonly order_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: string;
  readonly qty: Uint8Array | null;
  readonly price: Uint8Array | null;
  readonly cum_qty: Uint8Array;
  readonly leaves_qty: Uint8Array;
  readonly code: string | null;
  readonly decision_offset: number;
}

interface RawDecision {
  readonly offset: number;
  readonly run_id: string;
  readonly intent_id: string;
  readonly seq: number;
  readonly decision: string;
  readonly order: RawOrder | null;
  readonly policy_hash: Uint8Array | null;
  readonly kill_switch_tripped: boolean;
  readonly control_position: number;
}

interface RawOrder {
  readonly instrument: { readonly symbol: string };
  readonly side: string;
  readonly order_type: string;
  readonly qty: Uint8Array;
  readonly limit_price: Uint8Array | null;
}

const eventOf = (event: RawEvent): LoggedEvent => ({
  offset: event.offset,
  event: event.event,
  runId: event.run_id,
  intentId: event.intent_id,
  orderId: event.order_id,
  name: event.client_order_id,
  symbol: event.symbol,
  side: event.side,
  qty: optionalFigure(event.qty),
  price: optionalFigure(event.price),
  cumQty: figureOf(event.cum_qty),
  leavesQty: figureOf(event.leaves_qty),
  code: event.code,
  decisionOffset: event.decision_offset,
});

const decisionOf = (decision: RawDecision): LoggedDecision => ({
  offset: decision.offset,
  runId: decision.run_id,
  intentId: decision.intent_id,
  seq: decision.seq,
  verdict: decision.decision,
  order: decision.order === null ? null : orderOf(decision.order),
  policyHash: decision.policy_hash === null ? '' : Buffer.from(decision.policy_hash).toString('hex'),
  trips: decision.kill_switch_tripped,
  knew: decision.control_position,
});

const orderOf = ({ instrument, side, order_type, qty, limit_price }: RawOrder): LoggedOrder => ({
  symbol: instrument.symbol,
  side,
  orderType: order_type,
  qty: figureOf(qty),
  limitPrice: optionalFigure(limit_price),
});
