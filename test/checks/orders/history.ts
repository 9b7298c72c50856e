/** A history of orders made by hand, step by step: what stands on the log, what left for the broker, and what it made of it. */
import { Codec } from '../../../src/contracts/avro/codec';
import { freshSchemas } from '../../../src/contracts/avro/localRegistry';
import type { Decimal } from '../../../src/contracts/decimal';
import { decimal, minus, ZERO } from '../../../src/contracts/decimal';
import type { ControlPayload, ExecutionEvent, ExecutionEventType, OrderResolved, Side } from '../../../src/contracts/messages';
import { policyHash } from '../../../src/contracts/policyDocument';
import type { Topic } from '../../../src/contracts/topics';
import { CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS } from '../../../src/contracts/topics';
import { Market } from '../../support/brokers/market';
import { intentOf, portfolioOf } from '../../support/situations';
import { DecodedLog } from '../decodedLog';
import { Findings } from '../findings';
import { CollectedLog } from '../rawLog';
import { checkOrders } from './checkOrders';
import type { HandedRecord, SentOrder } from './evidence';

export interface OrderFields {
  readonly runId?: string;
  readonly symbol?: string;
  readonly side?: Side;
  readonly qty?: string;
  /** Null: a market order. */
  readonly limit?: string | null;
}
interface Known {
  readonly runId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Decimal;
  readonly limit: Decimal | null;
  readonly decisionOffset: number;
  cumQty: Decimal;
}
export interface EventFields {
  /** What the order is called; default: its one name. */
  readonly name?: string;
  readonly qty?: string;
  readonly price?: string;
  readonly leaves?: string;
  readonly cumQty?: string;
  readonly code?: string;
}

export const RUN = 'run-1';
const policyText = (more: string): string => `
version: "0.2"
defaults: { mode: enforce }
limits:
  exposure: { max_position_pct: 0.5, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0 }
  loss: { daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05 }
  execution: { max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10 }
  kill_switch: { trip_on_rules: [], trip_after_n_violations: 3, violation_window_seconds: 300${more} }
`;
const CANCELS = policyText(', cancel_open_orders: true');
const codec = new Codec(freshSchemas());

export const nameOf = (id: string): string => `${id}-name`;

export class History {
  readonly market: Market;
  readonly handed: HandedRecord[] = [];
  private readonly log = new CollectedLog(1);
  private readonly ends = new Map<Topic, number>();
  private readonly executionsEnds: number[] = [];
  private readonly firstBytes: SentOrder[] = [];
  private readonly known = new Map<string, Known>();
  private now = Date.UTC(2026, 0, 5, 15);

  constructor(private readonly namesAreKeys = false) {
    this.market = new Market({
      ...{ otherwise: 'rest', positions: { MSFT: decimal('5') } },
      orderId: (index) => `B${index}`,
      now: () => this.now,
      onEntry: () => void this.executionsEnds.push(this.end(EXECUTION_EVENTS)),
    });
  }

  start(runId = RUN): void {
    this.control(runId, {
      ...{ type: 'RunStarted', account_id: 'acct_1', policy_text: CANCELS, equity_mode: 'fixed' },
      portfolio: portfolioOf(runId === RUN ? { MSFT: '5' } : {}, '100000'),
      execution: {
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      },
    });
  }

  control(about: string, payload: ControlPayload): number {
    return this.add(
      CONTROL_EVENTS,
      Buffer.from(about),
      codec.encodeValue(CONTROL_EVENTS, { actor: 'desk', reason: 'by hand', payload }),
    );
  }

  resolve(id: string, outcome: OrderResolved['outcome'], cumQty = '0'): void {
    const price = cumQty === '0' ? null : decimal('100');
    this.control(this.the(id).runId, { type: 'OrderResolved', intent_id: id, outcome, cum_qty: decimal(cumQty), price });
  }

  trip(about = RUN): number {
    return this.control(about, { type: 'KillSwitchTripped' });
  }

  /** `trips`: the kill switch trips with it. */
  decide(id: string, fields: OrderFields = {}, verdict: 'ALLOW' | 'DENY' = 'ALLOW', trips = false): number {
    const { runId = RUN, symbol = 'AAPL', side = 'buy', limit = null } = fields;
    const qty = decimal(fields.qty ?? '10');
    const limitPrice = limit === null ? null : decimal(limit);
    const order = intentOf({
      ...{ intent_id: id, symbol, side, qty, limit_price: limitPrice },
      order_type: limitPrice === null ? 'market' : 'limit',
    });
    const offset = this.add(
      DECISIONS,
      codec.encodeKey(DECISIONS, { run_id: runId, intent_id: id }),
      codec.encodeValue(DECISIONS, {
        ...{ decision: verdict, intent_id: id, order: verdict === 'DENY' ? null : order, violations: [], evidence: [] },
        ...{ kill_switch_triggered: trips, run_id: runId, seq: this.end(DECISIONS), clock: this.now },
        ...{ reference_price: decimal('100'), policy_hash: policyHash(CANCELS), kill_switch_tripped: trips },
        control_position: this.end(CONTROL_EVENTS),
      }),
    );
    this.known.set(id, { runId, symbol, side, qty, limit: limitPrice, decisionOffset: offset, cumQty: ZERO });
    return offset;
  }

  event(id: string, event: ExecutionEventType, fields: EventFields = {}): number {
    const order = this.the(id);
    const qty = fields.qty === undefined ? null : decimal(fields.qty);
    if (event === 'ORDER_FILLED' && qty !== null) order.cumQty = (order.cumQty + qty) as Decimal;
    const ends = ['ORDER_REJECTED', 'ORDER_CANCELLED', 'ORDER_EXPIRED'].includes(event);
    const left = ends ? ZERO : minus(order.qty, order.cumQty);
    const value: ExecutionEvent = {
      ...{ event, run_id: order.runId, intent_id: id, order_id: '', client_order_id: fields.name ?? nameOf(id) },
      ...{ symbol: order.symbol, side: order.side, order_type: order.limit === null ? 'market' : 'limit' },
      qty: qty ?? (event === 'ORDER_SUBMITTING' || event === 'ORDER_SUBMITTED' ? order.qty : null),
      price: event === 'ORDER_FILLED' ? decimal(fields.price ?? '100') : null,
      cum_qty: fields.cumQty === undefined ? order.cumQty : decimal(fields.cumQty),
      leaves_qty: fields.leaves === undefined ? left : decimal(fields.leaves),
      ...{ code: fields.code ?? null, reason: null, policy_hash: policyHash(CANCELS), decision_offset: order.decisionOffset },
    };
    const key = codec.encodeKey(EXECUTION_EVENTS, { run_id: order.runId, intent_id: id });
    return this.add(EXECUTION_EVENTS, key, codec.encodeValue(EXECUTION_EVENTS, value));
  }

  /** Its first byte leaves. */
  send(id: string, process = 'gateway 1', name = nameOf(id)): void {
    this.now += 1;
    this.firstBytes.push({ at: this.now, process, clientOrderId: name, executionsEnd: this.end(EXECUTION_EVENTS) });
  }

  /** The broker makes it. */
  make(id: string, fields: OrderFields & { readonly name?: string } = {}): string {
    this.now += 1;
    const order = this.the(id);
    const limitPrice = fields.limit === undefined ? order.limit : fields.limit === null ? null : decimal(fields.limit);
    return this.market.make({
      ...{ clientOrderId: fields.name ?? nameOf(id), symbol: fields.symbol ?? order.symbol, side: fields.side ?? order.side },
      ...{ qty: fields.qty === undefined ? order.qty : decimal(fields.qty), limitPrice },
      type: limitPrice === null ? 'market' : 'limit',
    }).id;
  }

  /** At the broker. */
  fillThere(id: string, qty: string, price = '100'): void {
    this.now += 1;
    this.market.fill(nameOf(id), decimal(qty), decimal(price));
  }

  hand(topic: HandedRecord['topic'], offset: number, process = 'gateway 1'): void {
    this.now += 1;
    this.handed.push({ process, topic, shard: 0, offset, at: this.now });
    this.now += 1;
  }

  findings(atRest = true): Findings {
    const { market, namesAreKeys, firstBytes, executionsEnds, handed } = this;
    const findings = new Findings();
    const log = new DecodedLog(this.log, [], findings);
    const account = { market, namesAreKeys, firstBytes, executionsEnds };
    checkOrders({ log, accounts: [account], handed, cancelOpenOrders: false, isWatched: true, atRest }, findings);
    return findings;
  }

  private the(id: string): Known {
    const known = this.known.get(id);
    if (known === undefined) throw new Error(`${id} was not decided`);
    return known;
  }

  private end(topic: Topic): number {
    return this.ends.get(topic) ?? 0;
  }

  private add(topic: Topic, key: Uint8Array, value: Uint8Array): number {
    this.now += 1;
    const offset = this.end(topic);
    this.log.add({ topic, partition: 0, key, value, offset, timestamp: this.now, headers: { control_position: '0' } });
    this.ends.set(topic, offset + 1);
    this.log.setEnd(topic, 0, offset + 1);
    return offset;
  }
}
