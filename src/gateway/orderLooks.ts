/**
 * What a broker shows of orders: those that are open are polled; one of unknown outcome is looked up, with growing pauses, until the broker or an
 * operator says what became of it. No timer ends it. Source: reliability, promises 10 to 12.
 */
import type { ExecutionEvent } from '../contracts/messages';
import type { Broker, FoundOrder, OrderName, OrderReport, PolledOrders } from './broker';
import type { BrokerCalls } from './brokerCalls';
import type { GatewayLog } from './gatewayLog';
import { logFields } from './logFields';
import { isToBeLookedUp, MOST_CALLS, nameOf, pauseAfter, pauseMs } from './orderCare';
import type { Care, Cares } from './orderCare';
import { followReport, unknown } from './orderEvents';
import type { GatewayOrder, Orders } from './orders';

interface LooksOptions {
  readonly broker: Broker;
  readonly orders: Orders;
  readonly cares: Cares;
  readonly calls: BrokerCalls;
  readonly log: GatewayLog;
  /** ms; never goes back. */
  readonly monotonic: () => number;
  /** How often open orders are looked at, ms. */
  readonly pollEveryMs: number;
  readonly tell: (event: ExecutionEvent, order: GatewayOrder) => void;
}

/** Looks at which an open order was not among those that the broker shows, until that is worth a record. */
const MOST_ABSENCES = 3;
/** A market order is mostly filled by then. */
const SOON_MS = 100;

export class OrderLooks {
  private lookUps = 0;
  private polling = false;
  private pollDueAt = 0;
  private pollTries = 0;

  constructor(private readonly options: LooksOptions) {}

  /** Starts the look-ups and looks that are due. */
  tend(now: number): void {
    const { orders, cares } = this.options;
    for (const order of orders.open()) {
      if (this.isFull) break;
      if (!isToBeLookedUp(order)) continue;
      const care = cares.of(order);
      if (!care.busy && care.dueAt <= now) this.lookUp(order, care);
    }
    if (!this.polling && this.pollDueAt <= now) this.poll(this.namesToPoll());
  }

  /** No look-up can be begun before another ends. */
  get isFull(): boolean {
    return this.lookUps >= MOST_CALLS;
  }

  /** monotonic; when open orders are looked at next; Infinity: when the look that is on its way has ended, or there are any. */
  get dueAt(): number {
    return this.polling || this.options.orders.openCount === 0 ? Infinity : this.pollDueAt;
  }

  /** Looks at these orders once more, though they have ended: a broker may fill late. */
  lookAgain(ended: readonly GatewayOrder[]): void {
    if (!this.polling) this.poll([...this.namesToPoll(), ...ended.map(nameOf)]);
  }

  /** Something will have happened in a moment. */
  soon(): void {
    this.pollDueAt = Math.min(this.pollDueAt, this.options.monotonic() + SOON_MS);
  }

  /** Tells what a report of the broker's says that is new. */
  follow(order: GatewayOrder, report: OrderReport): void {
    const { cares, log, tell } = this.options;
    // The broker shows it: to send it once more would undo what is known of it.
    const care = cares.known(order);
    if (care !== undefined) care.again = false;
    const { oddities } = followReport(order, report, (event) => tell(event, order));
    for (const oddity of oddities) log.error({ ...logFields(order), oddity }, 'the broker reports something odd');
  }

  private lookUp(order: GatewayOrder, care: Care): void {
    const { broker, calls, log, monotonic } = this.options;
    care.busy = true;
    this.lookUps += 1;
    calls.call(broker.find(nameOf(order)), (found: FoundOrder) => {
      this.lookUps -= 1;
      care.busy = false;
      if (order.phase === 'ended') return;
      care.dueAt = monotonic() + pauseAfter(care);
      if (found.type === 'found') {
        care.tries = 0;
        this.follow(order, found.report);
        this.soon();
      } else if (found.type === 'absent') {
        care.again = broker.idempotent && !care.refused;
        log.info(logFields(order), 'order not shown by the broker');
      } else log.warn({ ...logFields(order), code: found.code, reason: found.reason }, 'order could not be looked up');
    });
  }

  private namesToPoll(): readonly OrderName[] {
    return [...this.options.orders.open()].filter((order) => order.orderId !== '').map(nameOf);
  }

  private poll(names: readonly OrderName[]): void {
    const { broker, calls, cares, orders, pollEveryMs, monotonic, log } = this.options;
    this.pollDueAt = monotonic() + pollEveryMs;
    if (names.length === 0) return;
    const byName = new Map<string, GatewayOrder>();
    for (const order of [...orders.open(), ...orders.unfilledSince(0)]) byName.set(order.clientOrderId, order);
    this.polling = true;
    calls.call(broker.poll(names), (polled: PolledOrders) => {
      this.polling = false;
      if (polled.type === 'unavailable') {
        this.pollTries += 1;
        this.pollDueAt = monotonic() + Math.max(pollEveryMs, pauseMs(this.pollTries));
        log.warn({ code: polled.code, reason: polled.reason }, 'open orders could not be looked at');
        return;
      }
      this.pollTries = 0;
      this.pollDueAt = monotonic() + pollEveryMs;
      for (const report of polled.reports) {
        const order = byName.get(report.clientOrderId);
        if (order === undefined) continue;
        if (order.phase !== 'ended') cares.of(order).absences = 0;
        this.follow(order, report);
      }
      for (const name of polled.absent) {
        const order = byName.get(name);
        if (order?.phase === 'open') this.missing(order);
      }
    });
  }

  /** A broker may show an order a moment later than it took it. */
  private missing(order: GatewayOrder): void {
    const { cares, log, tell } = this.options;
    const care = cares.of(order);
    care.absences += 1;
    if (care.absences !== MOST_ABSENCES) return;
    const reason = `the broker does not show order ${order.orderId} any more`;
    tell(unknown(order, { code: 'NOT_SHOWN', reason }), order);
    log.error({ ...logFields(order), reason }, 'order unknown');
  }
}
