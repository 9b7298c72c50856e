/**
 * The operator: looks at orders whose outcome nobody knows, asks the broker on the phone, and says how they ended. Never of one that is open there: the
 * gateway must find that by itself.
 */
import { formatDecimal } from '../../../src/contracts/decimal';
import type { ExecutionEvent, OrderResolved } from '../../../src/contracts/messages';
import { CONTROL_EVENTS, EXECUTION_EVENTS } from '../../../src/contracts/topics';
import { isOpen } from '../../support/brokers/marketOrder';
import type { MarketOrder } from '../../support/brokers/marketOrder';
import { short } from './names';
import type { Stage } from './stage';

const FROM = 'operator';
/** How often the same is said of one order: who is not heard then has found something out. */
const MOST_WORDS = 3;

interface UnknownOrder {
  readonly shard: number;
  readonly event: ExecutionEvent;
  words: number;
}

export class Operator {
  /** By run and intent: orders that the last word on the log calls unknown. */
  private readonly unknown = new Map<string, UnknownOrder>();
  /** Of execution-events, by shard: how many records are read. */
  private readonly read: number[] = [];

  constructor(private readonly stage: Stage) {}

  /** Says how every order of unknown outcome ended; false: there was nothing to say. */
  resolveUnknown(): boolean {
    this.readOn();
    let said = false;
    for (const order of this.unknown.values()) {
      const resolution = order.words < MOST_WORDS ? this.truthOf(order) : undefined;
      if (resolution === undefined) continue;
      order.words += 1;
      said = true;
      this.say(order.event.run_id, resolution);
    }
    return said;
  }

  private readOn(): void {
    const { log, codec, venues } = this.stage.world;
    venues.forEach((venue, shard) => {
      if (venue === undefined) return;
      const records = log.records(EXECUTION_EVENTS, shard);
      for (let at = this.read[shard] ?? 0; at < records.length; at++) {
        const event = codec.decodeValue(EXECUTION_EVENTS, records[at]?.value ?? null);
        if (event.ok) this.note(shard, event.value);
      }
      this.read[shard] = records.length;
    });
  }

  private note(shard: number, event: ExecutionEvent): void {
    const name = `${event.run_id}\0${event.intent_id}`;
    // A wish to cancel says nothing about what became of the order.
    if (event.event === 'ORDER_CANCELLING') return;
    if (event.event !== 'ORDER_UNKNOWN') this.unknown.delete(name);
    else this.unknown.set(name, { shard, event, words: this.unknown.get(name)?.words ?? 0 });
  }

  /** By the broker's book; undefined: it is open there, or there are several. */
  private truthOf({ shard, event }: UnknownOrder): OrderResolved | undefined {
    const named = this.stage.world.venues[shard]?.market.withClientOrderId(event.client_order_id) ?? [];
    if (named.length > 1 || named.some(isOpen)) return undefined;
    const [order] = named;
    const resolved = { type: 'OrderResolved', intent_id: event.intent_id } as const;
    if (order === undefined) return { ...resolved, outcome: 'REJECTED', cum_qty: event.cum_qty, price: null };
    const { filledQty, averagePrice } = order;
    return { ...resolved, outcome: outcomeOf(order), cum_qty: filledQty, price: filledQty > 0n ? averagePrice : null };
  }

  private say(runId: string, resolution: OrderResolved): void {
    const { stage } = this;
    const { intent_id, outcome, cum_qty } = resolution;
    stage.world.trace(
      () => `${FROM}: ${short(intent_id)} of ${short(runId)} was ${outcome.toLowerCase()}, ${formatDecimal(cum_qty)} filled`,
    );
    const control = { actor: FROM, reason: 'as the broker says', payload: resolution };
    stage.publish(FROM, [stage.keyed(CONTROL_EVENTS, runId, stage.world.codec.encodeValue(CONTROL_EVENTS, control))]);
  }
}

const outcomeOf = ({ status, filledQty }: MarketOrder): OrderResolved['outcome'] => {
  if (status === 'filled') return 'FILLED';
  // Of a rejected order nothing is filled: what was in part has been cancelled.
  if (status === 'rejected') return filledQty > 0n ? 'CANCELLED' : 'REJECTED';
  return status === 'expired' ? 'EXPIRED' : 'CANCELLED';
};
