/** A broker, as the gateway needs it. Each adapter in brokers/ implements it and knows nothing of topics. */
import type { Decimal } from '../contracts/decimal';
import type { OrderIntent } from '../contracts/messages';

export interface BrokerOrder {
  readonly runId: string;
  /** The effective order: the intent as it was admitted, with the quantity of the decision. */
  readonly intent: OrderIntent;
  /** The price that the order was judged at. */
  readonly referencePrice: Decimal;
  /** One for the run's first order, and so on. */
  readonly number: number;
}

/** What became of a submission. `sim` knows at once. */
export type SubmitOutcome =
  | { readonly type: 'filled'; readonly orderId: string; readonly qty: Decimal; readonly price: Decimal }
  | { readonly type: 'rejected'; readonly orderId: string; readonly reason: string };

export interface Broker {
  readonly name: string;
  submit(order: BrokerOrder): Promise<SubmitOutcome>;
}
