/**
 * The orders that `execution-events` tell of, folded as the gateway folds them. Nothing is written and nobody is waited for: what is read is how it
 * stood when the command began.
 */
import type { ExecutionEvent } from '../../contracts/messages';
import { EXECUTION_EVENTS, partitionOf } from '../../contracts/topics';
import type { GatewayOrder } from '../../gateway/orders';
import { applyEvent, orderOf } from '../../gateway/orders';
import { recordsTo } from '../../processor/readTo';
import type { Session } from '../session';

export interface LoggedOrder {
  readonly partition: number;
  readonly order: GatewayOrder;
}

/** So many ended orders of a shard wait for late fills before they are handed out; a later one shows as an order of its own. */
const MOST_KEPT = 10_000;

/** The shard of a run, or every shard. */
export const shardsOf = ({ bus }: Session, runId: string | undefined): readonly number[] =>
  runId === undefined
    ? Array.from({ length: bus.shards }, (_, partition) => partition)
    : [partitionOf(Buffer.from(runId, 'utf8'), bus.shards)];

/** Shard by shard: those that have ended, in that order, then those that have not, oldest first. Memory grows with the open ones alone. */
export async function* ordersOnLog(session: Session, runId?: string): AsyncGenerator<LoggedOrder> {
  for (const partition of shardsOf(session, runId)) {
    const live = new Map<string, GatewayOrder>();
    const ended = new Map<string, GatewayOrder>();
    for await (const { event, at } of executionEvents(session, partition)) {
      if (runId !== undefined && event.run_id !== runId) continue;
      const key = `${event.run_id}\0${event.intent_id}`;
      const known = live.get(key) ?? ended.get(key);
      const order = known ?? orderOf(event);
      applyEvent(order, event, at);
      if (order.phase !== 'ended') live.set(key, order);
      else if (!ended.has(key)) {
        live.delete(key);
        ended.set(key, order);
        const [oldest] = ended;
        if (oldest === undefined || ended.size <= MOST_KEPT) continue;
        ended.delete(oldest[0]);
        yield { partition, order: oldest[1] };
      }
    }
    for (const order of [...ended.values(), ...live.values()]) yield { partition, order };
  }
}

/** Those that have not ended. */
export const openOrdersOnLog = async (session: Session, runId?: string): Promise<readonly LoggedOrder[]> => {
  const open: LoggedOrder[] = [];
  for await (const logged of ordersOnLog(session, runId)) if (logged.order.phase !== 'ended') open.push(logged);
  return open;
};

export interface LoggedEvent {
  readonly event: ExecutionEvent;
  /** Of the record, ms since 1970. */
  readonly at: number;
  readonly offset: number;
}

/** What cannot be read tells nothing of our orders: the processor sets it aside. */
export async function* executionEvents({ bus, codec }: Session, partition: number): AsyncGenerator<LoggedEvent> {
  for await (const { value, timestamp, offset } of recordsTo(bus, { topic: EXECUTION_EVENTS, partition, offset: 0 })) {
    const decoded = codec.decodeValue(EXECUTION_EVENTS, value);
    if (decoded.ok) yield { event: decoded.value, at: timestamp, offset };
  }
}
