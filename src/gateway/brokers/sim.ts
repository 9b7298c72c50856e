import type { Broker, BrokerOrder, SubmitOutcome, Unavailable } from '../broker';

/**
 * The paper broker: deterministic, no slippage, nothing stays open.
 *
 * Market orders fill whole at the reference price; a limit buy fills there if its limit is at or above it, a limit sell if at or below it;
 * everything else is rejected. Order ids count per run: SIM-000001. It has no memory: there is nothing to look up, and it keeps no account.
 * Source: contracts, "Runner, per intent" (paper broker).
 */
export const simBroker: Broker = {
  name: 'sim',
  venue: 'sim',
  identify: () => Promise.resolve({ type: 'identified', venue: 'sim' }),
  instant: true,
  idempotent: true,
  capacity: () => Infinity,
  submit: (order) => Promise.resolve(outcomeOf(order)),
  find: () => Promise.resolve({ type: 'absent' }),
  poll: (orders) => Promise.resolve({ type: 'polled', reports: [], absent: orders.map(({ clientOrderId }) => clientOrderId) }),
  cancel: () => Promise.resolve({ type: 'absent' }),
  openOrders: () => Promise.resolve({ type: 'orders', reports: [] }),
  positions: () => Promise.resolve(NO_ACCOUNT),
  account: () => Promise.resolve(NO_ACCOUNT),
  close: () => Promise.resolve(),
};

const NO_ACCOUNT: Unavailable = { type: 'unavailable', code: 'NO_ACCOUNT', reason: 'the paper broker keeps no account' };

const outcomeOf = ({ clientOrderId, intent, referencePrice, number }: BrokerOrder): SubmitOutcome => {
  const orderId = `SIM-${String(number).padStart(6, '0')}`;
  const { limit_price: limit, side, order_type, qty, instrument } = intent;
  if (order_type === 'limit') {
    if (limit === null) return { type: 'rejected', orderId, code: 'NO_LIMIT_PRICE', reason: 'limit order without a limit price' };
    const marketable = side === 'buy' ? limit >= referencePrice : limit <= referencePrice;
    if (!marketable) return { type: 'rejected', orderId, code: 'NOT_MARKETABLE', reason: 'limit price is not marketable' };
  }
  return {
    type: 'accepted',
    orderId,
    report: {
      clientOrderId,
      orderId,
      symbol: instrument.symbol,
      side,
      status: 'filled',
      statusText: 'filled',
      qty,
      filledQty: qty,
      averagePrice: referencePrice,
      fills: [{ qty, price: referencePrice, cumQty: qty }],
      reason: null,
    },
  };
};
