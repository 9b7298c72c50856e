/**
 * What could become of orders at the broker is reserved on the log, at every moment: an order that is open or filled there is working or filled on the
 * log, with no less. What fills behind an end that was true is a fact that nobody could reserve. Promise 13.
 */
import type { MarketFill, MarketOrder } from '../../support/brokers/marketOrder';
import type { Findings } from '../findings';
import type { AccountEvidence } from './evidence';
import type { LoggedEvent } from './orderLog';
import { endOf } from './orderLog';
import type { OrderOfDecision, ShardOrders } from './shardOrders';
import { called } from './shardOrders';

/** One order as far as the walk has come. */
interface Exposure {
  readonly order: OrderOfDecision;
  /** On the log: what may be filled in all. Zero: its submission is not on record yet. */
  reserved: bigint;
  isEnded: boolean;
  /** At the broker: what is filled or open, and what is open of each order there. */
  atBroker: bigint;
  readonly open: Map<string, bigint>;
}

export const checkExposure = (shard: ShardOrders, { market, executionsEnds }: AccountEvidence, findings: Findings): void => {
  const exposures = new Map<OrderOfDecision, Exposure>();
  const of = (order: OrderOfDecision): Exposure => {
    let exposure = exposures.get(order);
    if (exposure === undefined)
      exposures.set(order, (exposure = { order, reserved: 0n, isEnded: false, atBroker: 0n, open: new Map() }));
    return exposure;
  };
  const events = shard.orders.flatMap((order) => order.events.map((event) => ({ event, order })));
  events.sort((a, b) => a.event.offset - b.event.offset);
  const byId = new Map<string, MarketOrder>();
  for (const order of market.orders) byId.set(order.id, order);
  let [next, fills] = [0, 0];
  for (const [at, { type, orderId, clientOrderId }] of market.log.entries()) {
    const fill = type === 'filled' ? market.fills[fills++] : undefined;
    const made = byId.get(orderId);
    const order = shard.byName.get(clientOrderId);
    if (made === undefined || made.foreign || order === undefined || order.isResolved) continue;
    for (const end = executionsEnds[at] ?? 0; ; next++) {
      const logged = events[next];
      if (logged === undefined || logged.event.offset >= end) break;
      onLog(of(logged.order), logged.event);
      compare(of(logged.order), `at execution event ${logged.event.offset}`, findings);
    }
    const exposure = of(order);
    atBroker(exposure, type, made, fill);
    compare(exposure, `when it was ${type} at the broker`, findings);
  }
};

const onLog = (exposure: Exposure, event: LoggedEvent): void => {
  const admitted = exposure.order.decision?.order?.qty ?? 0n;
  if (exposure.isEnded) return;
  if (endOf(event) !== undefined) {
    exposure.isEnded = true;
    // What is filled there and not on the log is checked with the fills.
    exposure.reserved = event.cumQty;
  } else exposure.reserved = event.qty !== null && event.event !== 'ORDER_FILLED' ? event.qty : admitted;
};

/** A fill of what has ended there is a fact that nobody could reserve. */
const atBroker = (exposure: Exposure, type: string, made: MarketOrder, fill: MarketFill | undefined): void => {
  const { open } = exposure;
  if (type === 'made') {
    open.set(made.id, made.qty);
    exposure.atBroker += made.qty;
  } else if (fill !== undefined && open.has(made.id)) open.set(made.id, made.qty - fill.cumQty);
  else if (type === 'cancelled' || type === 'expired' || type === 'rejected') {
    exposure.atBroker -= open.get(made.id) ?? 0n;
    open.delete(made.id);
  }
};

const compare = ({ order, atBroker: most, reserved }: Exposure, when: string, findings: Findings): void => {
  if (most > reserved)
    findings.add(
      'exposure',
      `${called(order)}: ${most} filled or open at the broker ${when}, ${reserved} filled or working on the log`,
    );
};
