/**
 * What a gateway knows when it takes a shard over: all of it stands on the log. `execution-events` tell which orders were submitted and how far
 * each came, `control-events` which runs there are and what was tripped, and `decisions` what admitted the orders that are open.
 */
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import { minus } from '../contracts/decimal';
import type { ExecutionEvent, OrderResolved } from '../contracts/messages';
import { CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS } from '../contracts/topics';
import { traceparentOf } from '../contracts/traceparent';
import type { Bus, BusRecord } from '../processor/bus';
import { recordsTo } from '../processor/readTo';
import { controlRecord, describeResolution } from './controlRecord';
import type { ForeignEvent } from './dealtWith';
import { Candidates, dealtWith } from './dealtWith';
import { DecisionError } from './gatewayErrors';
import type { GatewayOrder, Orders } from './orders';
import { applyEvent, orderOf } from './orders';
import { PastControls } from './pastControls';
import { resolutionFault } from './resolution';
import type { Runs } from './runs';

export interface Restored {
  /** Offset in `decisions` of the first one that is not dealt with. */
  readonly nextDecision: number;
  /** Offset in `control-events` behind what was read. */
  readonly nextControl: number;
  /** ORDER_SUBMITTED by run: what the paper broker numbers its orders by. */
  readonly submitted: Map<string, number>;
  /** Operators' words on orders that are still of unknown outcome, as far as they can be so. */
  readonly resolutions: readonly { readonly order: GatewayOrder; readonly resolution: OrderResolved; readonly by: string }[];
  /** Open orders on the log that follow from no decision: somebody else wrote them, and nothing is done about them. */
  readonly foreign: readonly GatewayOrder[];
  /** Events that name a decision of another order as theirs, or one without an order: nothing is skipped for them. The first 1,024. */
  readonly foreignEvents: readonly ForeignEvent[];
}

export interface RestoreOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly orders: Orders;
  readonly runs: Runs;
  /** Each event on the log, in order. */
  readonly past: (event: ExecutionEvent, record: BusRecord) => void;
}

export const restoreGateway = async (options: RestoreOptions): Promise<Restored> => {
  const { bus, partition, codec, orders, runs, past } = options;
  const nextControl = await bus.endOffset(CONTROL_EVENTS, partition);
  const end = await bus.endOffset(DECISIONS, partition);
  const submitted = new Map<string, number>();
  const resolutions: { at: number; runId: string; resolution: OrderResolved; by: string }[] = [];
  const controls = new PastControls(bus, partition, nextControl, (record) => {
    const read = controlRecord(codec, record);
    if (read === undefined) return;
    const { runId, control } = read;
    runs.control(runId, control, record.offset);
    if (control.payload.type === 'OrderResolved')
      resolutions.push({ at: recordedAt(record), runId, resolution: control.payload, by: describeResolution(control) });
  });
  const candidates = new Candidates(end);
  let eventsEnd = 0;
  for await (const record of recordsTo(bus, { topic: EXECUTION_EVENTS, partition, offset: 0 })) {
    eventsEnd = record.offset + 1;
    const decoded = codec.decodeValue(EXECUTION_EVENTS, record.value);
    // The processor sets unreadable records aside; what is not ours to read tells nothing of our orders.
    if (!decoded.ok) continue;
    const event = decoded.value;
    await controls.before(record);
    candidates.add(event);
    if (event.event === 'ORDER_SUBMITTED') submitted.set(event.run_id, (submitted.get(event.run_id) ?? 0) + 1);
    follow(orders, runs, event, record);
    past(event, record);
  }
  await controls.all();
  // Whoever saw them happen has told of them.
  runs.takeLateFills();
  const { nextDecision, foreignEvents } = await dealtWith(options, candidates, async (below) => {
    const lower = new Candidates(below);
    for await (const { value } of recordsTo(bus, { topic: EXECUTION_EVENTS, partition, offset: 0 }, eventsEnd)) {
      const decoded = codec.decodeValue(EXECUTION_EVENTS, value);
      if (decoded.ok) lower.add(decoded.value);
    }
    return lower;
  });
  const foreign = await readDecisions(options, nextDecision);
  return {
    nextDecision,
    nextControl,
    submitted,
    foreign,
    foreignEvents,
    resolutions: resolutions.flatMap(({ at, runId, resolution, by }) => {
      const order = orders.get(runId, resolution.intent_id);
      // What was said before the order's last event was about another moment.
      const due = order !== undefined && (order.phase === 'submitting' || order.phase === 'unknown') && at >= order.changedAt;
      return due && resolutionFault(order, resolution) === undefined ? [{ order, resolution, by }] : [];
    }),
  };
};

/** When a record was made, by the clock of whoever made it; its own time where it does not say. */
const recordedAt = ({ headers, timestamp }: BusRecord): number => {
  const at = Date.parse(headers.recorded_at ?? '');
  return Number.isNaN(at) ? timestamp : at;
};

const follow = (orders: Orders, runs: Runs, event: ExecutionEvent, record: BusRecord): void => {
  let order = orders.get(event.run_id, event.intent_id);
  if (order === undefined) {
    order = orderOf(event);
    orders.add(order);
  }
  const before = order.cumQty;
  applyEvent(order, event, recordedAt(record));
  order.clock = record.timestamp;
  order.traceparent ??= traceparentOf(record.headers);
  if (order.cumQty > before) runs.filled(order.runId, order.symbol, order.side, minus(order.cumQty, before));
  orders.settle(order);
};

/** Reads the decisions behind the open orders, and which tripped the kill switch since the first of them; answers with the orders that follow from none. */
const readDecisions = async (
  { bus, codec, partition, orders, runs }: RestoreOptions,
  nextDecision: number,
): Promise<readonly GatewayOrder[]> => {
  const wanted = new Map<number, GatewayOrder>();
  const foreign: GatewayOrder[] = [];
  for (const order of orders.open()) {
    // Without SUBMITTING the gateway did not send it.
    if (order.venue === '' || order.decisionOffset >= nextDecision) foreign.push(order);
    else wanted.set(order.decisionOffset, order);
  }
  const from = Math.min(...wanted.keys());
  if (wanted.size > 0)
    for await (const { value, offset } of recordsTo(bus, { topic: DECISIONS, partition, offset: from }, nextDecision)) {
      const decision = codec.decodeValue(DECISIONS, value);
      if (!decision.ok) throw new DecisionError(partition, offset, describeFault(decision.error));
      runs.decided(decision.value);
      const order = wanted.get(offset);
      if (order === undefined) continue;
      const { run_id, intent_id } = decision.value;
      if (run_id !== order.runId || intent_id !== order.intentId || decision.value.order === null) continue;
      order.decision = decision.value;
      wanted.delete(offset);
    }
  foreign.push(...wanted.values());
  for (const order of foreign) orders.drop(order);
  return foreign;
};
