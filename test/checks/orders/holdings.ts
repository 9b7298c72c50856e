/** What each run held and had open in a symbol when an order was submitted, from the log alone: whether the order could have crossed zero. */
import { figureOf } from '../model/figures';
import type { LoggedEvent } from './orderLog';
import { endOf } from './orderLog';
import type { OrderOfDecision, ShardOrders } from './shardOrders';

interface Place {
  readonly order: OrderOfDecision;
  readonly event: LoggedEvent;
}

export class Holdings {
  private readonly begun = new Map<string, Map<string, bigint>>();
  /** Whose positions somebody has set: nothing follows from the log alone. */
  private readonly set = new Set<string>();
  private readonly places: Place[];

  constructor({ orders, controls }: ShardOrders) {
    this.places = orders.flatMap((order) => order.events.map((event) => ({ order, event })));
    this.places.sort((a, b) => a.event.offset - b.event.offset);
    for (const { name, about, control } of controls) {
      const [content] = Object.values(control.payload);
      if (name === 'PortfolioUpdated' && (content as { readonly positions: unknown }).positions !== null) this.set.add(about);
      if (name !== 'RunStarted' || this.begun.has(about)) continue;
      const { positions } = (content as { readonly portfolio: { readonly positions: readonly Quantity[] } }).portfolio;
      this.begun.set(about, new Map(positions.map(({ symbol, qty }) => [symbol, figureOf(qty)])));
    }
  }

  /** At any moment from its last submission to its refusal. */
  mayCrossZero(order: OrderOfDecision, refusal: LoggedEvent): boolean {
    const { decision } = order;
    const meant = decision?.order ?? null;
    if (decision === undefined || meant === null || this.set.has(decision.runId)) return true;
    const { runId } = decision;
    const sign = meant.side === 'buy' ? 1n : -1n;
    const from = order.events.findLast(({ event, offset }) => event === 'ORDER_SUBMITTING' && offset < refusal.offset)?.offset;
    let held = this.begun.get(runId)?.get(meant.symbol) ?? 0n;
    const open = new Map<OrderOfDecision, bigint>();
    const ended = new Set<OrderOfDecision>();
    const crosses = (): boolean => {
      let [same, opposite] = [0n, 0n];
      for (const [{ events }, left] of open)
        if (events[0]?.side === meant.side) same += left;
        else opposite += left;
      // What is held counts as if the order were a buy.
      const before = sign * held;
      return before < 0n ? before + same + meant.qty > 0n : before - opposite < 0n;
    };
    for (const { order: other, event } of this.places) {
      if (event.offset >= refusal.offset) break;
      if (event.runId !== runId || event.symbol !== meant.symbol) continue;
      if (event.event === 'ORDER_FILLED') held += event.side === 'buy' ? (event.qty ?? 0n) : -(event.qty ?? 0n);
      if (endOf(event) !== undefined) ended.add(other);
      if (ended.has(other)) open.delete(other);
      else if (other !== order) open.set(other, event.leavesQty);
      if (from !== undefined && event.offset >= from && crosses()) return true;
    }
    return false;
  }
}

interface Quantity {
  readonly symbol: string;
  readonly qty: Uint8Array;
}
