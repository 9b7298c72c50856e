import { paperOutcome } from '../../domain/paperOutcome';
import type { Broker, BrokerOrder, SubmitOutcome, Unavailable } from '../broker';

/**
 * The paper broker: deterministic, no slippage, nothing stays open; its rule is `paperOutcome`.
 *
 * Order ids count per run: SIM-000001. It has no memory: there is nothing to look up, and it keeps no account.
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
  const { side, qty, instrument } = intent;
  const outcome = paperOutcome(intent, referencePrice);
  if (outcome.type === 'rejected') return { ...outcome, orderId };
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
      averagePrice: outcome.price,
      fills: [{ qty, price: outcome.price, cumQty: qty }],
      reason: null,
    },
  };
};
