/**
 * The way out: reads decisions, submits what was admitted, publishes what became of it. It is event-sourced: `execution-events` tell how far
 * it came, since each event names the decision that it follows from. Taking over fences the last gateway of the shard.
 * Source: design, "Execution gateway".
 */
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import { ZERO } from '../contracts/decimal';
import type { ExecutionEvent, OrderIntent, PublishedDecision } from '../contracts/messages';
import { DECISIONS, EXECUTION_EVENTS } from '../contracts/topics';
import type { Bus, BusReader, OutgoingRecord, PollOptions, TransactionalWriter } from '../processor/bus';
import { recordsTo } from '../processor/readTo';
import type { Broker, SubmitOutcome } from './broker';

export interface GatewayOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly broker: Broker;
  /** ISO 8601; when an event was made, for the headers. */
  readonly now: () => string;
  /** Called at named points, so that a test can end the process there. */
  readonly faultPoint?: (point: GatewayFaultPoint) => void;
}

export const GATEWAY_FAULT_POINTS = ['gateway-before-submit', 'gateway-before-commit', 'gateway-after-commit'] as const;
export type GatewayFaultPoint = (typeof GATEWAY_FAULT_POINTS)[number];

export interface ReportedExecution {
  readonly event: ExecutionEvent;
  /** The record's time, ms: for the paper broker the decision's, since it trades in no time. */
  readonly at: number;
  /** ISO 8601, wall clock. */
  readonly recordedAt: string;
}

/** A decision that cannot be read: nobody knows what was allowed, so nothing is sent any more. */
class DecisionError extends Error {
  override readonly name = 'DecisionError';
  constructor(partition: number, offset: number, what: string) {
    super(
      `${DECISIONS}/${partition}@${offset}: ${what}; only the processor writes this topic: find out who else does, and restore it from a copy`,
    );
  }
}

/** What the log says of the orders so far. */
interface Progress {
  nextDecision: number;
  readonly ordersOfRun: Map<string, number>;
}

export class Gateway {
  private constructor(
    private readonly options: GatewayOptions,
    private readonly writer: TransactionalWriter,
    private readonly reader: BusReader,
    private readonly progress: Progress,
  ) {}

  /** Fences the last gateway, reads back what it did, and hands each event of that to `past`. */
  static async takeOver(
    options: GatewayOptions,
    past: (execution: ReportedExecution) => void = () => undefined,
  ): Promise<Gateway> {
    const { bus, partition } = options;
    const writer = await bus.writer(`policygate-gateway-${partition}`);
    const progress: Progress = { nextDecision: 0, ordersOfRun: new Map() };
    try {
      await readExecutions(options, (execution) => {
        follow(progress, execution.event);
        past(execution);
      });
      const reader = await bus.reader([{ topic: DECISIONS, partition, offset: progress.nextDecision }]);
      return new Gateway(options, writer, reader, progress);
    } catch (error) {
      await writer.close().catch(() => undefined);
      throw error;
    }
  }

  /** Handles at most `maxRecords` decisions; answers with how many it read and what it published. After a rejection, take over again. */
  async step(poll: PollOptions): Promise<{ readonly read: number; readonly executions: readonly ReportedExecution[] }> {
    const { codec, broker, now, faultPoint, partition } = this.options;
    const executions: ReportedExecution[] = [];
    const records = await this.reader.poll(poll);
    // All are read before the first order is sent: what was sent must be published, so nothing that fails may come between.
    const decisions = records.map(({ value, offset }) => {
      const decision = codec.decodeValue(DECISIONS, value);
      if (!decision.ok) throw new DecisionError(partition, offset, describeFault(decision.error));
      return { decision: decision.value, offset };
    });
    for (const { decision, offset } of decisions) {
      const { order, reference_price: referencePrice, run_id: runId } = decision;
      if (order === null || referencePrice === null) continue;
      const number = (this.progress.ordersOfRun.get(runId) ?? 0) + 1;
      faultPoint?.('gateway-before-submit');
      const outcome = await broker.submit({ runId, intent: order, referencePrice, number });
      for (const event of eventsOf(decision, order, outcome, offset)) {
        follow(this.progress, event);
        executions.push({ event, at: decision.clock, recordedAt: now() });
      }
    }
    const result = { read: records.length, executions };
    if (executions.length === 0) return result;
    faultPoint?.('gateway-before-commit');
    await this.writer.commit(executions.map((execution) => this.recordOf(execution)));
    faultPoint?.('gateway-after-commit');
    return result;
  }

  async close(): Promise<void> {
    await this.reader.close();
    await this.writer.close();
  }

  private recordOf({ event, at, recordedAt }: ReportedExecution): OutgoingRecord {
    const { codec, partition } = this.options;
    const { run_id, intent_id } = event;
    return {
      topic: EXECUTION_EVENTS,
      partition,
      key: codec.encodeKey(EXECUTION_EVENTS, { run_id, intent_id }),
      value: codec.encodeValue(EXECUTION_EVENTS, event),
      timestamp: at,
      headers: { recorded_at: recordedAt },
    };
  }
}

const follow = (progress: Progress, { event, run_id, decision_offset }: ExecutionEvent): void => {
  progress.nextDecision = Math.max(progress.nextDecision, decision_offset + 1);
  if (event === 'ORDER_SUBMITTED') progress.ordersOfRun.set(run_id, (progress.ordersOfRun.get(run_id) ?? 0) + 1);
};

const readExecutions = async (
  { bus, codec, partition }: GatewayOptions,
  each: (execution: ReportedExecution) => void,
): Promise<void> => {
  for await (const { value, headers, timestamp } of recordsTo(bus, { topic: EXECUTION_EVENTS, partition, offset: 0 })) {
    const event = codec.decodeValue(EXECUTION_EVENTS, value);
    // The processor sets unreadable records aside; what is not ours to read tells nothing of our orders.
    if (event.ok) each({ event: event.value, at: timestamp, recordedAt: headers.recorded_at ?? '' });
  }
};

/** ORDER_SUBMITTED, then what became of it. */
const eventsOf = (
  { run_id, policy_hash }: PublishedDecision,
  { intent_id, instrument, side, order_type, qty }: OrderIntent,
  outcome: SubmitOutcome,
  decision_offset: number,
): readonly ExecutionEvent[] => {
  // Spelled out, not spread: this is made for every order, and spreading costs more than the rest of the step.
  const submitted: ExecutionEvent = {
    event: 'ORDER_SUBMITTED',
    run_id,
    intent_id,
    order_id: outcome.orderId,
    symbol: instrument.symbol,
    side,
    order_type,
    qty,
    price: null,
    cum_qty: ZERO,
    leaves_qty: qty,
    reason: null,
    policy_hash: policy_hash ?? new Uint8Array(32),
    decision_offset,
  };
  const filled = outcome.type === 'filled';
  const then: ExecutionEvent = {
    event: filled ? 'ORDER_FILLED' : 'ORDER_REJECTED',
    run_id,
    intent_id,
    order_id: outcome.orderId,
    symbol: instrument.symbol,
    side,
    order_type,
    qty: filled ? outcome.qty : null,
    price: filled ? outcome.price : null,
    cum_qty: filled ? outcome.qty : ZERO,
    leaves_qty: ZERO,
    reason: filled ? null : outcome.reason,
    policy_hash: submitted.policy_hash,
    decision_offset,
  };
  return [submitted, then];
};
