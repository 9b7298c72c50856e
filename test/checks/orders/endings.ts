/**
 * How orders end: by what is true at the broker, or by the word of an operator. An end on the log is never older than the end at the broker. Promise 11.
 */
import type { Findings } from '../findings';
import type { AccountEvidence } from './evidence';
import { endOf } from './orderLog';
import type { OrderOfDecision, ShardOrders } from './shardOrders';
import { called } from './shardOrders';

export const checkEndings = ({ orders }: ShardOrders, account: AccountEvidence, findings: Findings): void => {
  const endedAt = endsAtBroker(account);
  for (const order of orders) {
    const { end, made, isResolved } = order;
    if (end === undefined || isResolved) continue;
    const told = endOf(end) ?? '';
    const [at] = made;
    if (at === undefined) {
      if (told !== 'rejected')
        findings.add('unknown', `${called(order)} is ${told} on the log, and the broker has made no such order`);
      else if (wasUnknown(order)) findings.add('unknown', `${called(order)} was unknown, and is rejected by nobody's word`);
      continue;
    }
    const ended = endedAt.get(at.id);
    // A cancelled order can be filled whole, later.
    const agrees = told === at.status || (at.status === 'filled' && (told === 'cancelled' || told === 'expired'));
    if (!agrees) findings.add('unknown', `${called(order)} is ${told} on the log, and ${at.status} at the broker`);
    else if (ended === undefined || end.offset < ended)
      findings.add('unknown', `${called(order)} is ${told} on the log at ${end.offset}, before it had ended at the broker`);
  }
};

/** Of each order the end offset of the log's execution events when it ended. */
const endsAtBroker = ({ market, executionsEnds }: AccountEvidence): ReadonlyMap<string, number> => {
  const ends = new Map<string, number>();
  let fills = 0;
  for (const [at, { type, orderId }] of market.log.entries()) {
    const fill = type === 'filled' ? market.fills[fills++] : undefined;
    const isEnd =
      type === 'cancelled' || type === 'expired' || type === 'rejected' || (fill !== undefined && fill.cumQty === fill.order.qty);
    if (isEnd && !ends.has(orderId)) ends.set(orderId, executionsEnds[at] ?? 0);
  }
  return ends;
};

/** The last that was known of it, before its end. */
const wasUnknown = ({ events, end }: OrderOfDecision): boolean => {
  let isUnknown = false;
  for (const event of events) {
    if (event === end) break;
    if (event.event === 'ORDER_UNKNOWN') isUnknown = true;
    else if (event.event === 'ORDER_SUBMITTED' || event.event === 'ORDER_FILLED') isUnknown = false;
  }
  return isUnknown;
};
