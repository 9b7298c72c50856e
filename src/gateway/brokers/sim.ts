import type { Broker, BrokerOrder, SubmitOutcome } from '../broker';

/**
 * The paper broker: deterministic, no slippage, nothing stays open.
 *
 * Market orders fill whole at the reference price; a limit buy fills there if its limit is at or above it, a limit sell if at or below it;
 * everything else is rejected. Order ids count per run: SIM-000001. Source: contracts, "Runner, per intent" (paper broker).
 */
export const simBroker: Broker = {
  name: 'sim',
  submit: (order) => Promise.resolve(outcomeOf(order)),
};

const outcomeOf = ({ intent, referencePrice, number }: BrokerOrder): SubmitOutcome => {
  const orderId = `SIM-${String(number).padStart(6, '0')}`;
  if (intent.order_type === 'market') return { type: 'filled', orderId, qty: intent.qty, price: referencePrice };
  const { limit_price: limit, side } = intent;
  if (limit === null) return { type: 'rejected', orderId, reason: 'limit order without a limit price' };
  const marketable = side === 'buy' ? limit >= referencePrice : limit <= referencePrice;
  return marketable
    ? { type: 'filled', orderId, qty: intent.qty, price: referencePrice }
    : { type: 'rejected', orderId, reason: 'limit price is not marketable' };
};
