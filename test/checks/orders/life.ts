/** The life of one order on the log: on record before anything else, one end, and only fills behind it. Promises 11 and 12. */
import { isOpen } from '../../support/brokers/marketOrder';
import type { Findings } from '../findings';
import type { LoggedEvent } from './orderLog';
import { endOf } from './orderLog';
import type { OrderOfDecision, ShardOrders } from './shardOrders';
import { called } from './shardOrders';

export const checkLives = ({ orders }: ShardOrders, atRest: boolean, findings: Findings): void => {
  for (const order of orders) {
    const tell = (what: string): void => findings.add('order life', `${called(order)}: ${what}`);
    const admitted = order.decision?.order ?? null;
    if (order.events.length > 0 && admitted === null) tell('it was not admitted, and has executions');
    else if (admitted !== null && order.events.length > 0) checkLife(order, admitted.qty, tell);
    if (atRest && admitted !== null) checkEnded(order, tell);
  }
};

const checkLife = ({ events }: OrderOfDecision, admitted: bigint, tell: (what: string) => void): void => {
  let state: 'nothing' | 'sent' | 'taken' | 'ended' = 'nothing';
  let qty = admitted;
  for (const event of events) {
    const problem = problemOf(event, state, qty);
    if (problem !== undefined) tell(`${event.event} at ${event.offset} ${problem}`);
    if (event.qty !== null && event.event !== 'ORDER_FILLED') {
      if (event.qty > admitted) tell(`${event.event} at ${event.offset} is for more than was admitted`);
      qty = event.qty;
    }
    if (state === 'ended') continue;
    if (endOf(event) !== undefined) state = 'ended';
    else if (event.event === 'ORDER_SUBMITTED' || event.event === 'ORDER_FILLED') state = 'taken';
    else if (state === 'nothing') state = 'sent';
  }
};

/** Undefined: it may come now. */
const problemOf = (logged: LoggedEvent, state: string, qty: bigint): string | undefined => {
  const { event, name, cumQty, leavesQty } = logged;
  if (state === 'ended') {
    if (event !== 'ORDER_FILLED') return 'stands behind its end';
    return leavesQty === 0n ? undefined : 'leaves something open behind its end';
  }
  // The paper broker fills at once: nothing is on its way.
  const first = name === '' ? ['ORDER_SUBMITTED', 'ORDER_REJECTED'] : ['ORDER_SUBMITTING', 'ORDER_REJECTED'];
  if (state === 'nothing' && !first.includes(event)) return 'comes before its submission';
  if (event === 'ORDER_SUBMITTING' && state === 'taken') return 'comes when the broker has it already';
  if (event === 'ORDER_FILLED')
    return leavesQty === qty - cumQty ? undefined : `leaves ${leavesQty}, with ${cumQty} of ${qty} filled`;
  return endOf(logged) === undefined || leavesQty === 0n ? undefined : 'ends it, and leaves something open';
};

const checkEnded = ({ events, end, made }: OrderOfDecision, tell: (what: string) => void): void => {
  if (events.length === 0) return tell('it was admitted, and nothing became of it');
  // What rests at the broker may rest.
  if (end === undefined && !made.some(isOpen)) tell(`it was admitted, and has no end: last ${events.at(-1)?.event ?? ''}`);
};
