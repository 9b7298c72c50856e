/** Orders of a broker that answers from memory: submission and outcome are one, nothing stays open and nothing can be lost on the way. */
import { ZERO } from '../contracts/decimal';
import type { ExecutionEvent, PublishedDecision } from '../contracts/messages';
import type { Broker, Trouble } from './broker';

export class InstantOrders {
  /** `submitted`: orders of each run so far. */
  constructor(
    private readonly broker: Broker,
    private readonly submitted: Map<string, number>,
  ) {}

  /** Everything that becomes of an admitted order. `stop`: why it is not sent. */
  async eventsOf(
    decision: PublishedDecision,
    decisionOffset: number,
    stop: Trouble | undefined,
  ): Promise<readonly ExecutionEvent[]> {
    const { run_id: runId, order: intent, reference_price: referencePrice } = decision;
    if (intent === null || referencePrice === null) return [];
    if (stop !== undefined)
      return [
        eventOf(decision, 'ORDER_REJECTED', decisionOffset, '', {
          ...NOTHING,
          qty: intent.qty,
          code: stop.code,
          reason: `not sent: ${stop.reason}`,
        }),
      ];
    const number = (this.submitted.get(runId) ?? 0) + 1;
    const outcome = await this.broker.submit({
      runId,
      clientOrderId: '',
      intent,
      referencePrice,
      number,
      submittedAt: 0,
      held: ZERO,
      openBuys: ZERO,
      openSells: ZERO,
      mayBeSent: () => true,
    });
    if (outcome.type !== 'accepted' && outcome.type !== 'rejected')
      throw new TypeError(`${this.broker.name}: an instant broker answers at once`);
    this.submitted.set(runId, number);
    const { qty } = intent;
    const taken = eventOf(decision, 'ORDER_SUBMITTED', decisionOffset, outcome.orderId, { ...NOTHING, qty, leaves_qty: qty });
    if (outcome.type === 'rejected')
      return [
        taken,
        eventOf(decision, 'ORDER_REJECTED', decisionOffset, outcome.orderId, {
          ...NOTHING,
          code: outcome.code,
          reason: outcome.reason,
        }),
      ];
    const price = outcome.report?.averagePrice ?? null;
    return [taken, eventOf(decision, 'ORDER_FILLED', decisionOffset, outcome.orderId, { ...NOTHING, qty, price, cum_qty: qty })];
  }
}

type Figures = Pick<ExecutionEvent, 'qty' | 'price' | 'cum_qty' | 'leaves_qty' | 'code' | 'reason'>;
const NOTHING: Figures = { qty: null, price: null, cum_qty: ZERO, leaves_qty: ZERO, code: null, reason: null };
const NO_POLICY = new Uint8Array(32);

/** Spelled out, not spread: this is made for every order of a file of intents. */
const eventOf = (
  { run_id, intent_id, order, policy_hash }: PublishedDecision,
  event: ExecutionEvent['event'],
  decision_offset: number,
  order_id: string,
  figures: Figures,
): ExecutionEvent => {
  if (order === null) throw new TypeError(`decision ${intent_id} admits no order`);
  return {
    event,
    run_id,
    intent_id,
    order_id,
    client_order_id: '',
    symbol: order.instrument.symbol,
    side: order.side,
    order_type: order.order_type,
    qty: figures.qty,
    price: figures.price,
    cum_qty: figures.cum_qty,
    leaves_qty: figures.leaves_qty,
    code: figures.code,
    reason: figures.reason,
    policy_hash: policy_hash ?? NO_POLICY,
    decision_offset,
  };
};
