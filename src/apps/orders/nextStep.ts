/** What the gateway does next about an order, in words; the rules are those of the gateway's order desk. Source: docs/brokers.md. */
import type { OrderHistory } from './orderHistory';

export const nextStep = ({ decision, order, resolutions }: Omit<OrderHistory, 'partition' | 'events'>): string => {
  if (order === undefined) {
    if (decision === undefined) return 'nothing: the intent is not decided yet, or unknown';
    return decision.decision.order === null
      ? 'nothing: the intent was denied'
      : 'a gateway sends it when it comes to it, unless the kill switch is tripped or the run ends before';
  }
  if (order.phase === 'ended')
    return order.status === 'FILLED' || order.orderId === ''
      ? 'nothing: the order has ended'
      : 'nothing, though a fill that the broker reports late still counts';
  if (order.venue === '') return 'nothing: no gateway has sent it, somebody else wrote its events';
  const spoken = resolutions.at(-1);
  if (order.phase !== 'open' && spoken !== undefined && spoken.at >= order.changedAt)
    return `a gateway that reads control-events takes it for ${spoken.resolution.outcome}, as ${spoken.actor} said`;
  const cancels = order.cancelling ? ', and has it cancelled until the broker shows that it has ended' : '';
  switch (order.phase) {
    case 'submitting':
      return 'it is on its way to the broker; if its gateway was stopped meanwhile, the next one takes it for unknown and looks it up';
    case 'unknown':
      return order.orderId === ''
        ? `the gateway looks it up by its client order id, with growing pauses, until the broker or an operator says what became of it${cancels}`
        : `the gateway looks at it until the broker or an operator says what became of it${cancels}`;
    case 'open':
      return `the gateway looks at it every few seconds until it has ended${cancels}`;
  }
};
