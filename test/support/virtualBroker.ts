/**
 * A broker without a network, for the gateway's own tests: deterministic by a seed, with the outcomes that a network can have. The dialects are tested
 * on real servers (test/contract/broker); this one is for histories of thousands of orders, crashes and trips in seconds.
 */
import type { Decimal } from '../../src/contracts/decimal';
import { minus, plus, ZERO } from '../../src/contracts/decimal';
import type {
  Broker,
  BrokerOrder,
  CancelOutcome,
  FoundOrder,
  OrderName,
  OrderReport,
  PolledOrders,
  ReportedStatus,
  SubmitOutcome,
} from '../../src/gateway/broker';

export type Chance = (probability: number) => boolean;

export interface VirtualOrder {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly qty: Decimal;
  readonly price: Decimal;
  filledQty: Decimal;
  status: ReportedStatus;
  /** What was said of its cancel: a fill may still come after it. */
  late: boolean;
}

export interface VirtualOptions {
  readonly idempotent: boolean;
  readonly chance: Chance;
  /** Called when a request that could make an order arrives. */
  readonly onPost?: (order: BrokerOrder) => Promise<void>;
  /** Probability of trouble for each request; zero: all is well. */
  readonly trouble: () => number;
}

const HALF = 2n;

export class VirtualBroker implements Broker {
  readonly name = 'alpaca';
  readonly venue = 'virtual';
  readonly instant = false;
  readonly idempotent: boolean;
  readonly posts: string[] = [];
  readonly made: VirtualOrder[] = [];
  readonly cancelRequests: string[] = [];
  private readonly onTheirWay: BrokerOrder[] = [];

  constructor(private readonly options: VirtualOptions) {
    this.idempotent = options.idempotent;
  }

  identify(): ReturnType<Broker['identify']> {
    return Promise.resolve({ type: 'identified', venue: this.venue });
  }

  capacity(): number {
    return 100;
  }

  async submit(order: BrokerOrder): Promise<SubmitOutcome> {
    const { chance, trouble, onPost } = this.options;
    const probability = trouble();
    if (!order.mayBeSent()) return { type: 'deferred', code: 'STALE', reason: 'too late', afterMs: 0 };
    await onPost?.(order);
    this.posts.push(order.clientOrderId);
    const unknown = { type: 'unknown', code: 'TIMEOUT', reason: 'no answer' } as const;
    if (chance(probability)) {
      if (chance(0.3)) return unknown;
      if (chance(0.4)) {
        this.onTheirWay.push(order);
        return unknown;
      }
      if (this.idempotent && chance(0.4)) return { type: 'deferred', code: 'RATE_LIMITED', reason: 'later', afterMs: 10 };
      if (chance(0.3)) return { type: 'rejected', orderId: '', code: 'NO', reason: 'not this one' };
      this.make(order);
      return unknown;
    }
    const made = this.make(order);
    if (chance(0.3)) this.fill(made);
    return { type: 'accepted', orderId: made.orderId, ...(chance(0.5) ? { report: reportOf(made) } : {}) };
  }

  find({ clientOrderId }: OrderName): Promise<FoundOrder> {
    if (this.fails()) return Promise.resolve(UNAVAILABLE);
    const made = this.made.find((order) => order.clientOrderId === clientOrderId);
    return Promise.resolve(made === undefined ? { type: 'absent' } : { type: 'found', report: reportOf(made) });
  }

  poll(names: readonly OrderName[]): Promise<PolledOrders> {
    if (this.fails()) return Promise.resolve(UNAVAILABLE);
    const found = names.flatMap(({ clientOrderId }) => this.made.filter((order) => order.clientOrderId === clientOrderId));
    const shown = new Set(found.map(({ clientOrderId }) => clientOrderId));
    return Promise.resolve({
      type: 'polled',
      reports: found.map(reportOf),
      absent: names.map(({ clientOrderId }) => clientOrderId).filter((name) => !shown.has(name)),
    });
  }

  cancel({ clientOrderId }: OrderName): Promise<CancelOutcome> {
    this.cancelRequests.push(clientOrderId);
    if (this.fails()) return Promise.resolve(UNAVAILABLE);
    const made = this.made.find((order) => order.clientOrderId === clientOrderId);
    if (made === undefined) return Promise.resolve({ type: 'absent' });
    if (made.status !== 'open') return Promise.resolve({ type: 'finished' });
    made.status = 'cancelled';
    made.late = this.options.chance(0.1);
    return Promise.resolve({ type: 'requested' });
  }

  openOrders(): ReturnType<Broker['openOrders']> {
    return Promise.resolve(
      this.fails() ? UNAVAILABLE : { type: 'orders', reports: this.made.filter(({ status }) => status === 'open').map(reportOf) },
    );
  }

  positions(): ReturnType<Broker['positions']> {
    return Promise.resolve(this.fails() ? UNAVAILABLE : { type: 'positions', quantities: this.holdings() });
  }

  account(): ReturnType<Broker['account']> {
    return Promise.resolve(UNAVAILABLE);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Time passes at the broker: requests arrive late, orders fill, a little or whole. */
  tick(): void {
    const { chance } = this.options;
    if (chance(0.3)) {
      const late = this.onTheirWay.shift();
      if (late !== undefined) this.make(late);
    }
    for (const order of this.made) {
      if (order.status === 'open' && chance(0.2)) this.fill(order);
      if (order.late && chance(0.3)) {
        order.late = false;
        order.filledQty = plus(order.filledQty, (minus(order.qty, order.filledQty) / HALF) as Decimal);
      }
    }
  }

  /** What is on its way arrives now. */
  arriveAll(): void {
    for (const order of this.onTheirWay.splice(0)) this.make(order);
  }

  holdings(): ReadonlyMap<string, Decimal> {
    const held = new Map<string, Decimal>();
    for (const { symbol, side, filledQty } of this.made) {
      const before = held.get(symbol) ?? ZERO;
      held.set(symbol, side === 'buy' ? plus(before, filledQty) : minus(before, filledQty));
    }
    return new Map([...held].filter(([, qty]) => qty !== 0n));
  }

  private fails(): boolean {
    return this.options.chance(this.options.trouble());
  }

  private make({ clientOrderId, intent, referencePrice }: BrokerOrder): VirtualOrder {
    const known = this.made.find((order) => order.clientOrderId === clientOrderId);
    if (known !== undefined && this.idempotent) return known;
    const made: VirtualOrder = {
      orderId: `v-${this.made.length + 1}`,
      clientOrderId,
      symbol: intent.instrument.symbol,
      side: intent.side,
      qty: intent.qty,
      price: referencePrice,
      filledQty: ZERO,
      status: 'open',
      late: false,
    };
    this.made.push(made);
    return made;
  }

  private fill(order: VirtualOrder): void {
    const left = minus(order.qty, order.filledQty);
    order.filledQty = this.options.chance(0.5) ? order.qty : plus(order.filledQty, (left / HALF) as Decimal);
    if (order.filledQty === order.qty) order.status = 'filled';
  }
}

const UNAVAILABLE = { type: 'unavailable', code: 'TIMEOUT', reason: 'no answer' } as const;

const reportOf = ({ orderId, clientOrderId, symbol, side, qty, price, filledQty, status }: VirtualOrder): OrderReport => ({
  clientOrderId,
  orderId,
  symbol,
  side,
  status,
  statusText: status,
  qty,
  filledQty,
  averagePrice: filledQty === 0n ? null : price,
  fills: [],
  reason: null,
});
