/** The orders of one shard, each with all that is known of it: what the checks walk over. */
import type { MarketOrder } from '../../support/brokers/marketOrder';
import type { LoggedControl } from '../decodedLog';
import type { AccountEvidence, OrderEvidence } from './evidence';
import type { LoggedDecision, LoggedEvent } from './orderLog';
import { endOf, orderLogOf } from './orderLog';

/** All that was done about one decision. */
export interface OrderOfDecision {
  readonly decisionOffset: number;
  /** Undefined: there is none at that offset. */
  readonly decision: LoggedDecision | undefined;
  /** By offset; empty: nothing became of the decision. */
  readonly events: LoggedEvent[];
  /** The broker's orders of its name, in the order in which they were made. */
  readonly made: MarketOrder[];
  /** An operator has said how it ended. */
  isResolved: boolean;
  /** The first event that ends it. */
  end: LoggedEvent | undefined;
}

export interface ShardOrders {
  readonly shard: number;
  readonly orders: readonly OrderOfDecision[];
  /** By what it is called at the broker. */
  readonly byName: ReadonlyMap<string, OrderOfDecision>;
  readonly decisions: readonly LoggedDecision[];
  readonly controls: readonly LoggedControl[];
  readonly account: AccountEvidence | undefined;
}

export const shardOrdersOf = ({ log, accounts }: OrderEvidence, shard: number): ShardOrders => {
  const { events, decisions } = orderLogOf(log, shard);
  const controls = log.controls(shard);
  const account = accounts[shard];
  const byDecision = new Map<number, OrderOfDecision>();
  const byName = new Map<string, OrderOfDecision>();
  for (const decision of decisions) byDecision.set(decision.offset, orderFor(decision.offset, decision));
  for (const event of events) {
    const { decisionOffset, name } = event;
    let order = byDecision.get(decisionOffset);
    if (order === undefined) byDecision.set(decisionOffset, (order = orderFor(decisionOffset, undefined)));
    order.events.push(event);
    if (order.end === undefined && endOf(event) !== undefined) order.end = event;
    if (name !== '' && !byName.has(name)) byName.set(name, order);
  }
  for (const made of account?.market.orders ?? []) if (!made.foreign) byName.get(made.clientOrderId)?.made.push(made);
  const orders = [...byDecision.values()];
  const resolved = resolvedIn(controls);
  if (resolved.size > 0)
    for (const order of orders) {
      const of = order.decision ?? order.events[0];
      if (of !== undefined) order.isResolved = resolved.has(`${of.runId}\n${of.intentId}`);
    }
  return { shard, orders, byName, decisions, controls, account };
};

const orderFor = (decisionOffset: number, decision: LoggedDecision | undefined): OrderOfDecision => ({
  ...{ decisionOffset, decision, events: [], made: [], isResolved: false, end: undefined },
});

const resolvedIn = (controls: readonly LoggedControl[]): ReadonlySet<string> => {
  const resolved = new Set<string>();
  for (const { name, about, control } of controls)
    if (name === 'OrderResolved') resolved.add(`${about}\n${(control.order_resolved as { intent_id: string }).intent_id}`);
  return resolved;
};

/** How an order is called in a finding. */
export const called = ({ decision, events, decisionOffset }: OrderOfDecision): string => {
  const of = decision ?? events[0];
  return of === undefined ? `the order of decision ${decisionOffset}` : `${of.runId}/${of.intentId}`;
};
