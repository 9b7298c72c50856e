/** Open orders that are to be cancelled: each is asked for until the broker shows that it has ended, many with one request where that touches nobody else's. */
import type { Broker } from './broker';
import type { BrokerCalls } from './brokerCalls';
import type { GatewayLog } from './gatewayLog';
import { logFields } from './logFields';
import { isAtBroker, MOST_CALLS, nameOf, pauseMs } from './orderCare';
import type { Care, Cares } from './orderCare';
import type { GatewayOrder, Orders } from './orders';

interface CancelsOptions {
  readonly broker: Broker;
  readonly orders: Orders;
  readonly cares: Cares;
  readonly calls: BrokerCalls;
  readonly log: GatewayLog;
  /** ms; never goes back. */
  readonly monotonic: () => number;
  /** What was asked for is worth a look. */
  readonly asked: () => void;
}

/** From this many on, open orders are cancelled with one request, where the broker has it and shows nobody else's orders. */
const MANY_CANCELS = 10;

export class OrderCancels {
  private cancels = 0;
  private cancellingAll = false;

  constructor(private readonly options: CancelsOptions) {}

  /** Starts those that are due. */
  tend(now: number): void {
    const { orders, cares } = this.options;
    this.cancelMany(now);
    for (const order of orders.open()) {
      if (this.isFull) break;
      if (!order.cancelling || !isAtBroker(order)) continue;
      const care = cares.of(order);
      if (!care.busy && care.cancelDueAt <= now) this.cancel(order, care);
    }
  }

  /** No cancel can be begun before another ends. */
  get isFull(): boolean {
    return this.cancels >= MOST_CALLS;
  }

  cancel(order: GatewayOrder, care: Care): void {
    const { broker, calls, cares, log, monotonic, asked } = this.options;
    care.busy = true;
    this.cancels += 1;
    calls.call(broker.cancel(nameOf(order)), (outcome) => {
      this.cancels -= 1;
      care.busy = false;
      if (order.phase === 'ended') cares.forget(order);
      care.cancelTries += 1;
      // The broker will try: whether it did, a poll tells; if it did not, it is asked again.
      care.cancelDueAt = monotonic() + pauseMs(care.cancelTries + 1);
      asked();
      if (outcome.type === 'unavailable')
        log.warn({ ...logFields(order), code: outcome.code, reason: outcome.reason }, 'order could not be cancelled yet');
    });
  }

  /**
   * One request beside the many, if it touches nobody else's orders: with a rate limit, many cancels take minutes. It is tried once for each order, and
   * keeps no single cancel from being asked for.
   */
  private cancelMany(now: number): void {
    const { broker, orders, calls, cares, log, asked } = this.options;
    if (broker.cancelAll === undefined || this.cancellingAll) return;
    const cancelAll = broker.cancelAll.bind(broker);
    const due = [...orders.open()].filter((order) => {
      if (!order.cancelling || !isAtBroker(order)) return false;
      const care = cares.of(order);
      return !care.inBulk && care.cancelDueAt <= now;
    });
    if (due.length < MANY_CANCELS) return;
    this.cancellingAll = true;
    for (const order of due) cares.of(order).inBulk = true;
    const names = new Set(due.map((order) => order.clientOrderId));
    const attempt = async (): Promise<boolean> => {
      const shown = await broker.openOrders();
      if (shown.type === 'unavailable' || shown.reports.some((report) => !names.has(report.clientOrderId))) return false;
      return (await cancelAll()).type === 'requested';
    };
    calls.call(attempt(), (requested) => {
      this.cancellingAll = false;
      asked();
      log.info({ orders: due.length, requested }, 'open orders to be cancelled with one request');
    });
  }
}
