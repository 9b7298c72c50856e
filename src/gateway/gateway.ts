/**
 * The way out: reads decisions, sends what was admitted to a broker, publishes what became of it. It is event-sourced: what it knows it has read from
 * the log, what it is about to do stands there before it does it. Taking over fences the last gateway of the shard, and looks up
 * whatever that one may have left on its way.
 *
 * Its loop: read control events, then decisions; stop what is stopped; take in what the broker has answered; choose what to send; commit all that in one
 * transaction; send. Source: design, "Execution gateway"; reliability, promises 9 to 14; docs/brokers.md.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import type { Codec } from '../contracts/avro/codec';
import { describeFault } from '../contracts/avro/decoded';
import { minus, ZERO } from '../contracts/decimal';
import type { ControlEvent, ExecutionEvent, OrderResolved, PublishedDecision } from '../contracts/messages';
import { CONTROL_EVENTS, DECISIONS, EXECUTION_EVENTS } from '../contracts/topics';
import { TRACEPARENT, traceparentOf } from '../contracts/traceparent';
import type { Bus, BusReader, OutgoingRecord, PollOptions, TransactionalWriter } from '../processor/bus';
import type { Broker, Trouble } from './broker';
import { controlRecord, describeResolution } from './controlRecord';
import { BrokerFailure, DecisionError, VenueError } from './gatewayErrors';
import type { GatewayLog } from './gatewayLog';
import { InstantOrders } from './instantOrders';
import { logFields, traceField } from './logFields';
import { OrderDesk } from './orderDesk';
import { followReport, submitting } from './orderEvents';
import type { GatewayOrder } from './orders';
import { applyEvent, Orders } from './orders';
import { Reconciliation } from './reconciliation';
import type { DriftChange } from './reconciliation';
import { reportOfResolution, resolutionFault } from './resolution';
import { restoreGateway } from './restoreGateway';
import type { Restored } from './restoreGateway';
import { Runs } from './runs';

export interface GatewayOptions {
  readonly bus: Bus;
  readonly codec: Codec;
  readonly partition: number;
  readonly broker: Broker;
  /** ISO 8601; when an event was made, for the headers. */
  readonly now: () => string;
  /** ms; never goes back. */
  readonly monotonic: () => number;
  /** ms since 1970, wall clock: the time of what a broker did. */
  readonly wallMs: () => number;
  readonly settings: GatewaySettings;
  readonly log: GatewayLog;
  /**
   * Each decision is dealt with before the next intent is judged, and events carry the decision's time: a file of intents is played. A decision that
   * trips the kill switch then stops what follows it, and not its own order.
   */
  readonly lockstep?: boolean;
  /** Called at named points, so that a test can end the process there. */
  readonly faultPoint?: (point: GatewayFaultPoint) => void;
}

export interface GatewaySettings {
  /** After a final error of the broker: stop with it, or go on with the next order. */
  readonly onBrokerError: 'stop' | 'continue';
  /** When the kill switch trips, for policies that do not say. */
  readonly cancelOpenOrders: boolean;
  readonly pollEveryMs: number;
  /** How often the broker's open orders and positions are compared with the log's. */
  readonly reconcileEveryMs: number;
}

/** Passed with every broker. */
export const GATEWAY_FAULT_POINTS = ['gateway-before-submit', 'gateway-before-commit', 'gateway-after-commit'] as const;
/** Passed where there is a network between. */
export const BROKER_FAULT_POINTS = [
  'gateway-after-restore',
  'gateway-before-submitting-commit',
  'gateway-after-submitting-commit',
  'gateway-after-submit',
  'gateway-after-answer',
] as const;
export type GatewayFaultPoint = (typeof GATEWAY_FAULT_POINTS)[number] | (typeof BROKER_FAULT_POINTS)[number];

interface ReadDecision {
  readonly decision: PublishedDecision;
  readonly offset: number;
  readonly traceparent: string | undefined;
}

export interface ReportedExecution {
  readonly event: ExecutionEvent;
  /** The record's time, ms: the decision's where no time passes (the paper broker, a file of intents that is played), else when it was heard of. */
  readonly at: number;
  /** ISO 8601, wall clock. */
  readonly recordedAt: string;
  /** Of the intent that led to it. */
  readonly traceparent: string | undefined;
}

/** For an operator's figures. */
export interface GatewayStatus {
  /** Admitted, and not sent yet. */
  readonly queued: number;
  /** Sent, and not known to have ended; those of unknown outcome among them. */
  readonly open: number;
  readonly unknown: number;
  /** To be cancelled, and not known to have ended. */
  readonly cancelling: number;
  /** Open at the broker, and not ours. */
  readonly foreignOrders: number;
  /** Symbols in which the broker holds something else than the runs. */
  readonly differingSymbols: number;
}

export interface GatewayStep {
  /** Decisions that were read. */
  readonly read: number;
  readonly executions: readonly ReportedExecution[];
  /** Something is waiting to be sent, or on its way. */
  readonly pending: boolean;
}

/**
 * How old the commit of a SUBMITTING may be when its first byte goes out, ms. Whoever takes the shard over needs longer than that to find out that its
 * owner is gone; a process that was paused in between commits once more, which fails if it was fenced.
 */
const FRESH_MS = 2_000;
/** Decisions that wait to be sent in memory; above it, only control events are read. */
const MOST_WAITING = 10_000;
const FULL_WAIT_MS = 20;
const CONTROLS_PER_STEP = 1_000;

export class Gateway {
  private readonly runs: Runs;
  private readonly orders: Orders;
  private readonly desk: OrderDesk;
  private readonly instant: InstantOrders;
  private readonly reconciliation: Reconciliation;
  /** Told, and not committed. */
  private events: ReportedExecution[] = [];
  /** Decisions that were read; may be ahead of the control events that they knew of. */
  private readonly ahead: ReadDecision[] = [];
  /** What was on the two topics at the last look is read: a trip further on in them is known before anything is sent. */
  private caughtUp = { controls: false, decisions: false };
  /** A poll that did not end while something else had to be done. */
  private polling: Promise<readonly ReadDecision[]> | undefined;
  private wake: () => void = () => undefined;

  private constructor(
    private readonly options: GatewayOptions,
    private readonly writer: TransactionalWriter,
    private readonly controls: BusReader,
    private readonly decisions: BusReader,
    { runs, orders }: { readonly runs: Runs; readonly orders: Orders },
    restored: Restored,
  ) {
    const { broker, log, monotonic, wallMs, settings, partition } = options;
    this.runs = runs;
    this.orders = orders;
    this.instant = new InstantOrders(broker, restored.submitted);
    const tell = (event: ExecutionEvent, order: GatewayOrder): void => this.tell(event, order);
    const wake = (): void => this.wake();
    const { pollEveryMs, reconcileEveryMs } = settings;
    this.desk = new OrderDesk({ broker, orders, runs, log, monotonic, pollEveryMs, tell, wake });
    this.reconciliation = new Reconciliation({ broker, orders, runs, log, monotonic, wallMs, everyMs: reconcileEveryMs, wake });
    for (const order of restored.foreign)
      log.error({ partition, ...logFields(order) }, 'an open order on the log follows from no decision; it is left alone');
    for (const { runId: run, intentId: intent, decisionOffset } of restored.foreignEvents)
      log.error(
        { partition, run, intent, decisionOffset },
        'an execution event on the log follows from no decision; it says nothing of what was sent',
      );
    for (const { order, resolution, by } of restored.resolutions) this.resolve(order, resolution, by);
    for (const order of orders.open()) this.desk.resume(order);
    // A stop may have come while nobody owned the shard, or stand behind the last commit.
    this.desk.applyStops();
  }

  /** Fences the last gateway, reads back what it did, and hands each event of that to `past`. */
  static async takeOver(
    options: GatewayOptions,
    past: (execution: ReportedExecution) => void = () => undefined,
  ): Promise<Gateway> {
    const { bus, codec, partition, broker, settings, lockstep = false } = options;
    const writer = await bus.writer(`policygate-gateway-${partition}`);
    try {
      const orders = new Orders();
      const runs = new Runs({ partition, cancelOpenOrders: settings.cancelOpenOrders, lockstep: lockstep || broker.instant });
      const restored = await restoreGateway({
        bus,
        codec,
        partition,
        orders,
        runs,
        past: (event, { timestamp, headers }) =>
          past({ event, at: timestamp, recordedAt: headers.recorded_at ?? '', traceparent: traceparentOf(headers) }),
      });
      const elsewhere = [...orders.open()].filter(
        (order) => order.venue !== broker.venue && restored.resolutions.every((resolved) => resolved.order !== order),
      );
      const [first] = elsewhere;
      if (first !== undefined) throw new VenueError(partition, first, broker.venue, elsewhere.length);
      const controls = await bus.reader([{ topic: CONTROL_EVENTS, partition, offset: restored.nextControl }]);
      const decisions = await bus.reader([{ topic: DECISIONS, partition, offset: restored.nextDecision }]);
      options.faultPoint?.('gateway-after-restore');
      return new Gateway(options, writer, controls, decisions, { runs, orders }, restored);
    } catch (error) {
      await writer.close().catch(() => undefined);
      throw error;
    }
  }

  /** One round. After a rejection, take over again; after a BrokerFailure, stop. */
  async step(poll: PollOptions): Promise<GatewayStep> {
    const { broker } = this.options;
    // Whoever steps without waiting leaves the broker's answers their turn.
    if (!broker.instant) await immediate();
    const read = await this.readInputs(poll);
    if (this.desk.hasAnswers) {
      this.desk.takeAnswers();
      this.options.faultPoint?.('gateway-after-answer');
    }
    this.stopAfterFailure();
    for (const { order, report } of this.reconciliation.takeReappeared()) this.desk.reappeared(order, report);
    const changes = this.reconciliation.takeChanges();
    if (broker.instant) await this.submitInstantly();
    else this.enqueue();
    const chosen = this.isCaughtUp ? this.desk.nextSubmissions() : [];
    const executions = await this.commitAndSend(
      changes.map((change) => this.driftRecord(change)),
      chosen,
    );
    this.desk.tend();
    this.reconciliation.tend(this.desk);
    const pending =
      this.ahead.length > 0 ||
      this.events.length > 0 ||
      this.polling !== undefined ||
      this.desk.failure !== undefined ||
      !this.desk.settled;
    return { read, executions, pending };
  }

  /** Orders that have not ended, for whoever shows or waits for them. */
  openOrders(): readonly GatewayOrder[] {
    return [...this.orders.open()];
  }

  /** Has every open order cancelled, with this on record as the reason; how that went, further steps tell. */
  cancelOpenOrders(why: Trouble): void {
    this.desk.cancelOpenOrders(why);
  }

  get status(): GatewayStatus {
    let unknown = 0;
    let cancelling = 0;
    for (const order of this.orders.open()) {
      if (order.phase === 'unknown') unknown += 1;
      if (order.cancelling) cancelling += 1;
    }
    return {
      queued: this.ahead.length + this.desk.queued,
      open: this.orders.openCount,
      unknown,
      cancelling,
      ...this.reconciliation.status,
    };
  }

  /** Submits nothing more, and puts on record what becomes of what is on its way. */
  async finish(): Promise<void> {
    this.desk.pause();
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      this.desk.takeAnswers();
      if (this.desk.isQuiet) this.desk.giveUpUnsent();
      await this.commitAndSend([], []);
      if (this.desk.isQuiet) return;
      if (!this.desk.hasAnswers) await woken;
    }
  }

  /** What is on its way ends unheard, and nothing leaves any more: the shard may have another owner. */
  abandon(): void {
    this.desk.close();
    this.reconciliation.close();
  }

  async close(): Promise<void> {
    this.abandon();
    await this.controls.close();
    await this.decisions.close();
    await this.writer.close();
  }

  /** Control events first: a trip is read ahead of every decision that waits. */
  private async readInputs(poll: PollOptions): Promise<number> {
    const { codec } = this.options;
    const { isFull } = this;
    const records = isFull ? [] : await this.pollDecisions(poll);
    this.ahead.push(...records);
    let stopped = false;
    const controls = await this.controls.poll({
      maxRecords: CONTROLS_PER_STEP,
      maxWaitMs: isFull ? Math.min(poll.maxWaitMs, FULL_WAIT_MS) : 0,
    });
    this.caughtUp.controls = controls.length < CONTROLS_PER_STEP;
    for (const record of controls) {
      const read = controlRecord(codec, record);
      if (read === undefined) continue;
      const { runId, control } = read;
      this.runs.control(runId, control, record.offset);
      stopped = true;
      if (control.payload.type === 'OrderResolved') this.resolveNow(runId, control.payload, describeResolution(control));
    }
    if (!this.options.broker.instant)
      for (const { decision } of this.ahead) {
        this.runs.decided(decision);
        stopped ||= decision.kill_switch_tripped;
      }
    if (stopped) this.desk.applyStops();
    return records.length;
  }

  /** More decisions may be waiting than fit in memory: then what is read is sent. */
  private get isCaughtUp(): boolean {
    return this.caughtUp.controls && (this.caughtUp.decisions || this.isFull);
  }

  private get isFull(): boolean {
    return this.ahead.length + this.desk.queued >= MOST_WAITING;
  }

  /** Waits for decisions, but no longer than until something else is to be done; a poll that is left waiting is taken up again by the next step. */
  private async pollDecisions({ maxRecords, maxWaitMs }: PollOptions): Promise<readonly ReadDecision[]> {
    const busy =
      !this.isCaughtUp ||
      this.ahead.length > 0 ||
      this.events.length > 0 ||
      this.desk.hasAnswers ||
      this.reconciliation.hasChanges;
    const wait = busy ? 0 : Math.min(maxWaitMs, Math.ceil(this.desk.dueInMs()));
    const left = this.polling !== undefined;
    const polling = (this.polling ??= this.readDecisions({ maxRecords, maxWaitMs: wait }));
    // Whoever awaits it hears of its failure; while nobody does, it is no unhandled one.
    polling.catch(() => undefined);
    const woken = new Promise<undefined>((resolve) => (this.wake = () => resolve(undefined)));
    const others = busy && left ? [immediate(undefined)] : wait === 0 && !left ? [] : [woken];
    const records = await Promise.race([polling, ...others]);
    if (records === undefined) return [];
    this.polling = undefined;
    this.caughtUp.decisions = records.length < maxRecords;
    return records;
  }

  /** All of a poll can be read, or none of it is dealt with: what was sent must be published, so nothing that fails may come in between. */
  private async readDecisions(poll: PollOptions): Promise<readonly ReadDecision[]> {
    const { codec, partition, broker } = this.options;
    const read = (await this.decisions.poll(poll)).map(({ value, offset, headers }) => {
      const decision = codec.decodeValue(DECISIONS, value);
      if (!decision.ok) throw new DecisionError(partition, offset, describeFault(decision.error));
      return { decision: decision.value, offset, traceparent: traceparentOf(headers) };
    });
    // A trip counts from the moment that it is here, whatever the step is waiting for.
    if (!broker.instant) for (const { decision } of read) this.runs.decided(decision);
    return read;
  }

  /** Decisions whose control events are read, in order. */
  private *ready(): Generator<ReadDecision> {
    const position = this.controls.position(CONTROL_EVENTS, this.options.partition);
    for (let next = this.ahead[0]; next !== undefined && next.decision.control_position <= position; next = this.ahead[0]) {
      this.ahead.shift();
      if (next.decision.order !== null && next.decision.reference_price !== null) yield next;
    }
  }

  private enqueue(): void {
    for (const { decision, offset, traceparent } of this.ready()) this.desk.enqueue(decision, offset, traceparent);
  }

  /**
   * The paper broker: no network, so that outcome and submission are one commit. No time passes either: a decision that trips the kill switch comes after
   * the orders before it, however many were read at once, and the same log gives the same trades.
   */
  private async submitInstantly(): Promise<void> {
    for (const { decision, offset, traceparent } of this.ready()) {
      this.options.faultPoint?.('gateway-before-submit');
      for (const event of await this.instant.eventsOf(decision, offset, this.runs.stopOf(decision))) {
        if (event.event === 'ORDER_FILLED') this.runs.filled(event.run_id, event.symbol, event.side, event.qty ?? ZERO);
        this.events.push(this.reported(event, decision.clock, traceparent));
      }
    }
  }

  /** Commits what was told, and then sends what is on record as SUBMITTING. */
  private async commitAndSend(
    drifts: readonly OutgoingRecord[],
    chosen: readonly GatewayOrder[],
  ): Promise<readonly ReportedExecution[]> {
    const { faultPoint, monotonic } = this.options;
    const { events } = this;
    this.events = [];
    if (events.length === 0 && drifts.length === 0) return events;
    const startedAt = monotonic();
    faultPoint?.(chosen.length > 0 ? 'gateway-before-submitting-commit' : 'gateway-before-commit');
    await this.writer.commit([...events.map((event) => this.recordOf(event)), ...drifts]);
    faultPoint?.(chosen.length > 0 ? 'gateway-after-submitting-commit' : 'gateway-after-commit');
    return chosen.length > 0 ? [...events, ...(await this.send(chosen, startedAt))] : events;
  }

  /** `committedAt`: when the commit of their SUBMITTING began. Answers with what had to be committed once more. */
  private async send(chosen: readonly GatewayOrder[], committedAt: number): Promise<readonly ReportedExecution[]> {
    const { monotonic, faultPoint, broker } = this.options;
    let startedAt = committedAt;
    const again: ReportedExecution[] = [];
    while (monotonic() - startedAt >= FRESH_MS) {
      // This process stood still: it may have been taken for dead. If it was fenced, this fails.
      startedAt = monotonic();
      const events = chosen.map((order) => this.reported(submitting(order, broker.venue), this.timeOf(order), order.traceparent));
      await this.writer.commit(events.map((event) => this.recordOf(event)));
      again.push(...events);
    }
    faultPoint?.('gateway-before-submit');
    this.desk.dispatch(chosen, () => monotonic() - startedAt < FRESH_MS);
    faultPoint?.('gateway-after-submit');
    return again;
  }

  /** Applies an event to its order, and puts it among what the next commit writes. */
  private tell(event: ExecutionEvent, order: GatewayOrder): void {
    const at = this.timeOf(order);
    const before = order.cumQty;
    applyEvent(order, event, this.options.wallMs());
    if (order.cumQty > before) this.runs.filled(order.runId, order.symbol, order.side, minus(order.cumQty, before));
    this.orders.settle(order);
    this.events.push(this.reported(event, at, order.traceparent));
  }

  private timeOf({ decision, clock }: GatewayOrder): number {
    return this.options.lockstep === true ? (decision?.clock ?? clock) : this.options.wallMs();
  }

  private resolveNow(runId: string, resolution: OrderResolved, by: string): void {
    const order = this.orders.get(runId, resolution.intent_id);
    const { partition, log } = this.options;
    const fields = { partition, run: runId, intent: resolution.intent_id, ...traceField(order?.traceparent) };
    if (order?.phase !== 'unknown') {
      const phase = order === undefined ? 'not known here' : order.phase;
      log.warn({ ...fields, phase }, 'only an order of unknown outcome can be resolved by an operator');
      return;
    }
    const fault = resolutionFault(order, resolution);
    if (fault === undefined) this.resolve(order, resolution, by);
    else log.error({ ...fields, reason: fault }, 'an operator’s word on an order cannot be true; it was not taken');
  }

  private resolve(order: GatewayOrder, resolution: OrderResolved, by: string): void {
    this.desk.forget(order);
    followReport(order, reportOfResolution(order, resolution, by), (event) => this.tell(event, order), 'RESOLVED');
  }

  private stopAfterFailure(): void {
    const { broker, settings, log } = this.options;
    const { failure } = this.desk;
    if (failure === undefined) return;
    if (settings.onBrokerError === 'continue') {
      log.error({ code: failure.code, reason: failure.reason }, 'the broker refused an order for good; going on');
      this.desk.failure = undefined;
    } else if (this.desk.isQuiet && this.events.length === 0) throw new BrokerFailure(broker.name, failure);
  }

  private reported(event: ExecutionEvent, at: number, traceparent: string | undefined): ReportedExecution {
    return { event, at, recordedAt: this.options.now(), traceparent };
  }

  private recordOf({ event, at, recordedAt, traceparent }: ReportedExecution): OutgoingRecord {
    const { codec, partition } = this.options;
    const { run_id, intent_id } = event;
    return {
      topic: EXECUTION_EVENTS,
      partition,
      key: codec.encodeKey(EXECUTION_EVENTS, { run_id, intent_id }),
      value: codec.encodeValue(EXECUTION_EVENTS, event),
      timestamp: at,
      headers: {
        recorded_at: recordedAt,
        // How far control events were read: the order in which a restore goes through the two topics.
        control_position: String(this.controls.position(CONTROL_EVENTS, partition)),
        ...(traceparent === undefined ? {} : { [TRACEPARENT]: traceparent }),
      },
    };
  }

  private driftRecord({ runId, differences }: DriftChange): OutgoingRecord {
    const { codec, partition, broker, wallMs, now } = this.options;
    const control: ControlEvent = {
      actor: 'policygate gateway',
      reason: differences.length === 0 ? 'positions agree with the broker again' : 'positions differ from the broker’s',
      payload: { type: 'PositionDrift', broker: broker.venue, differences },
    };
    return {
      topic: CONTROL_EVENTS,
      partition,
      key: Buffer.from(runId, 'utf8'),
      value: codec.encodeValue(CONTROL_EVENTS, control),
      timestamp: wallMs(),
      headers: { recorded_at: now() },
    };
  }
}
