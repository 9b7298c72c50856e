/** All that the log holds of one intent's order: the decision, each execution event, and what operators said of it. */
import { describeFault } from '../../contracts/avro/decoded';
import type { ControlEvent, OrderResolved, PublishedDecision } from '../../contracts/messages';
import { CONTROL_EVENTS, DECISIONS } from '../../contracts/topics';
import { controlRecord } from '../../gateway/controlRecord';
import type { GatewayOrder } from '../../gateway/orders';
import { applyEvent, orderOf } from '../../gateway/orders';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';
import type { Session } from '../session';
import { executionEvents, shardsOf } from './ordersOnLog';
import type { LoggedEvent } from './ordersOnLog';

export interface LoggedDecision {
  readonly decision: PublishedDecision;
  /** Of the record, ms since 1970. */
  readonly at: number;
  readonly offset: number;
}

export interface LoggedResolution extends Pick<ControlEvent, 'actor' | 'reason'> {
  readonly resolution: OrderResolved;
  readonly at: number;
  readonly offset: number;
}

export interface OrderHistory {
  readonly partition: number;
  /** Undefined: the intent was not decided, or the record is gone. */
  readonly decision: LoggedDecision | undefined;
  /** Undefined: no execution event is on the log. */
  readonly order: GatewayOrder | undefined;
  readonly events: readonly LoggedEvent[];
  readonly resolutions: readonly LoggedResolution[];
}

export const orderHistory = async (session: Session, runId: string, intentId: string): Promise<OrderHistory> => {
  const [partition = 0] = shardsOf(session, runId);
  const events: LoggedEvent[] = [];
  let order: GatewayOrder | undefined;
  for await (const logged of executionEvents(session, partition)) {
    const { event, at } = logged;
    if (event.run_id !== runId || event.intent_id !== intentId) continue;
    order ??= orderOf(event);
    applyEvent(order, event, at);
    events.push(logged);
  }
  const decision = await decisionOf(session, partition, { runId, intentId, hint: order?.decisionOffset });
  return { partition, decision, order, events, resolutions: await resolutionsOf(session, partition, runId, intentId) };
};

interface Wanted {
  readonly runId: string;
  readonly intentId: string;
  /** Where an event says that it stands; an event may be foreign. */
  readonly hint: number | undefined;
}

const decisionOf = async (session: Session, partition: number, wanted: Wanted): Promise<LoggedDecision | undefined> => {
  const { hint } = wanted;
  const end = await session.bus.endOffset(DECISIONS, partition);
  const hinted = hint === undefined || hint >= end ? undefined : await decisionFrom(session, partition, wanted, hint, hint + 1);
  return hinted ?? decisionFrom(session, partition, wanted, 0, end);
};

/** The first decision of the intent from one offset to another; its key tells, so that no other is decoded. */
const decisionFrom = async (
  { bus, codec }: Session,
  partition: number,
  { runId, intentId }: Wanted,
  from: number,
  end: number,
): Promise<LoggedDecision | undefined> => {
  for await (const { key, value, offset, timestamp } of recordsTo(bus, { topic: DECISIONS, partition, offset: from }, end)) {
    const read = codec.decodeKey(DECISIONS, key);
    if (!read.ok || read.value.run_id !== runId || read.value.intent_id !== intentId) continue;
    const decision = codec.decodeValue(DECISIONS, value);
    if (!decision.ok)
      throw new Failure(
        `${DECISIONS}/${partition}@${offset}: ${describeFault(decision.error)}; the order cannot be told without it`,
      );
    return { decision: decision.value, at: timestamp, offset };
  }
  return undefined;
};

const resolutionsOf = async (
  { bus, codec }: Session,
  partition: number,
  runId: string,
  intentId: string,
): Promise<readonly LoggedResolution[]> => {
  const resolutions: LoggedResolution[] = [];
  for await (const record of recordsTo(bus, { topic: CONTROL_EVENTS, partition, offset: 0 })) {
    const read = controlRecord(codec, record);
    if (read?.runId !== runId || read.control.payload.type !== 'OrderResolved') continue;
    const { actor, reason, payload } = read.control;
    if (payload.intent_id === intentId)
      resolutions.push({ actor, reason, resolution: payload, at: record.timestamp, offset: record.offset });
  }
  return resolutions;
};
